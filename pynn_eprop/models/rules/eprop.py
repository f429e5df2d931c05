"""e-prop 1: the eligibility traces of eq. 22 to 28, and rules that leave parts of them out."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import LearningCells, SpikingCells
from pynn_eprop.models.rules.rule import Rule


@dataclass(frozen=True)
class EligibilityVectors(Rule):
    """Rules whose trace is h_j times an eligibility vector, weighted (eq. 2 to 5).

    The eligibility vector follows from the derivatives that a kind of cell gives, see
    :class:`~pynn_eprop.models.cells.SpikingCells`; for LIF and adaptive LIF cells e is
    h_j (eps_v - beta eps_a). Of cells that pass on values it follows likewise, with the derivatives
    of the output in the place of h_j (:class:`~pynn_eprop.models.cells.AnalogCells`).

    membrane_trace: the presynaptic spikes are filtered with the membrane's alpha (eq. 22), or with
    the kind's own presynaptic trace. adaptation_trace: everything else that the state passes on to
    the next step counts, such as the adaptation in eq. 27.
    """

    membrane_trace: ClassVar[bool]
    adaptation_trace: ClassVar[bool]

    def traces_of(self, kind: type[LearningCells]) -> tuple[str, ...]:
        """One trace for each state variable."""
        return tuple(f"eps_{state}" for state in kind.state_variables())

    def check_kind(self, kind: type[LearningCells], owner: str) -> None:
        """Refuse kinds without a presynaptic trace if the rule leaves out that trace only."""
        super().check_kind(kind, owner)
        if self.adaptation_trace and not self.membrane_trace and issubclass(kind, SpikingCells) \
                and not kind.presynaptic_trace:
            raise UnsupportedError(f"{owner}: rule {self.name!r} leaves out the filter of the "
                                   f"presynaptic spikes, and {kind.name} names none; choose "
                                   "another rule")

    def eligibility(self, traces: Any, arriving: np.ndarray, cells: Any, post: np.ndarray
                    ) -> np.ndarray:
        """e_ji of one step, shape (synapses,); see :class:`Rule`."""
        derivatives = cells.derivatives()
        before = {state: getattr(traces, f"eps_{state}") for state in derivatives.states}
        eps = self._carried(derivatives, before, post, at_start=True)               # eq. 22
        for state, factor in derivatives.drive.items():
            eps[state] = eps[state] + _of_synapses(factor, post) * arriving
        vector = sum(_of_synapses(factor, post) * eps[state]
                     for state, factor in derivatives.distance.items())
        if derivatives.direct is not None:                                          # eq. 40
            vector = vector + _of_synapses(derivatives.direct, post) * arriving
        e = cells.h[post] * vector                                                  # eq. 23, 28
        for state, values in self._carried(derivatives, eps, post, at_start=False).items():
            setattr(traces, f"eps_{state}", values)                                 # eq. 27
        return np.asarray(e)

    def _carried(self, derivatives: Any, eps: dict[str, np.ndarray], post: np.ndarray,
                 at_start: bool) -> dict[str, np.ndarray]:
        """The eligibility vector one step on, of the states that move now."""
        moving = [state for state in eps if (state in derivatives.carried_at_start) == at_start]
        carried = {**eps, **{state: np.zeros(len(post)) for state in moving}}
        for (of, by), factor in derivatives.transition.items():
            kept = self.membrane_trace if (of, by) in derivatives.presynaptic_trace \
                else self.adaptation_trace
            if kept and of in moving:
                carried[of] = carried[of] + _of_synapses(factor, post) * eps[by]
        return carried


def _of_synapses(values: Any, post: np.ndarray) -> Any:
    """Values of cells, or one number for all, as those of their synapses."""
    return values[post] if np.ndim(values) else values


@dataclass(frozen=True)
class EProp(EligibilityVectors):
    """e-prop 1 as the paper derives it: complete eligibility traces (eq. 22-28, 30-40)."""

    name: ClassVar[str] = "e-prop"
    meaning: ClassVar[str] = "complete eligibility traces (eq. 22-28)"
    membrane_trace: ClassVar[bool] = True
    adaptation_trace: ClassVar[bool] = True
    for_analog: ClassVar[bool] = True
