"""Spikes of sources as arrays of (global step, cell): given times, and Poisson draws."""

from collections.abc import Callable

import numpy as np

from pynn_eprop.common.arguments.grid import LAST_STEP
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.counter_random import Draw, uniform_of_steps
from pynn_eprop.models.time_grid import first_steps, nearest_steps

_LARGEST_MEAN = 500.0     # spikes per step; exp(-mean) must not vanish
_BLOCK = 2_000_000        # draws at a time


def check_spike_times(times: list[np.ndarray], owner: str) -> None:
    """Raise :class:`ParameterError` unless each cell's times (ms) are finite, >= 0 and sorted."""
    if not times:
        return
    joined = np.concatenate(times)
    # a time that is not a number is their least and their largest
    if len(joined) and not (joined.min() >= 0 and joined.max() < np.inf):
        wrong = ~np.isfinite(joined) | (joined < 0)
        raise ParameterError(f"{owner}: spike time {joined[wrong][0]:g} ms is not allowed; "
                             "spike times must be finite and >= 0")
    falling = joined[1:] < joined[:-1]
    starts = np.cumsum([len(row) for row in times])[:-1]
    falling[starts[(starts > 0) & (starts < len(joined))] - 1] = False
    if np.any(falling):
        at = int(np.argmax(falling))
        raise ParameterError(f"{owner}: spike times must be in increasing order, but "
                             f"{joined[at]:g} ms comes before {joined[at + 1]:g} ms")


def sort_by_step(steps: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spikes (steps int64, cells int32) sorted by step, those of one step as they stand."""
    order = np.argsort(steps, kind="stable")
    return steps[order], cells[order]


class ArraySpikes:
    """Given spike times of a population: sorted by step, ready to be cut into stretches.

    times: one array of ms per cell. A time between two steps goes to the nearer one, one halfway
    between them to the later. sort: :func:`sort_by_step`, or a backend's own way to do it.
    """

    def __init__(self, times: list[np.ndarray], timestep: float,
                 sort: Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
                 = sort_by_step) -> None:
        counts = [len(row) for row in times]
        joined = np.concatenate(times) if times else np.zeros(0)
        steps = np.minimum(nearest_steps(joined, timestep), LAST_STEP).astype(np.int64)
        cells = np.repeat(np.arange(len(times), dtype=np.int32), counts)
        self._steps, self._cells = sort(steps, cells)

    def between(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The spikes with first <= step <= last: (steps, cells), sorted by step."""
        low, high = np.searchsorted(self._steps, [first, last + 1])
        return self._steps[low:high], self._cells[low:high]


class PoissonSpikes:
    """Independent Poisson counts of rate dt per step, from one uniform per cell and step.

    rate in Hz, start and duration in ms, shape (cells,). A spike at step s is at s dt; cells are
    active at start <= s dt < start + duration. Drawn by inverse CDF from the generator keyed with
    (seed, population index): whatever the stretches, and however many other sources there are.
    """

    def __init__(self, rate: np.ndarray, start: np.ndarray, duration: np.ndarray, timestep: float,
                 key: tuple[int, int], owner: str) -> None:
        self._mean = np.asarray(rate, dtype=float) * timestep / 1000.0
        if np.any(self._mean > _LARGEST_MEAN):
            raise ParameterError(f"{owner}: rate={np.max(rate):g} Hz is not allowed; with a time "
                                 f"step of {timestep:g} ms the highest is "
                                 f"{1000.0 * _LARGEST_MEAN / timestep:g} Hz")
        self._first = first_steps(start, timestep)
        self._end = first_steps(np.asarray(start) + duration, timestep)
        self._key = key

    def between(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """The spikes with first <= step <= last: (steps, cells), sorted by step."""
        low, high = max(first, float(self._first.min(initial=np.inf))), \
            min(last, float(self._end.max(initial=-np.inf)) - 1)
        steps, cells = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)]
        if high >= low:
            block = max(4, _BLOCK // max(len(self._mean), 1))
            for begin in range(int(low), int(high) + 1, block):
                found = self._draw(begin, min(begin + block - 1, int(high)))
                steps.append(found[0])
                cells.append(found[1])
        return np.concatenate(steps), np.concatenate(cells)

    def _draw(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        uniform = uniform_of_steps(first, last, np.arange(len(self._mean)), Draw.POISSON,
                                   self._key)
        row, cell = np.nonzero(uniform >= np.exp(-self._mean))
        step = row + first
        active = (step >= self._first[cell]) & (step < self._end[cell])
        row, cell, step = row[active], cell[active], step[active]
        count = poisson_count(uniform[row, cell], self._mean[cell])
        return np.repeat(step, count), np.repeat(cell, count).astype(np.int32)


def poisson_count(uniform: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """The smallest k with uniform < P(count <= k), element by element."""
    count = np.zeros(len(uniform), dtype=np.int64)
    term = np.exp(-mean)
    cumulative = term.copy()
    open_ = uniform >= cumulative
    while np.any(open_ & (term > 0)):
        count[open_] += 1
        term = np.where(open_, term * mean / np.maximum(count, 1), term)
        cumulative = np.where(open_, cumulative + term, cumulative)
        open_ = (uniform >= cumulative) & (term > 1e-300)
    return count
