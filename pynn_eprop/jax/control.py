"""Set-up, and the functions that act on the whole network."""

from pathlib import Path
from typing import Any

from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP

from pynn_eprop.common.arguments.setup import (
    SharedOptions,
    check_choice,
    check_count,
    check_duration,
    check_path,
    documented,
    split_keywords,
)
from pynn_eprop.common.processes.started import check_alone
from pynn_eprop.common.script.control import FUNCTIONS, Control
from pynn_eprop.errors import SetupError
from pynn_eprop.functional.devices import find_device
from pynn_eprop.functional.options import DEVICES, GRADIENTS, PRECISIONS, JaxOptions
from pynn_eprop.jax import simulator

__all__ = ["setup", *FUNCTIONS]

_OWN_KEYWORDS = ("precision", "gradient", "device", "trials_at_once", "truncation",
                 "rematerialize", "checkpoint")


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Parameters
    ----------
    {shared}
    boundary : "reset" or "continuous", default "reset"
        Whether e-prop cells and readouts begin each interval from their initial values.
    precision : "float32" or "float64", default "float32"
    gradient : "eprop" or "bptt", default "eprop"
        "eprop" follows the rules and learning signals of the script. "bptt" is backpropagation
        through time: the gradient of the losses through all spikes, resets and adaptation, with the
        pseudo-derivative for that of the spike. Rules and feedback weights then have no use.
    device : "cpu" or "gpu", default: the one that JAX prefers
    trials_at_once : default: all trials of an update
        At most so many are computed side by side; fewer need less memory and more time.
    truncation : ms, default none
        With gradient="bptt": gradients flow back at most so long.
    rematerialize : ms, default none
        With gradient="bptt": for the backward pass, keep the state only every so many ms and
        compute the rest again: long trials in less memory, for more time.
    checkpoint : file name, default none
        ``run()`` keeps a checkpoint there: every few seconds, at its end, and on SIGINT or SIGTERM.
        After short runs within a second, ``end()`` writes the last.

    Returns 0, PyNN's MPI rank. Raises :class:`SetupError` for an unknown keyword or a bad value,
    and for a device that JAX does not find.
    """
    check_alone("backend 'jax'")
    shared, own = split_keywords({"timestep": timestep, "min_delay": min_delay, **extra_params},
                                 _OWN_KEYWORDS)
    checkpoint = own.pop("checkpoint", None)
    options = SharedOptions(**shared)
    computed = _jax_options(options.timestep, **own)
    simulator.state.clear(options, computed, _path(checkpoint))
    return simulator.state.mpi_rank


def _path(checkpoint: str | Path | None) -> Path | None:
    return None if checkpoint is None else check_path("checkpoint", checkpoint)


def _jax_options(timestep: float, precision: str | None = None, gradient: str | None = None,
                 device: str | None = None, trials_at_once: int | None = None,
                 truncation: float | None = None, rematerialize: float | None = None
                 ) -> JaxOptions:
    precision = check_choice("precision", precision, PRECISIONS)
    gradient = check_choice("gradient", gradient, GRADIENTS)
    steps: list[int | None] = []
    for name, value in (("truncation", truncation), ("rematerialize", rematerialize)):
        if value is not None and gradient != "bptt":
            raise SetupError(f"setup(): {name}={value!r} goes with gradient='bptt', not "
                             f"{gradient!r}")
        steps.append(None if value is None else check_duration(name, value, timestep))
    if trials_at_once is not None:
        trials_at_once = check_count("trials_at_once", trials_at_once)
    if device is not None:
        find_device(check_choice("device", device, DEVICES))
    return JaxOptions(precision, gradient, device, trials_at_once, *steps)


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning, set_trial_durations) = \
    Control(simulator).functions()
