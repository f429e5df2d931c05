"""Inputs, targets and weights of a network, drawn from a seed."""

from dataclasses import dataclass

import numpy as np
from pyNN.parameters import Sequence


@dataclass(frozen=True)
class Size:
    """Cells of a network, and its time: intervals of so many steps of 1 ms."""

    inputs: int = 5
    cells: int = 12
    readouts: int = 2
    interval: int = 40
    intervals: int = 3

    @property
    def duration(self) -> float:
        """Of all intervals, in ms."""
        return float(self.interval * self.intervals)


class Drawn:
    """Numbers of a network: equal whenever they are drawn, on every backend.

    They are drawn in the order in which a script asks for them.
    """

    def __init__(self, size: Size, seed: int) -> None:
        self.size = size
        self._rng = np.random.default_rng(seed)

    def spike_times(self, rate: float = 300.0) -> list[Sequence]:
        """Times in ms of each input; rate: Hz, from the first step on."""
        size = self.size
        spikes = round(size.duration * rate / 1000.0)
        return [Sequence(np.sort(self._rng.choice(int(size.duration), spikes, replace=False))
                         .astype(float)) for _ in range(size.inputs)]

    def weights(self, pre: int, post: int, scale: float = 1.0) -> np.ndarray:
        """Weights of all to all, (pre, post), of a size that suits ``pre`` inputs."""
        return self._rng.normal(0.0, scale / np.sqrt(pre), (pre, post))

    def rows(self, pre: int, post: int, density: float, delays: tuple[float, ...],
             scale: float = 1.0) -> list[list[float]]:
        """Rows of a FromListConnector: pre, post, weight, delay in ms.

        There are none from a cell to itself, if there are as many of ``pre`` as of ``post``.
        """
        there = self._rng.random((pre, post)) < density
        if pre == post:
            np.fill_diagonal(there, False)
        i, j = np.nonzero(there)
        return np.column_stack([
            i, j, self._rng.normal(0.0, scale / np.sqrt(max(density * pre, 1.0)), len(i)),
            self._rng.choice(delays, len(i))]).tolist()

    def feedback(self, readouts: int, cells: int) -> np.ndarray:
        """Weights of a learning signal, (readouts, cells)."""
        return self._rng.normal(0.0, 0.3, (readouts, cells))

    def values(self, cells: int, frames: int) -> np.ndarray:
        """Values of an analog source, (cells, frames)."""
        return self._rng.normal(size=(cells, frames))

    def curves(self, intervals: int = 1) -> np.ndarray:
        """Targets of readouts, (readouts, steps)."""
        return self._rng.normal(size=(self.size.readouts, intervals * self.size.interval))

    def classes(self, asked: float = 0.6) -> np.ndarray:
        """Targets of a softmax, (readouts, steps); NaN at steps that no answer is asked for."""
        size = self.size
        target = np.eye(size.readouts)[self._rng.integers(size.readouts, size=size.interval)].T
        target[:, self._rng.random(size.interval) > asked] = np.nan
        return target
