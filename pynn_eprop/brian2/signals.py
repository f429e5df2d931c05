"""Learning signals: the errors of readouts, sent back to cells (eq. 4, 49)."""

import numpy as np

from pynn_eprop.brian2.cells import SpikingGroup
from pynn_eprop.brian2.readouts import ReadoutGroup
from pynn_eprop.brian2.synapses import SynapseGroup
from pynn_eprop.models.network import Feedback, FixedFeedback, SymmetricFeedback, WindowedFeedback


class SignalSender:
    """Sends one learning signal: writes the variable ``L_number`` of its cells.

    forward: the synapses whose weights a symmetric signal uses, once they are built; None if there
    are none.
    """

    def __init__(self, readout: ReadoutGroup, cells: SpikingGroup, feedback: Feedback) -> None:
        self.readout, self.cells, self.feedback = readout, cells, feedback
        self.forward: SynapseGroup | None = None
        self.number = cells.add_signal()

    def weight(self, local: int) -> np.ndarray:
        """B_jk at step ``local`` of an interval, (cells, readouts)."""
        if isinstance(self.feedback, FixedFeedback):
            return np.asarray(self.feedback.weight)
        if isinstance(self.feedback, WindowedFeedback):
            return np.asarray(self.feedback.weight[(local - 1) // self.feedback.window_steps])
        assert isinstance(self.feedback, SymmetricFeedback)
        matrix = np.zeros((self.cells.size, self.readout.size))
        if self.forward is not None:
            np.add.at(matrix, (self.forward.pre_index, self.forward.post_index),
                      self.forward.weight)
        return matrix                                                       # B = W_out^T

    def send(self, local: int) -> None:
        """L_j = sum_k B_jk err_k of the step in progress."""
        value = self.weight(local) @ self.readout.sent
        self.cells.group.variables[f"L_{self.number}"].set_value(value)
