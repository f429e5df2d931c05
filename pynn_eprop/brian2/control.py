"""Set-up, running, and what belongs to the whole network: learning and weights."""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import brian2
from pyNN import common
from pyNN.brian2.standardmodels.electrodes import update_currents
from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.recording import get_io

from pynn_eprop.brian2 import simulator
from pynn_eprop.common import weight_files
from pynn_eprop.common.setup import SharedOptions, split_keywords
from pynn_eprop.errors import UnsupportedError

# Keywords of other backends that PyNN's Brian2 backend takes and does not heed.
_NOT_HEEDED = ("spike_precision",)


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
        Of all that is drawn without a seed of its own for e-prop cells, their synapses and sources.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value.
    """
    heeded = {name: value for name, value in extra_params.items() if name not in _NOT_HEEDED}
    shared, _ = split_keywords({"timestep": timestep, "min_delay": min_delay, **heeded}, ())
    options = SharedOptions(**shared)
    state = simulator.state
    state.begin(options)
    state.min_delay, state.max_delay = options.min_delay, options.max_delay
    state.network.add(brian2.NetworkOperation(update_currents, when="start",
                                              clock=state.network.clock))
    return rank()


def end(compatible_output: bool = True) -> None:
    """Write what was recorded to files. Data can still be read afterwards."""
    state = simulator.state
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
        recorder.store_to_cache(annotations or {})
    simulator.state.reset(keep_weights)


def num_updates() -> int:
    """Weight updates done so far."""
    return int(simulator.state.simulation.updates)


def set_learning(learning: bool) -> None:
    """Switch learning on or off, from the next interval on.

    While it is off, gradients, optimisers, schedules and batches stand still.
    """
    simulator.state.simulation.learning = bool(learning)


def save_checkpoint(path: str | Path) -> None:
    """Raise :class:`UnsupportedError`: there are no checkpoints here."""
    raise UnsupportedError(f"save_checkpoint({str(path)!r}): this backend has no checkpoints; "
                           "save_weights() keeps what was learned")


def load_checkpoint(path: str | Path) -> None:
    """Raise :class:`UnsupportedError`: there are no checkpoints here."""
    raise UnsupportedError(f"load_checkpoint({str(path)!r}): this backend has no checkpoints; "
                           "load_weights() takes what was learned")


def range_report() -> None:
    """The formats of fixed point: none here."""
    return None


def _with_weights() -> Any:
    """The simulation without the projections of PyNN's own classes, which keep their weights."""
    simulation = simulator.state.simulation
    return SimpleNamespace(
        projections=[each for each in simulation.projections if not each.is_stock],
        populations=[each for each in simulation.populations
                     if getattr(each, "bias_learns", False)],
        weights=simulation.weights, bias=simulation.bias)


def save_weights(path: str | Path) -> None:
    """Write all weights, and biases that learn, to an npz file; see ``common.weight_files``.

    Weights onto PyNN's own cell types are not in it.
    """
    weight_files.save_weights(_with_weights(), path)


def load_weights(path: str | Path) -> None:
    """Set all weights, and biases that learn, from :func:`save_weights`.

    Raises :class:`CheckpointError` if the file belongs to other projections.
    """
    weight_files.load_weights(_with_weights(), path)
