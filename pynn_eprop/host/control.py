"""Set-up, running, and what belongs to the whole network: learning, weights, checkpoints."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pyNN import common
from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.recording import get_io

from pynn_eprop.common import weight_files
from pynn_eprop.common.checkpoints import read_checkpoint, write_checkpoint
from pynn_eprop.common.setup import SharedOptions, check_count, check_path, split_keywords
from pynn_eprop.engine.range_report import RangeReport
from pynn_eprop.errors import ParameterError, SetupError
from pynn_eprop.host import simulator
from pynn_eprop.host.machines import Precision
from pynn_eprop.host.simulator import HostOptions
from pynn_eprop.models.fixed_point import FixedPoint

_OWN_KEYWORDS = ("precision", "threads", "checkpoint", "fixed_point")


def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

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
    boundary : "reset" or "continuous", default "reset"
        Whether e-prop cells and readouts begin each interval anew.
    seed : whole number, default 1
        Of everything that is drawn without a seed of its own.
    precision : "float32", "float64", "fixed" or "reference", default "float32"
        "fixed" computes the numbers of a SpiNNaker core; what saturates is a warning (the
        first time) and an annotation of the recorded data. "reference" is the NumPy yardstick, for
        small networks.
    fixed_point : FixedPoint, default none
        Formats that shall not be chosen from the network; see ``range_report()``.
    threads : default 1
        Results do not depend on it.
    checkpoint : file name, default none
        ``run()`` keeps a checkpoint there: every few seconds, at its end, and on SIGINT or SIGTERM.
        After short runs that follow each other within a second, ``end()`` writes the last.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value.
    """
    shared, own = split_keywords({"timestep": timestep, "min_delay": min_delay, **extra_params},
                                 _OWN_KEYWORDS)
    simulator.state.clear(SharedOptions(**shared), _host_options(**own))
    return rank()


def _host_options(precision: str = Precision.FLOAT32, threads: int = 1,
                  checkpoint: str | Path | None = None,
                  fixed_point: FixedPoint | None = None) -> HostOptions:
    try:
        chosen = Precision(precision)
    except ValueError:
        raise SetupError(f"setup(): precision={precision!r} is unknown; choose one of "
                         f"{[choice.value for choice in Precision]}") from None
    threads = check_count("threads", threads)
    path = None if checkpoint is None else check_path("checkpoint", checkpoint)
    if fixed_point is not None and (chosen is not Precision.FIXED
                                    or not isinstance(fixed_point, FixedPoint)):
        raise SetupError(f"setup(): fixed_point={fixed_point!r} must be a FixedPoint, and goes "
                         f"with precision='fixed', not {chosen.value!r}")
    return HostOptions(chosen, threads, path, fixed_point)


def end(compatible_output: bool = True) -> None:
    """Write what was recorded to files. Data can still be read afterwards."""
    state = simulator.state
    state.keeper.flush(state)
    for population, variables, filename in state.write_on_end:
        population.write_data(get_io(filename), variables)
    state.write_on_end = []
    state.warn_if_incomplete()


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

    None in floating point, and before the first run.
    """
    return simulator.state.simulation.range_report()


def num_updates() -> int:
    """Weight updates done so far."""
    return simulator.state.simulation.updates


def set_learning(learning: bool) -> None:
    """Switch learning on or off, from the next interval on.

    While it is off, gradients, optimisers, schedules and batches stand still. Raises
    :class:`ParameterError` for what is neither true nor false.
    """
    if not isinstance(learning, (bool, np.bool_)):
        raise ParameterError(f"set_learning({learning!r}): give True or False")
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
    """Write all that a script that builds the same network needs to go on identically."""
    write_checkpoint(path, simulator.state)


def load_checkpoint(path: str | Path) -> None:
    """Go on from :func:`save_checkpoint` or ``setup(checkpoint=...)``.

    Call it after building the same network. Raises :class:`CheckpointError` for another network,
    another precision or a damaged file.
    """
    read_checkpoint(path, simulator.state)
