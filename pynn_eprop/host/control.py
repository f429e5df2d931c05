"""Set-up, and the functions that act on the whole network."""

import warnings
from pathlib import Path
from typing import Any

from pyNN.common.control import DEFAULT_MIN_DELAY, DEFAULT_TIMESTEP

from pynn_eprop.common.arguments.setup import (
    SharedOptions,
    check_choice,
    check_count,
    check_path,
    documented,
    split_keywords,
)
from pynn_eprop.common.processes.started import processes
from pynn_eprop.common.script.control import FUNCTIONS, Control
from pynn_eprop.errors import SetupError, UnsupportedError
from pynn_eprop.host import simulator
from pynn_eprop.host.machines import PRECISIONS, MachineKind, Precision
from pynn_eprop.host.simulator import HostOptions
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.network import Boundary

__all__ = ["setup", *FUNCTIONS]

_OWN_KEYWORDS = ("machine", "precision", "threads", "checkpoint", "fixed_point")


@documented
def setup(timestep: float = DEFAULT_TIMESTEP, min_delay: float | str = DEFAULT_MIN_DELAY,
          **extra_params: Any) -> int:
    """Begin a new network; any earlier one is forgotten.

    Parameters
    ----------
    {shared}
    boundary : "reset" or "continuous", default "reset"
        Whether e-prop cells and readouts begin each interval from their initial values.
    machine : "engine" or "reference", default "engine"
        The compiled engine, or the reference in NumPy, which is slow and for small networks, and
        also runs cells, rules and losses of your own.
    precision : "float32", "float64" or "fixed", default "float32"; "float64" of the reference
        "fixed" computes the numbers of a SpiNNaker core; saturation is warned of (the first time)
        and is an annotation of the recorded data. ("reference" is deprecated: it means
        ``machine="reference"``.)
    fixed_point : FixedPoint, default none
        Formats to be used rather than chosen from the network; see ``range_report()``.
    threads : default 1
        Results do not depend on it.
    checkpoint : file name, default none
        ``run()`` keeps a checkpoint there: every few seconds, at its end, and on SIGINT or SIGTERM.
        After short runs within a second, ``end()`` writes the last.

    Returns ``rank()``, the number of this process: 0, unless mpirun has started several, which
    share the trials of each update (docs/mpi.md). Raises :class:`SetupError` for an unknown
    keyword or a bad value, :class:`UnsupportedError` for what several processes cannot share.
    """
    shared, own = split_keywords({"timestep": timestep, "min_delay": min_delay, **extra_params},
                                 _OWN_KEYWORDS)
    options, host = SharedOptions(**shared), _host_options(**own)
    check_shared(options, host, processes().size)
    simulator.state.clear(options, host)
    return simulator.state.mpi_rank


def check_shared(options: SharedOptions, host: HostOptions, size: int) -> None:
    """Raise the errors of a simulation whose trials so many processes cannot share."""
    if size == 1:
        return
    for refused, given, instead in (
            (host.machine is not MachineKind.ENGINE, f"machine={host.machine.value!r}",
             "machine='engine'"),
            (host.precision is Precision.FIXED, "precision='fixed'", "float32 or float64"),
            (options.update_interval is None, "no update_interval", "one, which is a trial"),
            (options.boundary is Boundary.CONTINUOUS, "boundary='continuous'", "'reset'")):
        if refused:
            raise UnsupportedError(f"setup(): {given} runs in one process, not in {size}, which "
                                   f"share the trials of updates; give {instead}, or start it "
                                   "without mpirun")
    if options.trials_per_update < size:
        raise SetupError(f"setup(): {size} processes share the trials of an update, but there are "
                         f"trials_per_update={options.trials_per_update}; give at least {size}, "
                         "or start fewer processes")


def _host_options(machine: str | None = None, precision: str | None = None, threads: int = 1,
                  checkpoint: str | Path | None = None,
                  fixed_point: FixedPoint | None = None) -> HostOptions:
    named = [value if isinstance(value, str) else None for value in (machine, precision)]
    if named[1] == MachineKind.REFERENCE and (machine is None or named[0] == MachineKind.REFERENCE):
        warnings.warn("setup(precision='reference') is deprecated; use setup(machine='reference')",
                      DeprecationWarning, stacklevel=3)
        machine, precision = MachineKind.REFERENCE.value, None
    kind = MachineKind(check_choice("machine", machine, [each.value for each in MachineKind]))
    chosen = Precision(check_choice(
        "precision", precision, [each.value for each in PRECISIONS[kind]],
        "" if kind is MachineKind.ENGINE else f" with machine={kind.value!r}"))
    threads = check_count("threads", threads)
    path = None if checkpoint is None else check_path("checkpoint", checkpoint)
    if fixed_point is not None and (chosen is not Precision.FIXED
                                    or not isinstance(fixed_point, FixedPoint)):
        raise SetupError(f"setup(): fixed_point={fixed_point!r} must be a FixedPoint, and goes "
                         f"with precision='fixed', not {chosen.value!r}")
    return HostOptions(kind, chosen, threads, path, fixed_point)


(end, get_current_time, get_max_delay, get_min_delay, get_time_step, initialize, load_checkpoint,
 load_weights, num_processes, num_updates, range_report, rank, reset, run, run_for, run_until,
 save_checkpoint, save_weights, set_learning, set_trial_durations) = \
    Control(simulator).functions()
