"""The grid of time steps: which times are on it, and the nearest steps of those that are not."""

import numpy as np
from numpy.typing import ArrayLike

LARGEST_STEPS = 2 ** 31 - 1 # of a delay, a refractory period or an interval: 32 bits
STEP_TOLERANCE = 1e-6       # of a step: the error of decimal fractions of ms in binary
TIME_TOLERANCE = 1e-9       # of the time: the error of a sum of ten million steps
WIDEST_TOLERANCE = 1e-2     # of a step: a larger difference is not rounding
_DECIMALS = 9               # of a ms: gives back 0.3 for three steps of 0.1


def whole_steps(times: ArrayLike, timestep: float) -> tuple[np.ndarray, np.ndarray]:
    """The steps nearest to times in ms (float64), and which of the times are off the grid.

    A time is on the grid if rounding explains the difference: a millionth of a step or, for long
    times, a billionth of the time; for single-precision numbers, their resolution.
    """
    exact, slack = _exact(times, timestep)
    with np.errstate(invalid="ignore"):
        steps = np.rint(exact)
        return steps, ~(np.abs(exact - steps) <= slack)


def first_steps(times: ArrayLike, timestep: float) -> np.ndarray:
    """The first step at or after each time, float64; infinite times stay infinite."""
    exact, _ = _exact(times, timestep)
    steps, off = whole_steps(times, timestep)
    return np.where(off, np.ceil(exact), steps)


def nearest_steps(times: ArrayLike, timestep: float) -> np.ndarray:
    """The step nearest to each time, float64; the later one of a time halfway between two."""
    with np.errstate(over="ignore", invalid="ignore"):
        exact = np.asarray(times, dtype=float) / timestep
        steps = np.rint(exact)
    if np.array_equal(exact, steps):    # as most times are, of which there may be millions
        return steps
    exact, slack = _exact(times, timestep)
    return np.floor(exact + 0.5 + slack)


def off_grid(time: float, timestep: float) -> str:
    """The end of an error message about a time that is off the grid."""
    exact = time / timestep
    near = " and ".join(f"{to_ms(step, timestep):.15g}"
                        for step in (np.floor(exact), np.ceil(exact)))
    return f"not a whole number of time steps of {timestep:g} ms; near it are {near} ms"


def to_ms(steps: ArrayLike, timestep: float) -> np.ndarray | float:
    """Whole steps as ms, without the binary noise of the product."""
    times = np.asarray(steps) * timestep
    with np.errstate(over="ignore"):
        rounded = np.round(times, _DECIMALS)
    return np.where(np.isfinite(rounded), rounded, times)[()]


def decay(timestep: float, tau: ArrayLike) -> np.ndarray:
    """Decay over one step with time constant tau: exp(-dt / tau)."""
    return np.exp(-timestep / np.asarray(tau, dtype=float))


def _exact(times: ArrayLike, timestep: float) -> tuple[np.ndarray, np.ndarray]:
    """Times in steps, and how far rounding may have moved each."""
    given = np.asarray(times)
    with np.errstate(over="ignore"):
        exact = np.asarray(given, dtype=float) / timestep
    relative = TIME_TOLERANCE
    if np.issubdtype(given.dtype, np.floating):
        relative = max(relative, float(np.finfo(given.dtype).eps))
    return exact, np.clip(relative * np.abs(exact), STEP_TOLERANCE, WIDEST_TOLERANCE)
