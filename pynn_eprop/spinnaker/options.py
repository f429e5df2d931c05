"""Keywords that ``setup()`` of this backend takes beside the shared ones, and their checks."""

import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from pathlib import Path
from typing import Any

from pynn_eprop.common.arguments.grid import to_steps
from pynn_eprop.common.arguments.setup import check_count, check_path
from pynn_eprop.errors import SetupError
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.time_grid import whole_steps

KEYWORDS = ("precision", "threads", "fixed_point", "checkpoint", "machine_time", "max_rate",
            "pause", "neurons_per_core", "failure_folder", "quiet", "time_scale_factor",
            "n_boards_required", "n_chips_required", "database_socket_addresses", "virtual_board",
            "on_loss")
LONGEST_TIMESTEP = (2 ** 32 - 1) // 200 / 1000
"""ms: the machine's timers count 200 cycles a microsecond in 32 bits."""
MOST_CHIPS, CHIPS_OF_BOARD = 256 * 256, 48
"""Chips of a machine at most, as two bytes name one; and of a board."""
VIRTUAL_BOARD = ("warn", "refuse")
ON_LOSS = ("error", "warn")
MAX_RATE = 100.0
"""Hz: the mean rate of all cells in an interval that the pause is sized for, by default."""


@dataclass(frozen=True)
class SpinnakerOptions:
    """Options of the machine.

    fixed_point: formats that are given, not chosen. machine_time: script time contains the pauses.
    max_rate: Hz, for sizing pause and log. pause: ms, after an interval with an update (with
    machine_time after each); None: estimated. neurons_per_core: at most; None: chosen.
    failure_folder: for what cores printed and counted, if a run fails; None: a folder in
    sPyNNaker's folder of the run. quiet: sPyNNaker prints warnings only.
    refuse_virtual_board: raise an error, not only a warning. warns_of_losses: warn of packets that
    were lost, and go on. spynnaker: for its own ``setup()``.
    """

    fixed_point: FixedPoint | None = None
    checkpoint: Path | None = None
    machine_time: bool = False
    max_rate: float = MAX_RATE
    pause: float | None = None
    neurons_per_core: int | None = None
    failure_folder: Path | None = None
    quiet: bool = False
    refuse_virtual_board: bool = False
    warns_of_losses: bool = False
    spynnaker: Mapping[str, Any] = field(default_factory=dict)

    @property
    def time_scale_factor(self) -> float:
        """Real time per script time."""
        return float(self.spynnaker.get("time_scale_factor", 1))

    def as_set_up(self, time_scale_factor: float) -> "SpinnakerOptions":
        """The options with the factor of sPyNNaker, which may be that of its configuration."""
        return replace(self, spynnaker={**self.spynnaker, "time_scale_factor": time_scale_factor})

    def check_timestep(self, timestep: float) -> None:
        """Raise :class:`SetupError` for a time step that no machine can have."""
        microseconds, factor = timestep * 1000.0, self.time_scale_factor
        whole, off = whole_steps(microseconds, 1.0)
        if whole < 1 or off:
            around = sorted({max(math.floor(microseconds), 1), math.ceil(microseconds)})
            near = " or ".join(f"{each / 1000.0:g}" for each in around)
            raise SetupError(f"setup(): timestep={timestep:g} ms is not possible on SpiNNaker, "
                             f"where a time step is a whole number of microseconds; use {near} ms")
        if timestep * factor > LONGEST_TIMESTEP:
            scaled = "" if factor == 1 else f" with time_scale_factor={factor:g}"
            raise SetupError(f"setup(): timestep={timestep:g} ms{scaled} is too long for the "
                             f"machine's timers; a step takes {LONGEST_TIMESTEP:g} ms at most")

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
                 virtual_board: str = "warn", on_loss: str = "error",
                 **spynnaker: Any) -> SpinnakerOptions:
    """The options from keywords. Raises :class:`SetupError`."""
    if precision != "fixed":
        raise SetupError(f"setup(): precision={precision!r} is not possible here; the cores of a "
                         "SpiNNaker machine compute in fixed point (precision='fixed')")
    check_count("threads", threads)     # accepted, as results never depend on it; unused
    if fixed_point is not None and not isinstance(fixed_point, FixedPoint):
        raise SetupError(f"setup(): fixed_point={fixed_point!r} must be a FixedPoint")
    for name, flag in (("machine_time", machine_time), ("quiet", quiet)):
        if not isinstance(flag, bool):
            raise SetupError(f"setup(): {name}={flag!r} must be True or False")
    for name, value in (("max_rate", max_rate), ("pause", pause)):
        if value is not None and (not isinstance(value, Real) or isinstance(value, bool)
                                  or not math.isfinite(value) or value <= 0):
            raise SetupError(f"setup(): {name}={value!r} must be a number > 0")
    for name, choice, choices in (("virtual_board", virtual_board, VIRTUAL_BOARD),
                                  ("on_loss", on_loss, ON_LOSS)):
        if choice not in choices:
            raise SetupError(f"setup(): {name}={choice!r} is unknown; choose one of "
                             f"{list(choices)}")
    per_core = None if neurons_per_core is None else check_count("neurons_per_core",
                                                                 neurons_per_core)
    return SpinnakerOptions(
        fixed_point, None if checkpoint is None else check_path("checkpoint", checkpoint),
        machine_time, float(max_rate), None if pause is None else float(pause), per_core,
        None if failure_folder is None else _check_folder("failure_folder", failure_folder),
        quiet, virtual_board == "refuse", on_loss == "warn",
        _checked({name: value for name, value in spynnaker.items() if value is not None}))


def _checked(own: dict[str, Any]) -> dict[str, Any]:
    """Keywords of sPyNNaker's ``setup()`` with values that it can use. Raises SetupError."""
    factor = own.get("time_scale_factor", 1)
    if not isinstance(factor, Real) or isinstance(factor, bool) or not math.isfinite(factor) \
            or factor <= 0:
        raise SetupError(f"setup(): time_scale_factor={factor!r} must be a number > 0")
    if "time_scale_factor" in own:      # sPyNNaker does not take NumPy's numbers
        own["time_scale_factor"] = _plain(float(factor))
    for name, most in (("n_boards_required", MOST_CHIPS // CHIPS_OF_BOARD),
                       ("n_chips_required", MOST_CHIPS)):
        if name in own:
            own[name] = check_count(name, own[name])
            if own[name] > most:
                raise SetupError(f"setup(): {name}={own[name]} is more than a machine can have, "
                                 f"{most}")
    if "n_boards_required" in own and "n_chips_required" in own:
        raise SetupError("setup(): give n_boards_required or n_chips_required, not both")
    if "database_socket_addresses" in own:
        own["database_socket_addresses"] = _addresses(own["database_socket_addresses"])
    return own


def _plain(number: float) -> int | float:
    return int(number) if number.is_integer() else number


def _addresses(value: Any) -> list[Any]:
    from spinn_utilities.socket_address import SocketAddress

    found = list(value) if isinstance(value, Iterable) else [value]
    for each in found:
        if not isinstance(each, SocketAddress):
            raise SetupError(f"setup(): database_socket_addresses={value!r} must be a list of "
                             "spinn_utilities.socket_address.SocketAddress")
    return found


def _check_folder(name: str, value: Any) -> Path:
    """A folder that is there or can be made. Raises :class:`SetupError`."""
    try:
        path = Path(value)
    except TypeError:
        raise SetupError(f"setup(): {name}={value!r} is not the name of a folder") from None
    there = next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise SetupError(f"setup(): {name}={str(value)!r} is not a folder that can be written to")
    return path
