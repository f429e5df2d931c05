"""Set-up, and the functions that act on the whole network."""

from typing import Any

import brian2
from pyNN.brian2.standardmodels.electrodes import update_currents
from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP

from pynn_eprop.brian2 import simulator
from pynn_eprop.brian2.simulation import Simulation
from pynn_eprop.common.arguments.setup import SharedOptions, documented, split_keywords
from pynn_eprop.common.processes.started import check_alone
from pynn_eprop.common.script.control import FUNCTIONS, WithoutCheckpoints

__all__ = ["setup", *FUNCTIONS]

# Keywords of other backends that PyNN's Brian2 backend accepts and ignores.
_NOT_HEEDED = ("spike_precision",)


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Parameters
    ----------
    {shared}
    boundary : "reset" or "continuous", default "reset"
        Whether e-prop cells and readouts begin each interval from their initial state.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value.
    """
    heeded = {name: value for name, value in extra_params.items() if name not in _NOT_HEEDED}
    check_alone("backend 'brian2'")
    shared, _ = split_keywords({"timestep": timestep, "min_delay": min_delay, **heeded}, ())
    options = SharedOptions(**shared)
    state = simulator.state
    state.begin(options)
    state.simulation = Simulation(options, state.network)
    state.max_delay = options.max_delay
    state.network.add(brian2.NetworkOperation(update_currents, when="start",
                                              clock=state.network.clock))
    return int(state.mpi_rank)


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning, set_trial_durations) = \
    WithoutCheckpoints(simulator).functions()

# a script may leave setup() out; a network that it began with PyNN's own backend stays
if simulator.state.simulation is None and not simulator.state.network.objects:
    setup()
