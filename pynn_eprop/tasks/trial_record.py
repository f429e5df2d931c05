"""One recorded trial as plain arrays, for figures."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class TrialRecord:
    """A trial of T steps, times in ms from its start.

    spikes: population label -> (times, cells). states: (population label, variable) -> shape
    (T, cells), step s in row s - 1: "y" and "target" of readouts, and of cells the variables that
    their plan asks for. sizes: population label -> cells. inputs: labels of the populations of
    inputs.
    """

    timestep: float
    interval: float
    spikes: dict[str, tuple[np.ndarray, np.ndarray]]
    states: dict[tuple[str, str], np.ndarray]
    sizes: dict[str, int]
    inputs: tuple[str, ...]

    @property
    def times(self) -> np.ndarray:
        """The time of each step, shape (T,)."""
        return self.timestep * np.arange(1, round(self.interval / self.timestep) + 1)

    def rate(self, label: str) -> float:
        """Mean firing rate of a population, Hz."""
        return len(self.spikes[label][0]) / self.sizes[label] / self.interval * 1000.0
