"""Bernoulli spikes of groups of inputs that are active in some periods only."""

import math

import numpy as np

_NUMPY_SEARCHES_FROM = 1.0 / 3.0    # it draws otherwise from there on


def grouped_bernoulli_spikes(blocks: np.ndarray, n_cells: int, block_steps: int, p: float,
                             timestep: float, rng: np.random.Generator) -> list[np.ndarray]:
    """Sorted spike times (ms) of each of ``n_cells`` cells.

    In every step of the active blocks (sorted numbers of periods of ``block_steps`` steps) each
    cell spikes with probability ``p``. The gaps between spikes are geometric, so the cost grows
    with the number of spikes rather than of steps.
    """
    steps_per_cell = len(blocks) * block_steps
    slots = bernoulli_positions(n_cells * steps_per_cell, p, rng)
    if steps_per_cell == 0:
        return [np.empty(0) for _ in range(n_cells)]
    # the time of each step of the active blocks, to be looked up: there are many more spikes
    time_of_step = np.add.outer(blocks * float(block_steps), np.arange(float(block_steps))).ravel()
    time_of_step *= timestep
    starts = steps_per_cell * np.arange(n_cells + 1)
    bounds = np.searchsorted(slots, starts)
    return [time_of_step[slots[low:high] - start]
            for low, high, start in zip(bounds[:-1], bounds[1:], starts[:-1], strict=True)]


def bernoulli_positions(n: int, p: float, rng: np.random.Generator) -> np.ndarray:
    """Sorted positions in 0..n-1, each taken with probability ``p``, independently."""
    found = [np.empty(0)]
    last = -1.0
    while last < n:
        expected = (n - last) * p
        count = int(expected + 4.0 * expected**0.5) + 16
        positions = geometric_gaps(count, p, rng)
        positions[0] += last
        np.cumsum(positions, out=positions)
        found.append(positions)
        last = float(positions[-1])
    merged = found[1] if len(found) == 2 else np.concatenate(found)
    return merged[: np.searchsorted(merged, n)].astype(np.int64)


def geometric_gaps(count: int, p: float, rng: np.random.Generator) -> np.ndarray:
    """What ``rng.geometric(p, count)`` draws, as float64.

    NumPy, too, rounds up exponential numbers if ``p`` is less than a third, one by one, which takes
    twice the time.
    """
    if p >= _NUMPY_SEARCHES_FROM:
        return rng.geometric(p, count).astype(float)
    gaps = rng.standard_exponential(count)
    gaps /= -math.log1p(-p)
    return np.ceil(gaps, out=gaps)
