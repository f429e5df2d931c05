"""Set-up, running, and what belongs to the whole network: learning, weights, checkpoints."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pyNN import common
from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.recording import get_io

from pynn_eprop.common import weight_files
from pynn_eprop.common.checkpoints import read_checkpoint, write_checkpoint
from pynn_eprop.common.setup import SharedOptions, split_keywords
from pynn_eprop.engine.range_report import RangeReport
from pynn_eprop.spinnaker import simulator
from pynn_eprop.spinnaker.options import KEYWORDS, read_options


def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten, and its machine given back.

    Parameters
    ----------
    timestep : ms, default 0.1 as in all of PyNN
    min_delay, max_delay : ms or "auto"
        A synapse without a delay gets ``min_delay``, one time step by default.
    update_interval : ms, default none
        The paper's trial: state is reset and weights are updated at its end. Without it nothing
        learns.
    trials_per_update : default 1
        Intervals that one weight update gathers.
    boundary : "reset"
        "continuous" is refused: traces that cross a boundary have no room on a core.
    seed : whole number, default 1
        Of everything that is drawn without a seed of its own.
    fixed_point : FixedPoint, default none
        Formats that shall not be chosen from the network; see ``range_report()``.
    max_rate : Hz, default 100
        The highest mean rate of an interval that memory and pause are sized for.
    pause : ms, default estimated
        What a core has for an update, after the interval; script time does not contain it.
    neurons_per_core : default chosen
        Most cells on a core.
    checkpoint : file name, default none
        ``run()`` keeps a checkpoint there, as on the host backend.
    time_scale_factor, n_boards_required, n_chips_required, database_socket_addresses
        As for sPyNNaker's ``setup()``.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value.
    """
    shared, own = split_keywords({"timestep": timestep, "min_delay": min_delay, **extra_params},
                                 KEYWORDS)
    options, machine = SharedOptions(**shared), read_options(**own)
    with suppress(Exception):   # an earlier network's machine may be gone, or its reports
        simulator.state.simulation.end()
    simulator.state.clear(options, machine)
    simulator.state.simulation.begin()
    return rank()


def end(compatible_output: bool = True) -> None:
    """Write what was recorded to files, and give the machine back. Data can still be read."""
    state = simulator.state
    state.keeper.flush(state)
    for population, variables, filename in state.write_on_end:
        population.write_data(get_io(filename), variables)
    state.write_on_end = []
    state.warn_if_incomplete()
    state.simulation.end()


run, run_until = common.build_run(simulator)
run_for = run

initialize = common.initialize

get_current_time, get_time_step, get_min_delay, get_max_delay, num_processes, rank = \
    common.build_state_queries(simulator)


def reset(annotations: Mapping[str, Any] | None = None, keep_weights: bool = False) -> None:
    """Back to time 0, in a new segment of the recorded data.

    Weights, biases and optimisers go back to where they started, unless ``keep_weights``.
    Parameters, connections and what is recorded stay.
    """
    for recorder in simulator.state.recorders:
        recorder.store_to_cache(annotations)
    simulator.state.reset(keep_weights)


def range_report() -> RangeReport | None:
    """What the fixed-point formats resolve and hold, and what saturated; ``print`` it.

    None before the first run.
    """
    return simulator.state.simulation.range_report()


def num_updates() -> int:
    """Weight updates done so far."""
    return simulator.state.simulation.updates


def set_learning(learning: bool) -> None:
    """Switch learning on or off, from the next interval on.

    While it is off, gradients, optimisers, schedules and batches stand still.
    """
    simulator.state.simulation.learning = bool(learning)


def save_weights(path: str | Path) -> None:
    """Write all weights, and biases that learn, to an npz file; see ``common.weight_files``."""
    weight_files.save_weights(simulator.state.simulation, path)


def load_weights(path: str | Path) -> None:
    """Set all weights, and biases that learn, from :func:`save_weights`.

    Raises :class:`CheckpointError` if the file belongs to other projections.
    """
    weight_files.load_weights(simulator.state.simulation, path)


def save_checkpoint(path: str | Path) -> None:
    """Write all that a script that builds the same network needs to go on identically.

    Raises :class:`SimulationError` within an update: what cores hold then is not read.
    """
    write_checkpoint(path, simulator.state)


def load_checkpoint(path: str | Path) -> None:
    """Go on from :func:`save_checkpoint` or ``setup(checkpoint=...)``.

    Call it after building the same network, before the first run. Raises
    :class:`CheckpointError` for another network, another backend or a damaged file.
    """
    read_checkpoint(path, simulator.state)
