"""Sequences for networks of LSTM units that learn interval by interval, and their sizes."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Sequences:
    """A layer of LSTM units, and what one round trains it on.

    words: size of the vocabulary, in and out; None for 9 binary inputs and outputs. steps: of each
    sequence of a batch. repetitions: batches in a round.
    """

    units: int
    batch: int
    hidden: int
    steps: int
    repetitions: int
    interval: int = 4
    words: int | None = None
    learning_rate: float = 1e-3

    @property
    def inputs(self) -> int:
        """Inputs of the units: binary ones, or the size of an embedding."""
        return 9 if self.words is None else self.units

    @property
    def outputs(self) -> int:
        """Readouts."""
        return 9 if self.words is None else self.words

    @property
    def updates(self) -> int:
        """Updates in a round, of rules that learn in intervals."""
        return self.repetitions * self.steps // self.interval

    @property
    def tokens(self) -> int:
        """Steps of all sequences in a round: words, if there are words."""
        return self.repetitions * self.steps * self.batch

    def arrays(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Inputs, targets and whether a step has a target; the second half of a sequence has."""
        rng = np.random.default_rng(1)
        active = np.arange(self.steps) >= (0 if self.words is not None else self.steps // 2)
        if self.words is not None:
            words = rng.integers(0, self.words, (self.steps + 1, self.batch))
            return words[:-1], words[1:], active
        inputs = rng.integers(0, 2, (self.steps, self.batch, self.inputs)).astype(float)
        targets = rng.integers(0, 2, (self.steps, self.batch, self.outputs)).astype(float)
        return inputs, targets, active


WORKLOADS = {
    "copy-repeat-64": Sequences(units=64, batch=16, hidden=128, steps=20, repetitions=400),
    "copy-repeat-128": Sequences(units=128, batch=64, hidden=256, steps=20, repetitions=40),
    "word-prediction": Sequences(units=200, batch=20, hidden=400, steps=200, repetitions=1,
                                 words=10_000, learning_rate=1.0)}
"""By the name of a workload. The first two have the size of ``--size small`` and ``medium``, the
last one has that of the paper."""
