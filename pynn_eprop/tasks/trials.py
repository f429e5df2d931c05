"""Inputs and targets of trials, and the responses of readouts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

INPUTS, READOUT = "inputs", "readout"
"""Labels of a task that has one population of inputs and one of readouts."""

_ROUNDING = 1e-6    # of times in ms


@dataclass(frozen=True)
class Trials:
    """One or more trials in a row.

    spike_times: by label of the inputs, for each input cell, sorted, in ms from the start of the
    first trial. targets: by label of the readouts, shape (readouts, steps of all trials), NaN for
    no target; readouts that are not named keep the target given when the network was built.
    values: by label of the analog inputs, shape (frames of all trials, cells), as many frames for
    each trial. durations: ms of each trial, shape (trials,), at most the interval, after which
    nothing happens until the next; None if all are whole.
    """

    n_trials: int
    spike_times: Mapping[str, Sequence[np.ndarray]]
    targets: Mapping[str, np.ndarray] = field(default_factory=dict)
    values: Mapping[str, np.ndarray] = field(default_factory=dict)
    durations: np.ndarray | None = None

    @staticmethod
    def joined(batches: Sequence["Trials"], interval: float) -> "Trials":
        """The trials of all batches one after the other; ``interval`` is a trial's length in ms."""
        starts = np.cumsum([0] + [batch.n_trials for batch in batches]) * interval
        return Trials(
            sum(batch.n_trials for batch in batches),
            {label: [np.concatenate([batch.spike_times[label][cell] + start for batch, start
                                     in zip(batches, starts, strict=False)])
                     for cell in range(len(spike_times))]
             for label, spike_times in batches[0].spike_times.items()},
            {label: np.concatenate([batch.targets[label] for batch in batches], axis=1)
             for label in batches[0].targets},
            {label: np.concatenate([batch.values[label] for batch in batches])
             for label in batches[0].values},
            Trials._joined_durations(batches, interval))

    def part(self, first: int, last: int, interval: float) -> "Trials":
        """Trials number ``first`` to ``last`` - 1; ``interval`` is a trial's length in ms."""
        begin, end = (number * interval - _ROUNDING for number in (first, last))

        def share(rows: int) -> slice:
            """Of rows for all trials, those of these."""
            return slice(first * rows // self.n_trials, last * rows // self.n_trials)

        return Trials(
            last - first,
            {label: [times[(times >= begin) & (times < end)] - first * interval for times in cells]
             for label, cells in self.spike_times.items()},
            {label: target[:, share(target.shape[1])] for label, target in self.targets.items()},
            {label: values[share(len(values))] for label, values in self.values.items()},
            None if self.durations is None else self.durations[first:last])

    @staticmethod
    def _joined_durations(batches: Sequence["Trials"], interval: float) -> np.ndarray | None:
        if all(batch.durations is None for batch in batches):
            return None
        return np.concatenate([np.full(batch.n_trials, interval) if batch.durations is None
                               else batch.durations for batch in batches])


@dataclass(frozen=True)
class Responses:
    """Responses of the readouts in some trials.

    loss: E of each trial, summed over the populations of readouts. y: by label, shape (steps of
    all trials, readouts); empty if the task does not ask for it (``Task.recorded``).
    """

    loss: np.ndarray
    y: Mapping[str, np.ndarray] = field(default_factory=dict)
