"""Times on the grid of time steps."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from pynn_eprop.errors import DelayError, EPropError

TOLERANCE = 1e-6     # of a step: what decimal fractions of ms lose in binary
LARGEST_STEPS = 2 ** 31 - 1     # of a delay, a refractory period or an interval: 32 bits
_DECIMALS = 9        # of a ms: gives back 0.3 for three steps of 0.1


def to_steps(times: ArrayLike, timestep: float, owner: str,
             error: Callable[[str], EPropError] = DelayError) -> np.ndarray:
    """Times in ms as whole steps (int64, the shape of ``times``).

    Raises ``error`` for a time that is no whole number of steps; ``owner`` starts the message.
    """
    exact = np.asarray(times, dtype=float) / timestep
    if not np.all(np.isfinite(exact)):
        raise error(f"{owner}={_first(times, ~np.isfinite(exact))} must be finite")
    long = np.abs(exact) > LARGEST_STEPS
    if np.any(long):
        raise error(f"{owner}={_first(times, long):g} ms is too long; the longest is "
                    f"{LARGEST_STEPS} time steps of {timestep:g} ms")
    steps = np.rint(exact)
    off = np.abs(exact - steps) > TOLERANCE
    if np.any(off):
        value = _first(times, off)
        around = (np.floor(value / timestep), np.ceil(value / timestep))
        near = " and ".join(f"{to_ms(step, timestep):g}" for step in around)
        raise error(f"{owner}={value:g} ms is no whole number of time steps of {timestep:g} ms; "
                    f"near it are {near} ms")
    return steps.astype(np.int64)


def to_ms(steps: ArrayLike, timestep: float) -> np.ndarray | float:
    """Whole steps as ms, without the binary noise of the product."""
    return np.round(np.asarray(steps) * timestep, _DECIMALS)[()]


def delay_steps(delays: ArrayLike, timestep: float, owner: str, minimum: float,
                maximum: float | None = None) -> np.ndarray:
    """Delays in ms as whole steps, int32 of the same shape.

    Raises :class:`DelayError` for one under ``minimum`` or over ``maximum`` ms, or off the grid.
    """
    values = np.asarray(delays, dtype=float)
    slack = TOLERANCE * timestep
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
