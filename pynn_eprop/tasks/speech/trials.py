"""Utterances as trials."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pynn_eprop.data.speech import Utterance
from pynn_eprop.tasks.trials import INPUTS, READOUT, Trials


@dataclass(frozen=True, kw_only=True)
class SpeechTrials(Trials):
    """One utterance a trial, from its start on. steps: time steps of a frame."""

    utterances: tuple[Utterance, ...]
    steps: int

    @classmethod
    def of(cls, utterances: Sequence[Utterance], *, frames: int, steps: int, phones: int,
           frame: float, shortened: bool) -> "SpeechTrials":
        """Trials of ``frames`` frames each, with zeros and no target behind an utterance.

        phones: how many there are. frame: ms of one. shortened: whether trials end with their
        utterances.
        """
        values = np.zeros((len(utterances), frames, utterances[0].features.shape[1]))
        target = np.full((phones, len(utterances), frames), np.nan, dtype=np.float32)
        for trial, each in enumerate(utterances):
            values[trial, :each.n_frames] = each.features
            target[:, trial, :each.n_frames] = np.arange(phones)[:, np.newaxis] == each.labels
        durations = np.array([frame * each.n_frames for each in utterances])
        return cls(
            n_trials=len(utterances), spike_times={},
            targets={READOUT: np.repeat(target.reshape(phones, -1), steps, axis=1)},
            values={INPUTS: values.reshape(len(utterances) * frames, -1)},
            durations=durations if shortened else None,
            utterances=tuple(utterances), steps=steps)

    def frame_means(self, y: np.ndarray) -> list[np.ndarray]:
        """The mean output in each frame of each utterance, shape (frames, phones).

        y: shape (steps of all trials, phones).
        """
        whole = y.reshape(self.n_trials, -1, self.steps, y.shape[1])
        return [trial[:each.n_frames].mean(axis=1)
                for trial, each in zip(whole, self.utterances, strict=True)]
