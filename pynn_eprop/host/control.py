"""Set-up, and the functions that act on the whole network."""

from pathlib import Path
from typing import Any

from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP

from pynn_eprop.common.arguments.setup import (
    SharedOptions,
    check_count,
    check_path,
    documented,
    split_keywords,
)
from pynn_eprop.common.script.control import FUNCTIONS, Control
from pynn_eprop.errors import SetupError
from pynn_eprop.host import simulator
from pynn_eprop.host.machines import Precision
from pynn_eprop.host.simulator import HostOptions
from pynn_eprop.models.fixed_point import FixedPoint

__all__ = ["setup", *FUNCTIONS]

_OWN_KEYWORDS = ("precision", "threads", "checkpoint", "fixed_point")


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Parameters
    ----------
    {shared}
    boundary : "reset" or "continuous", default "reset"
        Whether e-prop cells and readouts begin each interval anew.
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
    return simulator.state.mpi_rank


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


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning) = Control(simulator).functions()
