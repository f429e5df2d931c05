"""Bernoulli spikes of groups of inputs that are active in some periods only."""

import numpy as np


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
    time_of_step = np.add.outer(blocks * block_steps, np.arange(block_steps)).ravel() * timestep
    starts = steps_per_cell * np.arange(n_cells + 1)
    bounds = np.searchsorted(slots, starts)
    return [time_of_step[slots[low:high] - start]
            for low, high, start in zip(bounds[:-1], bounds[1:], starts[:-1], strict=True)]


def bernoulli_positions(n: int, p: float, rng: np.random.Generator) -> np.ndarray:
    """Sorted positions in 0..n-1, each taken with probability ``p``, independently."""
    found = [np.empty(0, dtype=np.int64)]
    last = -1
    while last < n:
        expected = (n - last) * p
        count = int(expected + 4.0 * expected**0.5) + 16
        positions = last + np.cumsum(rng.geometric(p, count))
        found.append(positions)
        last = int(positions[-1])
    merged = np.concatenate(found)
    return merged[: np.searchsorted(merged, n)]
