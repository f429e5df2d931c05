"""Recordings of a stretch of a run."""

from collections.abc import Callable, Sequence

import numpy as np

from pynn_eprop.models.network import Recorded, Recording, TraceRecording


class Recorder:
    """Collects the samples of some recordings.

    ``read(population, variable)`` gives a variable of a whole population, or the spike counts;
    ``read_trace(projection)`` the eligibility traces of its synapses.
    """

    def __init__(self, recordings: Sequence[Recording],
                 read: Callable[[int, str], np.ndarray],
                 read_trace: Callable[[int], np.ndarray]) -> None:
        self.recordings = recordings
        self.read = read
        self.read_trace = read_trace
        self.samples: list[list[np.ndarray]] = [[] for _ in recordings]
        self.steps: list[list[np.ndarray]] = [[] for _ in recordings]

    def before_first_step(self) -> None:
        """Take spikes of sources at step 0, before anything was computed."""
        for i, recording in enumerate(self.recordings):
            if recording.variable == "spikes":
                self._take_spikes(i, 0)

    def _take_spikes(self, i: int, step: int) -> None:
        chosen = np.unique(np.asarray(self.recordings[i].cells, dtype=int))
        counts = self.read(self.recordings[i].population, "spikes")[chosen].astype(int)
        spikes = np.repeat(chosen, counts)
        self.samples[i].append(spikes)
        self.steps[i].append(np.full(len(spikes), step))

    def after_step(self, step: int) -> None:
        """Take the samples of the last step."""
        for i, recording in enumerate(self.recordings):
            cells = np.asarray(recording.cells, dtype=int)
            if recording.variable == "spikes":
                self._take_spikes(i, step)
            elif recording.variable != "loss" and step % recording.every == 0:
                values = self.read_trace(recording.projection) \
                    if isinstance(recording, TraceRecording) \
                    else self.read(recording.population, recording.variable)
                self.samples[i].append(values[cells])

    def after_interval(self) -> None:
        """Take the loss of an interval that ended."""
        for i, recording in enumerate(self.recordings):
            if recording.variable == "loss":
                self.samples[i].append(np.array(self.read(recording.population, "loss")))

    def recorded(self) -> Recorded:
        """Everything, in the order of the recordings."""
        entries: list[tuple[np.ndarray, np.ndarray] | np.ndarray] = []
        for recording, samples, steps in zip(self.recordings, self.samples, self.steps,
                                             strict=True):
            if recording.variable == "spikes":
                none = np.zeros(0, dtype=int)
                entries.append((np.concatenate([none, *steps]), np.concatenate([none, *samples])))
            elif recording.variable == "loss":
                entries.append(np.array(samples, dtype=float))
            else:
                shape = (len(samples), len(recording.cells))
                entries.append(np.array(samples, dtype=float).reshape(shape))
        return Recorded(tuple(entries))
