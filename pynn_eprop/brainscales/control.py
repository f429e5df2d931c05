"""Set-up, and the functions that act on the whole network."""

from typing import Any

from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP

from pynn_eprop.brainscales import simulator
from pynn_eprop.common.arguments.setup import (
    SharedOptions,
    check_choice,
    check_path,
    documented,
    split_keywords,
)
from pynn_eprop.common.processes.started import check_alone
from pynn_eprop.common.script.control import FUNCTIONS, Control
from pynn_eprop.errors import SetupError
from pynn_eprop.in_the_loop.machine import VOLTAGES, LoopOptions
from pynn_eprop.in_the_loop.named_machines import check_learner
from pynn_eprop.in_the_loop.substrate import Substrate
from pynn_eprop.in_the_loop.substrates.registry import LOOP_KEYWORDS, keywords_of, make_substrate
from pynn_eprop.in_the_loop.weights import ROUNDINGS
from pynn_eprop.models.parameters import as_numbers

__all__ = ["setup", *FUNCTIONS]

PRECISIONS = ("float64", "float32")
_DEFAULT = "stand-in"


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Parameters
    ----------
    {shared}
    boundary : "reset"
        Each trial begins at rest.
    substrate : a name or a Substrate, default "stand-in"
        What runs the trials: "brainscales", "stand-in" (a chip in software), "nest", "brian2",
        "model" (exact), one that was registered, or an object. Of a name, the parameters of the
        substrate are further keywords: ``setup(substrate="stand-in", mismatch=0.1)``.
    voltage : "sampled" or "model", default "sampled"
        Potentials for the pseudo-derivative: sampled ones, between samples on straight lines, or
        those of a model that replays the measured spikes.
    rounding : "nearest" or "stochastic", default "nearest"
        How weights become the levels of a chip; they are kept in floating point here.
    headroom : default 2
        The largest weight of a chip, in units of the largest initial weight onto each population.
    learner : "engine", "jax" or "reference", default: the fastest that knows the network
        What computes gradients and steps.
    precision : "float64" or "float32", default "float64"; of the learner
    checkpoint : file name, default none
        ``run()`` keeps a checkpoint there: every few seconds, at its end, and on SIGINT or SIGTERM.
        After short runs within a second, ``end()`` writes the last.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value,
    :class:`MissingDependencyError` for a substrate whose package is not installed.
    """
    substrate = extra_params.get("substrate", _DEFAULT)
    of_substrate = tuple(name for name in keywords_of(substrate) if name != "seed") \
        if isinstance(substrate, str) else ()
    check_alone("backend 'brainscales'")
    shared, own = split_keywords({"timestep": timestep, "min_delay": min_delay, **extra_params},
                                 (*LOOP_KEYWORDS, *of_substrate))
    options = SharedOptions(**shared)
    own.pop("substrate", None)
    checkpoint = own.pop("checkpoint", None)
    path = None if checkpoint is None else check_path("checkpoint", checkpoint)
    parameters = {name: own.pop(name) for name in of_substrate if name in own}
    loop = _loop_options(options.seed, **own)
    made = make_substrate(substrate, parameters, options.seed) if isinstance(substrate, str) \
        else _checked(substrate)
    simulator.state.clear(options, made, loop, path)
    return simulator.state.mpi_rank


def _checked(substrate: Any) -> Substrate:
    if not isinstance(substrate, Substrate):
        raise SetupError(f"setup(): substrate={substrate!r} must be a name or a Substrate")
    return substrate


def _loop_options(seed: int, learner: str | None = None, precision: str | None = None,
                  voltage: str | None = None, rounding: str | None = None,
                  headroom: float = 2.0) -> LoopOptions:
    precision = check_choice("precision", precision, PRECISIONS)
    if learner is not None:
        check_learner(learner)
        if learner == "reference" and precision != "float64":
            raise SetupError(f"setup(): precision={precision!r}: the reference has 'float64' only")
    number = as_numbers(headroom)
    if number is None or number.shape or not 1.0 <= float(number) < float("inf"):
        raise SetupError(f"setup(): headroom={headroom!r} must be a number >= 1")
    return LoopOptions(learner, precision, check_choice("voltage", voltage, VOLTAGES),
                       check_choice("rounding", rounding, ROUNDINGS), float(headroom), seed)


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning, set_trial_durations) = \
    Control(simulator).functions()
