"""Recordings of a run that consists of trials."""

import numpy as np

from pynn_eprop.in_the_loop.reading import Trial
from pynn_eprop.models.network import Recording


class TrialRecord:
    """What one recording has taken so far."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.cells = np.asarray(recording.cells, dtype=int)
        self.parts: list[np.ndarray] = []
        self.steps: list[np.ndarray] = []

    def take(self, trial: Trial, start: int, length: int) -> None:
        """Take a trial that began at global step ``start``."""
        index, variable = self.recording.population, self.recording.variable
        if variable == "loss":
            self.parts.append(np.array([trial.losses[index]]))
        elif variable == "spikes":
            steps, cells = trial.spikes[index]
            wanted = np.isin(cells, self.cells)
            self.steps.append(np.asarray(steps[wanted]) + start)
            self.parts.append(np.asarray(cells[wanted]))
        else:
            taken = (start + np.arange(1, length + 1)) % self.recording.every == 0
            self.parts.append(trial.rows[index][variable][taken][:, self.cells])

    def entry(self) -> tuple[np.ndarray, np.ndarray] | np.ndarray:
        """What was recorded."""
        if self.recording.variable == "spikes":
            if not self.parts:
                return np.zeros(0, int), np.zeros(0, int)
            return np.concatenate(self.steps), np.concatenate(self.parts)
        if not self.parts:
            return np.zeros(0) if self.recording.variable == "loss" \
                else np.zeros((0, len(self.cells)))
        return np.concatenate(self.parts)
