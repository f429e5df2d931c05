"""Set-up, and the functions that act on the whole network."""

from contextlib import suppress
from typing import Any

from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP

from pynn_eprop.common.arguments.setup import SharedOptions, documented, split_keywords
from pynn_eprop.common.processes.started import check_alone
from pynn_eprop.common.script.control import FUNCTIONS, Control
from pynn_eprop.spinnaker import simulator
from pynn_eprop.spinnaker.options import KEYWORDS, read_options

__all__ = ["setup", *FUNCTIONS]


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          max_delay: float | str | None = None, database_socket_addresses: Any = None,
          time_scale_factor: float | None = None, n_chips_required: int | None = None,
          n_boards_required: int | None = None, **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten, and its machine given back.

    Parameters
    ----------
    {shared}
    boundary : "reset"
        "continuous" is refused: traces that cross a boundary have no room on a core.
    fixed_point : FixedPoint, default none
        Formats to use instead of those chosen from the network; see ``range_report()``.
    max_rate : Hz, default 100
        The highest mean rate of an interval that memory and pause are sized for.
    pause : ms, default estimated
        Time that a core has for an update, after the interval; script time does not contain it.
    machine_time : default False
        Script time is the machine's, and contains the pauses: interval k begins at
        k (update_interval + pause). ``pause`` must be given then.
    neurons_per_core : default chosen
        Largest number of cells on a core.
    checkpoint : file name, default none
        ``run()`` keeps a checkpoint there, as on the host backend.
    failure_folder : folder name, default in sPyNNaker's folder of the run
        Folder for what cores printed and counted, written if a run fails.
    quiet : default False
        Whether sPyNNaker's remarks and progress bars are left out; warnings are not.
    virtual_board : "warn" or "refuse", default "warn"
        What to do if sPyNNaker's configuration has a virtual board, on which a network is mapped
        and nothing is computed.
    on_loss : "error" or "warn", default "error"
        What to do if packets between cores were lost or came twice: results cannot be trusted.
    time_scale_factor, n_boards_required, n_chips_required, database_socket_addresses
        As for sPyNNaker's ``setup()``.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value.
    """
    # in the order in which sPyNNaker's setup() takes them
    optional = {"max_delay": max_delay, "database_socket_addresses": database_socket_addresses,
                "time_scale_factor": time_scale_factor, "n_chips_required": n_chips_required,
                "n_boards_required": n_boards_required}
    given = {name: value for name, value in optional.items() if value is not None}
    check_alone("backend 'spinnaker'")
    shared, own = split_keywords({"timestep": timestep, "min_delay": min_delay, **given,
                                  **extra_params}, KEYWORDS)
    options, machine = SharedOptions(**shared), read_options(**own)
    machine.check_timestep(options.timestep)    # or it is refused, before anything is ended
    machine.pause_in_script(options.timestep)
    with suppress(Exception):   # an earlier network's machine may be gone, or its reports
        simulator.state.simulation.end()
    simulator.state.clear(options, machine)
    simulator.state.simulation.begin()
    return simulator.state.mpi_rank


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning, set_trial_durations) = \
    Control(simulator).functions()
