"""Learning signals: errors of readouts, sent back to cells (eq. 4, 49)."""

import numpy as np

from pynn_eprop.models.network import (
    FixedFeedback,
    LearningSignal,
    SymmetricFeedback,
    WindowedFeedback,
)
from pynn_eprop.reference.readout import ReadoutState
from pynn_eprop.reference.synapses import Synapses


class SignalPath:
    """One LearningSignal projection. It has no state: L^t pairs with err^t of the same step."""

    def __init__(self, signal: LearningSignal, readout: ReadoutState, cells: int,
                 forward: Synapses | None) -> None:
        self.signal = signal
        self.readout = readout
        self.cells = cells
        self.forward = forward

    @property
    def kappa(self) -> float:
        """Filter of the eligibility traces for this signal: the readout's kappa, or 0 for y."""
        return 0.0 if self.readout.population.loss is None else self.readout.kappa

    def weight(self, local: int) -> np.ndarray:
        """B_jk at step ``local`` of an interval, shape (cells, readouts)."""
        feedback = self.signal.feedback
        if isinstance(feedback, FixedFeedback):
            return np.asarray(feedback.weight, dtype=float)
        if isinstance(feedback, WindowedFeedback):
            return np.asarray(feedback.weight[(local - 1) // feedback.window_steps], dtype=float)
        assert isinstance(feedback, SymmetricFeedback) and self.forward is not None
        matrix = np.zeros((self.cells, self.readout.population.size))
        pair = (self.forward.pre_index, self.forward.post_index)
        np.add.at(matrix, pair, self.forward.weight)                     # B = W_out^T, below eq. 48
        return matrix

    def value(self, local: int) -> np.ndarray:
        """L_j^t = sum_k B_jk err_k^t (y_k^t without a loss), shape (cells,)."""
        sent = self.readout.y if self.readout.population.loss is None else self.readout.error
        return self.weight(local) @ sent
