"""Set-up, and the functions that act on the whole network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP
from pyNN.nest import control as parent

from pynn_eprop.common.arguments.setup import SharedOptions, documented, split_keywords
from pynn_eprop.common.expansion.seeds import Draws
from pynn_eprop.common.processes.started import check_alone
from pynn_eprop.common.script.control import FUNCTIONS, WithoutCheckpoints
from pynn_eprop.errors import SetupError, UnsupportedError
from pynn_eprop.models.network import Boundary
from pynn_eprop.nest import simulator
from pynn_eprop.nest.quirks import Quirks
from pynn_eprop.nest.refusals import typed
from pynn_eprop.nest.setup_keywords import check_keywords
from pynn_eprop.nest.simulation import Simulation

__all__ = ["setup", *FUNCTIONS]

_PARENT_KEYWORDS = ("threads", "verbosity", "spike_precision", "recording_precision", "rng_seed",
                    "grng_seed", "rng_seeds", "rng_seeds_seed", "rng_type", "t_flush")


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Without ``update_interval`` this is PyNN's NEST backend, and there are no cells that learn.
    ``seed`` is also that of NEST's own generator, unless ``rng_seed`` gives another.

    Parameters
    ----------
    {shared}
    boundary : "reset"
        NEST has no other.
    quirks : "refuse" or "allow", default "refuse"
        Whether it is an error or a warning if NEST deviates from the equations: input spikes
        at certain steps, the rate term of batches (docs/nest.md).
    threads, verbosity, spike_precision, recording_precision, rng_seed, rng_type, t_flush
        As in ``pyNN.nest``.

    Returns the MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value,
    :class:`UnsupportedError` for what NEST cannot do.
    """
    given = {"timestep": timestep, "min_delay": min_delay, **extra_params}
    check_alone("backend 'nest'")
    shared, own = split_keywords(given, (*_PARENT_KEYWORDS, "quirks"))
    options = SharedOptions(**shared)
    quirks = _quirks(own.pop("quirks", Quirks.REFUSE))
    check_keywords(options, own)
    if options.boundary is not Boundary.RESET:
        raise UnsupportedError(f"setup(): boundary={options.boundary.value!r}; NEST's e-prop "
                               "traces never cross an interval, use 'reset'")
    if "seed" in shared and "rng_seed" not in own:
        own["rng_seed"] = max(options.seed, 1)
    if options.update_interval is None:
        if "max_delay" in shared:
            own["max_delay"] = options.max_delay
        with typed("setup()", SetupError):
            rank = int(parent.setup(options.timestep, options.min_delay, **own))
        simulator.state.draws = Draws(options.seed)
        return rank
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
    with typed("setup()", SetupError):
        rank = int(parent.setup(options.timestep, options.timestep, max_delay=options.max_delay,
                                **own))
        parent.nest.set(eprop_update_interval=options.update_interval,
                        eprop_learning_window=options.update_interval,
                        eprop_reset_neurons_on_update=True)
    simulator.state.draws = Draws(options.seed)
    simulator.state.begin(Simulation(options, quirks, simulator.state))
    return rank


class _Control(WithoutCheckpoints):
    why_no_saving = "NEST does not give away the state of its e-prop synapses"
    why_no_loading = "NEST's e-prop synapses cannot be given a state"

    def _write(self) -> None:
        parent.end()

    def reset(self, annotations: Mapping[str, Any] | None = None, keep_weights: bool = False
              ) -> None:
        """Back to time 0, in a new segment of the recorded data, as far as NEST can.

        Raises :class:`UnsupportedError` in a network with update intervals.
        """
        if self._simulation is not None:
            raise UnsupportedError(
                "reset(): NEST cannot take the weights, traces and optimisers of its e-prop "
                "synapses back; call setup() and build the network again")
        state = self._simulator.state
        if state.t > 0 and state.t_flush < 0:
            raise UnsupportedError(
                "reset(): NEST can only run on until the network has forgotten, which the next "
                "run may not start from; give setup(t_flush=...), in ms, well above 100, and "
                "compare, or call setup() and build the network again")
        super().reset(annotations)

    def save_weights(self, path: str | Path) -> None:
        """Write all weights to an npz file; see ``common.script.weight_files``.

        Once something has run this ends the run: NEST must make every cell spike to see them.
        """
        super().save_weights(path)

    def _switch_learning(self, learning: bool) -> None:
        if not learning:
            raise UnsupportedError("set_learning(False): NEST's e-prop synapses always learn; "
                                   "build a network with EPropSynapse(optimizer=None) and "
                                   "load_weights()")


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning, set_trial_durations) = \
    _Control(simulator).functions()
