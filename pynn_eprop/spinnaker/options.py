"""What ``setup()`` of this backend takes beside the shared keywords, checked."""

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Real
from pathlib import Path
from typing import Any

from pynn_eprop.common.grid import to_steps
from pynn_eprop.common.setup import check_count, check_path
from pynn_eprop.errors import SetupError
from pynn_eprop.models.fixed_point import FixedPoint

KEYWORDS = ("precision", "threads", "fixed_point", "checkpoint", "machine_time", "max_rate",
            "pause", "neurons_per_core", "failure_folder", "quiet", "time_scale_factor",
            "n_boards_required", "n_chips_required", "database_socket_addresses")
MAX_RATE = 100.0
"""Hz: the mean rate of all cells in an interval that the pause is sized for, by default."""


@dataclass(frozen=True)
class SpinnakerOptions:
    """Options of the machine.

    fixed_point: formats that shall not be chosen. machine_time: script time contains the pauses.
    max_rate: Hz, for sizing pause and log. pause: ms, after an interval with an update (with
    machine_time after each); None: estimated. neurons_per_core: at most; None: chosen.
    failure_folder: what cores printed and counted goes there when a run fails; None: a folder in
    sPyNNaker's folder of the run. quiet: sPyNNaker says nothing but warnings. spynnaker: for its
    own ``setup()``.
    """

    fixed_point: FixedPoint | None = None
    checkpoint: Path | None = None
    machine_time: bool = False
    max_rate: float = MAX_RATE
    pause: float | None = None
    neurons_per_core: int | None = None
    failure_folder: Path | None = None
    quiet: bool = False
    spynnaker: Mapping[str, Any] = field(default_factory=dict)

    def pause_in_script(self, timestep: float) -> int:
        """Steps of the pause after each interval that script time contains.

        Raises :class:`SetupError` for a pause off the grid of steps.
        """
        if not self.machine_time or self.pause is None:
            return 0
        return int(to_steps(self.pause, timestep, "setup(): pause", SetupError))


def read_options(precision: str = "fixed", threads: int = 1,
                 fixed_point: FixedPoint | None = None, checkpoint: str | Path | None = None,
                 machine_time: bool = False, max_rate: float = MAX_RATE,
                 pause: float | None = None, neurons_per_core: int | None = None,
                 failure_folder: str | Path | None = None, quiet: bool = False,
                 **spynnaker: Any) -> SpinnakerOptions:
    """The options from keywords. Raises :class:`SetupError`."""
    if precision != "fixed":
        raise SetupError(f"setup(): precision={precision!r} is not possible here; the cores of a "
                         "SpiNNaker machine compute in fixed point (precision='fixed')")
    check_count("threads", threads)     # results never depend on it; there are none here
    if fixed_point is not None and not isinstance(fixed_point, FixedPoint):
        raise SetupError(f"setup(): fixed_point={fixed_point!r} must be a FixedPoint")
    for name, flag in (("machine_time", machine_time), ("quiet", quiet)):
        if not isinstance(flag, bool):
            raise SetupError(f"setup(): {name}={flag!r} must be True or False")
    for name, value in (("max_rate", max_rate), ("pause", pause)):
        if value is not None and (not isinstance(value, Real) or isinstance(value, bool)
                                  or not math.isfinite(value) or value <= 0):
            raise SetupError(f"setup(): {name}={value!r} must be a number > 0")
    per_core = None if neurons_per_core is None else check_count("neurons_per_core",
                                                                 neurons_per_core)
    return SpinnakerOptions(
        fixed_point, None if checkpoint is None else check_path("checkpoint", checkpoint),
        machine_time, float(max_rate), None if pause is None else float(pause), per_core,
        None if failure_folder is None else _check_folder("failure_folder", failure_folder),
        quiet,
        {name: value for name, value in spynnaker.items() if value is not None})


def _check_folder(name: str, value: Any) -> Path:
    """A folder that is there or can be made. Raises :class:`SetupError`."""
    try:
        path = Path(value)
    except TypeError:
        raise SetupError(f"setup(): {name}={value!r} is not the name of a folder") from None
    there = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise SetupError(f"setup(): {name}={str(value)!r} is no folder that can be written to")
    return path
