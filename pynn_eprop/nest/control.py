"""Set-up, running, and what belongs to the whole network: learning, weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyNN import common
from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.nest import control as parent

from pynn_eprop.common import weight_files
from pynn_eprop.common.setup import SharedOptions, check_count, split_keywords
from pynn_eprop.errors import SetupError, UnsupportedError
from pynn_eprop.models.network import Boundary
from pynn_eprop.nest import simulator
from pynn_eprop.nest.quirks import Quirks
from pynn_eprop.nest.simulation import Simulation

_PARENT_KEYWORDS = ("threads", "verbosity", "spike_precision", "recording_precision", "rng_seed",
                    "grng_seed", "rng_seeds", "rng_seeds_seed", "rng_type", "t_flush")


def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Parameters
    ----------
    timestep : ms, default 0.1 as in all of PyNN
    min_delay, max_delay : ms or "auto"
        With ``update_interval``, a synapse without a delay gets ``min_delay``, one time step by
        default.
    update_interval : ms, default none
        The paper's trial: state is reset and weights are updated at its end. Without it this
        is PyNN's NEST backend, and there are no cells that learn.
    trials_per_update : default 1
        Intervals that one weight update gathers.
    boundary : "reset"
        NEST knows no other.
    seed : whole number, default 1
        Of everything that is drawn without a seed of its own, and of NEST's own generator.
    quirks : "refuse" or "allow", default "refuse"
        Whether what NEST does otherwise than the equations is an error or a warning: input spikes
        at certain steps, the rate term of batches (docs/nest.md).
    threads, verbosity, spike_precision, recording_precision, rng_seed, rng_type, t_flush
        As in ``pyNN.nest``.

    Returns the MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value,
    :class:`UnsupportedError` for what NEST cannot do.
    """
    given = {"timestep": timestep, "min_delay": min_delay, **extra_params}
    shared, own = split_keywords(given, (*_PARENT_KEYWORDS, "quirks"))
    options = SharedOptions(**shared)
    quirks = _quirks(own.pop("quirks", Quirks.REFUSE))
    if "threads" in own:
        check_count("threads", own["threads"])
    if options.boundary is not Boundary.RESET:
        raise UnsupportedError(f"setup(): boundary={options.boundary.value!r}; NEST's e-prop "
                               "traces never cross an interval, use 'reset'")
    if "seed" in shared and "rng_seed" not in own:
        own["rng_seed"] = max(options.seed, 1)
    if options.update_interval is None:
        if "max_delay" in shared:
            own["max_delay"] = options.max_delay
        return int(parent.setup(options.timestep, options.min_delay, **own))
    return _setup_learning(options, quirks, own)


def _quirks(value: Any) -> Quirks:
    try:
        return Quirks(value)
    except ValueError:
        raise SetupError(f"setup(): quirks={value!r} is unknown; choose one of "
                         f"{[choice.value for choice in Quirks]}") from None


def _setup_learning(options: SharedOptions, quirks: Quirks, own: dict[str, Any]) -> int:
    if own.setdefault("spike_precision", "on_grid") != "on_grid":
        raise UnsupportedError(f"setup(): spike_precision={own['spike_precision']!r} with "
                               "update_interval; NEST's e-prop models spike on the grid only")
    own.setdefault("rng_seed", max(options.seed, 1))
    rank = int(parent.setup(options.timestep, options.timestep, max_delay=options.max_delay, **own))
    parent.nest.set(eprop_update_interval=options.update_interval,
                    eprop_learning_window=options.update_interval,
                    eprop_reset_neurons_on_update=True)
    simulator.state.begin(Simulation(options, quirks, simulator.state))
    return rank


def end(compatible_output: bool = True) -> None:
    """Write what was recorded to files. Data can still be read afterwards."""
    parent.end()
    simulator.state.warn_if_incomplete()


run, run_until = common.build_run(simulator)
run_for = run

initialize = common.initialize

get_current_time, get_time_step, get_min_delay, get_max_delay, num_processes, rank = \
    common.build_state_queries(simulator)


def reset(annotations: Mapping[str, Any] | None = None, keep_weights: bool = False) -> None:
    """Back to time 0, in a new segment of the recorded data, as far as NEST can.

    Raises :class:`UnsupportedError` in a network with update intervals.
    """
    if simulator.state.simulation is None:
        for recorder in simulator.state.recorders:
            recorder.store_to_cache(annotations or {})
    simulator.state.reset()


def num_updates() -> int:
    """Weight updates done so far."""
    simulation = simulator.state.simulation
    return 0 if simulation is None else simulation.updates


def set_learning(learning: bool) -> None:
    """Learning cannot be switched off: raises :class:`UnsupportedError` for False."""
    if not learning:
        raise UnsupportedError("set_learning(False): NEST's e-prop synapses always learn; build a "
                               "network with EPropSynapse(optimizer=None) and load_weights()")


def _learning_simulation(what: str) -> Simulation:
    simulation = simulator.state.simulation
    if simulation is None:
        raise UnsupportedError(f"{what}: nothing learns here; give setup(update_interval=...)")
    assert isinstance(simulation, Simulation)
    return simulation


def save_weights(path: str | Path) -> None:
    """Write all weights to an npz file; see ``common.weight_files``.

    Once something has run this ends the run: NEST must make every cell spike to see them.
    """
    weight_files.save_weights(_learning_simulation("save_weights()"), path)


def load_weights(path: str | Path) -> None:
    """Set all weights from :func:`save_weights`, before the first run.

    Raises :class:`CheckpointError` if the file belongs to other projections.
    """
    weight_files.load_weights(_learning_simulation("load_weights()"), path)


def save_checkpoint(path: str | Path) -> None:
    """Raise :class:`UnsupportedError`: NEST does not give away its state."""
    raise UnsupportedError(f"save_checkpoint({str(path)!r}): NEST does not give away the state of "
                           "its e-prop synapses")


def load_checkpoint(path: str | Path) -> None:
    """Raise :class:`UnsupportedError`: NEST takes no state back."""
    raise UnsupportedError(f"load_checkpoint({str(path)!r}): NEST takes no state of its e-prop "
                           "synapses back")


def range_report() -> None:
    """The formats of fixed point: none here."""
    return None
