"""Eligibility traces of plastic synapses, carried forward in time, and the gradient they give."""

from collections.abc import Sequence

import numpy as np

from pynn_eprop.models.answers import as_answer, ask, called
from pynn_eprop.models.rules import Rule
from pynn_eprop.reference.analog_cells import AnalogState
from pynn_eprop.reference.cells import EPropCells
from pynn_eprop.reference.component import Component
from pynn_eprop.reference.readout import ReadoutState

Signal = tuple[float, np.ndarray]


class CellTraces(Component):
    """Traces of the synapses onto e-prop cells, one array entry per synapse.

    The rule's own traces, such as the eligibility vector, are further attributes. e_now: e of
    the last step. e_bar: e filtered with the kappa of each learning signal, shape (signals,
    synapses). signal_sum, e_sum: sum_t L^t e_bar^t and sum_t e^t of the update in progress.
    """

    def __init__(self, post_index: np.ndarray, signals: int, rule: Rule,
                 cells: EPropCells | AnalogState, receptor: str, label: str) -> None:
        self.post_index = post_index
        self.label = label
        self.signals = signals
        self.rule = rule
        self.cells = cells.seen_by(rule, receptor)
        self.kept = rule.traces_of(type(cells.population))
        self._what = called(label, "rule", rule, "eligibility")
        self.variables = (*self.kept, "e_bar", "signal_sum", "e_sum")
        self.signal_sum = np.zeros(len(post_index))
        self.e_sum = np.zeros(len(post_index))
        self.reset()

    def reset(self) -> None:
        """The traces at the start of an interval."""
        size = len(self.post_index)
        for name in self.kept:
            setattr(self, name, np.zeros(size))
        self.e_now = np.zeros(size)
        self.e_bar = np.zeros((self.signals, size))

    def advance(self, arriving: np.ndarray, signals: Sequence[Signal], learning: bool) -> None:
        """One step; ``arriving`` is z_i^{t-d} per synapse, ``signals`` are (kappa, L_j^t)."""
        self.learn_from(self.eligibility_now(arriving), signals, learning)

    def eligibility_now(self, arriving: np.ndarray) -> np.ndarray:
        """The eligibility traces of one step of the cells."""
        j = self.post_index
        what, shape = self._what, (len(j),)
        e = as_answer(ask(self.label, "rule", self.rule, "eligibility", self, arriving, self.cells,
                          j), shape, what)
        self.e_now = np.broadcast_to(e, shape)
        for name in self.kept:
            as_answer(getattr(self, name), shape, f"{what}: the trace {name!r}", one=False)
        return np.asarray(e)

    def learn_from(self, e: np.ndarray, signals: Sequence[Signal], learning: bool) -> None:
        """One step of the network, at which the eligibility traces are ``e``."""
        j = self.post_index
        for r, (kappa, signal) in enumerate(signals):
            self.e_bar[r] = kappa * self.e_bar[r] + e                               # eq. 45
            if learning:
                self.signal_sum += signal[j] * self.e_bar[r]                        # eq. 1, 46, 47
        if learning:
            self.e_sum += e

    def end_update(self, rate_term: np.ndarray) -> np.ndarray:
        """The gradient of the update, with the rate term C_j sum_t e^t (eq. 56)."""
        gradient = self.signal_sum + rate_term[self.post_index] * self.e_sum
        self.signal_sum = np.zeros(len(gradient))
        self.e_sum = np.zeros(len(gradient))
        return gradient


class ReadoutTraces(Component):
    """Traces of the synapses onto readouts: z_bar, filtered with kappa, one entry per synapse."""

    variables = ("z_bar", "signal_sum")

    def __init__(self, post_index: np.ndarray) -> None:
        self.post_index = post_index
        self.signal_sum = np.zeros(len(post_index))
        self.reset()

    def reset(self) -> None:
        """The traces at the start of an interval."""
        self.z_bar = np.zeros(len(self.post_index))

    def advance(self, arriving: np.ndarray, readout: ReadoutState, learning: bool) -> None:
        """One step; ``arriving`` is z_j^{t-d+1} per synapse."""
        self.z_bar = readout.kappa * self.z_bar + arriving
        if learning:
            self.signal_sum += readout.error[self.post_index] * self.z_bar          # eq. 48, 53

    def end_update(self) -> np.ndarray:
        """The gradient of the update."""
        gradient = self.signal_sum
        self.signal_sum = np.zeros(len(gradient))
        return gradient
