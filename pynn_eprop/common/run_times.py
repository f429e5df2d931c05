"""Times that a script asks runs for: whether they can be, before anything runs."""

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

from pynn_eprop.common.typed_errors import as_error
from pynn_eprop.errors import TimeError

Callback = Callable[[float], float]

PROGRESS = 1e-9     # ms: what is nearer to a time than this is that time


def check_duration(duration: Any, state: Any) -> float:
    """``duration`` of a run in ms. Raises :class:`TimeError` unless it is finite and >= 0.

    What rounding may have made of 0, up to half a time step below it, is allowed.
    """
    value = _finite(f"run({duration!r})", duration)
    if value < -state.dt / 2.0:
        raise TimeError(f"run({duration!r}): time does not go back; give 0 ms or more, or reset()")
    return value


def check_end(end: Any, state: Any) -> float:
    """The time of ``run_until()`` in ms. Raises :class:`TimeError` unless it can come.

    What rounding may have made of now, up to half a time step before it, is allowed.
    """
    value = _finite(f"run_until({end!r})", end)
    if value - state.t < -state.dt / 2.0:
        raise TimeError(f"run_until({end!r}): {value:g} ms is in the past; it is {state.t:g} ms "
                        "now, and only reset() goes back")
    return value


def _finite(call: str, time: Any) -> float:
    value = _number(time)
    if value is None or not math.isfinite(value):
        raise TimeError(f"{call}: a run cannot end at {time} ms; give a finite time")
    return value


def checked(callbacks: Iterable[Callback] | None, end: float) -> list[Callback] | None:
    """Callbacks that raise :class:`TimeError` if they ask for a time that is not after now.

    ``end``: of the run; what they answer then does not matter.
    """
    if callbacks is None:
        return None
    with as_error(TimeError, "callbacks={} must be a list of functions of the time",
                  callbacks):
        given = list(callbacks)
        if not all(callable(callback) for callback in given):
            raise ValueError("not all can be called")
    return [functools.partial(_ask, callback, end) for callback in given]


def _ask(callback: Callback, end: float, now: float) -> float:
    answer = callback(now)
    if now + PROGRESS >= end:
        return end
    value = _number(answer)
    if value is None or not value > now + PROGRESS:
        raise TimeError(f"callback {_name(callback)} asked at {now:g} ms to be called next at "
                        f"{answer!r}; it must return a later time in ms, or math.inf for never")
    return value


def _number(value: Any) -> float | None:
    if isinstance(value, str):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def _name(callback: Any) -> str:
    named = callback.func if isinstance(callback, functools.partial) else callback
    return str(getattr(named, "__qualname__", type(named).__name__))
