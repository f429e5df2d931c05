"""Times on the grid of time steps."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from pynn_eprop.errors import DelayError, EPropError
from pynn_eprop.models.time_grid import STEP_TOLERANCE, off_grid, to_ms, whole_steps

__all__ = ["LARGEST_STEPS", "LAST_STEP", "delay_steps", "to_ms", "to_steps"]

LARGEST_STEPS = 2 ** 31 - 1     # of a delay, a refractory period or an interval: 32 bits
LAST_STEP = 2 ** 53             # of a time: float64 has every whole number up to this


def to_steps(times: ArrayLike, timestep: float, owner: str,
             error: Callable[[str], EPropError] = DelayError,
             longest: int = LARGEST_STEPS) -> np.ndarray:
    """Times in ms as whole steps (int64, the shape of ``times``).

    Raises ``error`` for a time that is not a whole number of steps, or more than ``longest``;
    ``owner`` starts the message.
    """
    steps, off = whole_steps(times, timestep)
    if not np.all(np.isfinite(steps)):
        raise error(f"{owner}={_first(times, ~np.isfinite(steps))} must be finite")
    long = np.abs(steps) > longest
    if np.any(long):
        raise error(f"{owner}={_first(times, long):g} ms is too long; the longest is "
                    f"{longest} time steps of {timestep:g} ms")
    if np.any(off):
        value = _first(times, off)
        raise error(f"{owner}={value:.15g} ms is {off_grid(value, timestep)}")
    return steps.astype(np.int64)


def delay_steps(delays: ArrayLike, timestep: float, owner: str, minimum: float,
                maximum: float | None = None) -> np.ndarray:
    """Delays in ms as whole steps, int32 of the same shape.

    Raises :class:`DelayError` for one under ``minimum`` or over ``maximum`` ms, or off the grid.
    """
    values = np.asarray(delays, dtype=float)
    slack = STEP_TOLERANCE * timestep
    short = ~(values >= minimum - slack)
    if np.any(short):
        raise DelayError(f"{owner}: delay={_first(values, short):g} ms is too short; "
                         f"the shortest is {minimum:g} ms")
    if maximum is not None and np.any(values > maximum + slack):
        raise DelayError(f"{owner}: delay={_first(values, values > maximum + slack):g} ms is too "
                         f"long; setup(max_delay={maximum:g}) sets the limit")
    long = values / timestep > LARGEST_STEPS
    if np.any(long):
        raise DelayError(f"{owner}: delay={_first(values, long):g} ms is too long; the longest is "
                         f"{LARGEST_STEPS} time steps of {timestep:g} ms")
    return to_steps(values, timestep, f"{owner}: delay").astype(np.int32)


def _first(values: ArrayLike, where: np.ndarray) -> float:
    return float(np.broadcast_to(np.asarray(values, dtype=float), where.shape)[where].flat[0])
