"""The keywords of ``setup()`` that all backends share, and their checks."""

import difflib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import Any

from pyNN.common.control import DEFAULT_TIMESTEP

from pynn_eprop.common.arguments.grid import LARGEST_STEPS, to_steps
from pynn_eprop.errors import SetupError
from pynn_eprop.models.network import Boundary, Settings
from pynn_eprop.models.parameters import as_numbers

SHARED_KEYWORDS = ("timestep", "min_delay", "max_delay", "update_interval", "trials_per_update",
                   "boundary", "seed")
LARGEST_SEED = 2 ** 32 - 1
LARGEST_COUNT = 2 ** 31 - 1

# Keywords of other PyNN backends, and the values of them that agree with what happens here anyway.
WITHOUT_EFFECT: dict[str, tuple[str, tuple[Any, ...] | None]] = {
    "t_flush": ("spikes in flight never survive reset() here", None),
    "verbosity": ("nothing is printed here", None),
    "spike_precision": ("spikes lie on the time grid", ("on_grid",)),
}


_DOCUMENTATION = """timestep : ms, default 0.1 as in all of PyNN
    min_delay, max_delay : ms or "auto"
        A synapse without a delay gets ``min_delay``, one time step by default.
    update_interval : ms, default none
        The paper's trial: state is reset and weights are updated at its end. Without it nothing
        learns.
    trials_per_update : default 1
        Intervals that one weight update gathers.
    seed : whole number, default 1
        Of everything that is drawn without a seed of its own."""


def documented(setup: Callable[..., int]) -> Callable[..., int]:
    """A backend's ``setup()``, with ``{shared}`` in its docstring replaced by shared keywords."""
    if setup.__doc__:       # there are none under python -OO
        setup.__doc__ = setup.__doc__.replace("{shared}", _DOCUMENTATION)
    return setup


@dataclass(frozen=True)
class SharedOptions:
    """Shared arguments of ``setup()``, checked. Times in ms; ``min_delay`` "auto" or a number."""

    timestep: float = DEFAULT_TIMESTEP
    min_delay: float | str = "auto"
    max_delay: float | str = "auto"
    update_interval: float | None = None
    trials_per_update: int = 1
    boundary: Boundary = Boundary.RESET
    seed: int = 1

    def __post_init__(self) -> None:
        _check_number("timestep", self.timestep, minimum=0.0, exclusive=True)
        object.__setattr__(self, "timestep", float(self.timestep))
        self._check_delays()
        if self.update_interval is not None:
            _check_number("update_interval", self.update_interval, minimum=self.timestep)
            object.__setattr__(self, "update_interval", float(self.update_interval))
            if self.update_interval / self.timestep > LARGEST_STEPS:
                raise SetupError(f"setup(): update_interval={self.update_interval!r} ms is too "
                                 f"long; it may have {LARGEST_STEPS} steps of {self.timestep:g} ms")
            to_steps(self.update_interval, self.timestep, "setup(): update_interval", SetupError)
        object.__setattr__(self, "trials_per_update",
                           check_count("trials_per_update", self.trials_per_update))
        try:
            object.__setattr__(self, "boundary", Boundary(self.boundary))
        except ValueError:
            raise SetupError(f"setup(): boundary={self.boundary!r} is unknown; choose one of "
                             f"{[choice.value for choice in Boundary]}") from None
        if not _is_whole(self.seed) or not 0 <= self.seed <= LARGEST_SEED:
            raise SetupError(f"setup(): seed={self.seed!r} must be a whole number in "
                             f"0..{LARGEST_SEED}")
        object.__setattr__(self, "seed", int(self.seed))

    def _check_delays(self) -> None:
        for name in ("min_delay", "max_delay"):
            value = getattr(self, name)
            if isinstance(value, str) and value == "auto":
                continue
            check_duration(name, value, self.timestep)
        if not isinstance(self.min_delay, str) and not isinstance(self.max_delay, str) \
                and float(self.min_delay) > float(self.max_delay):
            raise SetupError(f"setup(): min_delay={self.min_delay} ms must not exceed "
                             f"max_delay={self.max_delay} ms")

    @property
    def interval_steps(self) -> int | None:
        """T, or None if nothing learns."""
        if self.update_interval is None:
            return None
        return int(to_steps(self.update_interval, self.timestep, "update_interval"))

    @property
    def shortest_delay(self) -> float:
        """The delay, in ms, of a synapse without one."""
        return self.timestep if self.min_delay == "auto" else float(self.min_delay)

    def settings(self, threads: int = 1) -> Settings:
        """The settings of the network description."""
        return Settings(self.timestep, self.interval_steps, self.trials_per_update,
                        self.boundary, threads)


def split_keywords(keywords: Mapping[str, Any], own: tuple[str, ...]
                   ) -> tuple[dict[str, Any], dict[str, Any]]:
    """The shared keywords and a backend's ``own`` ones; those without effect are dropped.

    Raises :class:`SetupError` for an unknown keyword, naming the valid ones.
    """
    shared, special = {}, {}
    for name, value in keywords.items():
        if name in SHARED_KEYWORDS:
            shared[name] = value
        elif name in own:
            special[name] = value
        elif name in WITHOUT_EFFECT:
            _check_without_effect(name, value)
        else:
            valid = [*SHARED_KEYWORDS, *own]
            close = difflib.get_close_matches(name, valid, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise SetupError(f"setup(): unknown keyword {name}={value!r}; {hint}"
                             f"valid keywords are {', '.join(sorted(valid))}")
    return shared, special


def _check_without_effect(name: str, value: Any) -> None:
    reason, allowed = WITHOUT_EFFECT[name]
    if allowed is not None and not any(value is each or (
            isinstance(value, type(each)) and value == each) for each in allowed):
        raise SetupError(f"setup(): {name}={value!r} is not possible: {reason}; "
                         f"leave it out or use one of {list(allowed)}")


def _is_whole(value: Any) -> bool:
    """Whole numbers of Python and of NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_count(name: str, value: Any) -> int:
    """``value`` as an int. Raises :class:`SetupError` unless it is a whole number >= 1."""
    if not _is_whole(value) or not 1 <= value <= LARGEST_COUNT:
        raise SetupError(f"setup(): {name}={value!r} must be a whole number >= 1"
                         + (f" and <= {LARGEST_COUNT}" if _is_whole(value) and value > 1 else ""))
    return int(value)


def check_choice(name: str, value: Any, known: Sequence[str], where: str = "") -> str:
    """The choice that a value stands for; None: the first. Raises :class:`SetupError`.

    ``where``: the end of "... is unknown", in messages.
    """
    if value is None:
        return known[0]
    if not isinstance(value, str) or value not in known:
        raise SetupError(f"setup(): {name}={value!r} is unknown{where}; choose one of "
                         f"{list(known)}")
    return str(value)


def check_duration(name: str, value: Any, timestep: float) -> int:
    """A time in ms as a whole number of time steps, >= 1. Raises :class:`SetupError`."""
    _check_number(name, value, minimum=timestep)
    return int(to_steps(value, timestep, f"setup(): {name}", SetupError))


def check_path(name: str, value: Any) -> Path:
    """A file in a folder that can be written to. Raises :class:`SetupError`."""
    try:
        path = Path(value)
        if "\0" in str(path):
            raise ValueError
    except (TypeError, ValueError):
        raise SetupError(f"setup(): {name}={value!r} is not a file name") from None
    if not path.name or path.is_dir():
        raise SetupError(f"setup(): {name}={str(value)!r} is a folder, not a file name")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise SetupError(f"setup(): {name}={str(value)!r} is in a folder that does not exist; "
                         "make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise SetupError(f"setup(): {name}={str(value)!r} is in a folder that cannot be written "
                         "to; choose another")
    return path


def _check_number(name: str, value: Any, minimum: float, exclusive: bool = False) -> None:
    numbers = as_numbers(value)
    if numbers is None or numbers.ndim or value is None:
        raise SetupError(f"setup(): {name}={value!r} must be a number of ms")
    number = float(numbers)
    if not math.isfinite(number) or number < minimum or (exclusive and number == minimum):
        sign = ">" if exclusive else ">="
        raise SetupError(f"setup(): {name}={value!r} ms is not allowed; "
                         f"it must be finite and {sign} {minimum:g} ms")
