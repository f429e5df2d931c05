"""One recorded trial as plain arrays: what the figures draw."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TrialRecord:
    """A trial of T steps, times in ms from its start.

    spikes: population label -> (times, cells). y, target: shape (T, readouts), step s in row
    s - 1. adaptation: a of each adaptive population, label -> (T, cells).
    """

    timestep: float
    interval: float
    spikes: dict[str, tuple[np.ndarray, np.ndarray]]
    y: np.ndarray
    target: np.ndarray
    adaptation: dict[str, np.ndarray]

    @property
    def times(self) -> np.ndarray:
        """The time of each step, shape (T,)."""
        return self.timestep * np.arange(1, len(self.y) + 1)

    def rate(self, label: str, n_cells: int) -> float:
        """Mean firing rate of a population, Hz."""
        return len(self.spikes[label][0]) / n_cells / self.interval * 1000.0
