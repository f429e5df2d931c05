"""Ends of runs that a script asks for, checked before anything runs; and callbacks."""

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.grid import LAST_STEP, to_ms, to_steps
from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.errors import TimeError
from pynn_eprop.models.time_grid import off_grid, whole_steps

Callback = Callable[[float], float]

_NEVER = math.inf


def end_after(duration: Any, state: Any) -> int:
    """The step at which a run of ``duration`` ms ends.

    Raises :class:`TimeError` unless the duration is finite, >= 0 and a whole number of steps.
    """
    call = f"run({duration!r})"
    steps = _steps(call, duration, state.dt, "time does not go back; give 0 ms or more, or reset()")
    return now(state) + steps


def end_at(end: Any, state: Any) -> int:
    """The step at which ``run_until()`` ends. Raises :class:`TimeError` if it cannot be reached."""
    call = f"run_until({end!r})"
    past = f"{{}} ms is in the past; it is {state.t:.15g} ms now, and only reset() goes back"
    return _steps(call, end, state.dt, past, now(state))


def now(state: Any) -> int:
    """The present step."""
    return int(to_steps(state.t, state.dt, "the present time", TimeError, LAST_STEP))


def run_to(last: int, state: Any, callbacks: Iterable[Callback] | None) -> float:
    """Advance to step ``last``; returns the time then, in ms.

    Each callback is called now, and at the time that it returned last; at the end the one whose
    turn is next. Raises :class:`TimeError` for a returned time that is not later, or off the grid.
    """
    given = _listed(callbacks)
    if not given:
        state.run_until(to_ms(last, state.dt))
        return float(state.t)
    due = [(_ask(callback, last, state), callback) for callback in given]
    while now(state) < last:
        soonest = min(step for step, _ in due)
        state.run_until(to_ms(min(int(soonest), last) if soonest < _NEVER else last, state.dt))
        due = [(_ask(callback, last, state), callback) if step == soonest < _NEVER
               else (step, callback) for step, callback in due]
    return float(state.t)


def _listed(callbacks: Iterable[Callback] | None) -> list[Callback]:
    """The callbacks as a list. Raises :class:`TimeError` unless all can be called."""
    if callbacks is None:
        return []
    with as_error(TimeError, "callbacks={} must be a list of functions of the time", callbacks):
        given = list(callbacks)
        if not all(callable(callback) for callback in given):
            raise ValueError("not all can be called")
    return given


def _ask(callback: Callback, last: int, state: Any) -> float:
    """The step at which a callback wants to be called next; infinite for never."""
    time, step = float(state.t), now(state)
    answer = callback(time)
    if step >= last:        # its answer at the end does not matter
        return _NEVER
    value = _number(answer)
    asked = f"callback {_name(callback)} asked at {time:.15g} ms to be called next at {answer!r}"
    if value is None or not value > time:
        raise TimeError(f"{asked}; it must return a later time in ms, or math.inf for never")
    if value == math.inf:
        return _NEVER
    steps, off = whole_steps(value, state.dt)
    if off:
        raise TimeError(f"{asked}: {off_grid(value, state.dt)}")
    if steps <= step:
        raise TimeError(f"{asked}; it must return a later time in ms, or math.inf for never")
    return float(steps)


def _steps(call: str, time: Any, timestep: float, early: str, least: int = 0) -> int:
    """A time as whole steps, not fewer than ``least``.

    ``early``: the message about a time before that, {} for its ms.
    """
    value = _number(time)
    if value is None or not math.isfinite(value) or abs(value / timestep) > LAST_STEP:
        raise TimeError(f"{call}: a run cannot end at {time} ms; give a finite time")
    steps, off = whole_steps(time if isinstance(time, np.floating) else value, timestep)
    if (off and value < to_ms(least, timestep)) or steps < least:
        raise TimeError(f"{call}: {early.format(f'{value:.15g}')}")
    if off:
        raise TimeError(f"{call}: {off_grid(value, timestep)}")
    return int(steps)


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
