"""e-prop 1: the eligibility traces of eq. 22 to 28, and rules that leave parts of them out."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.rules.rule import Rule


@dataclass(frozen=True)
class EligibilityVectors(Rule):
    """Rules whose trace is h_j (eps_v - beta eps_a).

    membrane_trace: eps_v is the presynaptic spike train filtered with the membrane's alpha (eq.
    22); otherwise it is the spike train itself. adaptation_trace: eps_a follows eq. 27; otherwise
    it is 0, as for cells without adaptation.
    """

    membrane_trace: ClassVar[bool]
    adaptation_trace: ClassVar[bool]
    traces: ClassVar[tuple[str, ...]] = ("eps_v", "eps_a")

    def eligibility(self, traces: Any, arriving: np.ndarray, cells: Any, post: np.ndarray
                    ) -> np.ndarray:
        """e_ji of one step, shape (synapses,); see :class:`Rule`."""
        h, rho, beta = cells.h[post], cells.rho[post], cells.beta[post]
        alpha = cells.alpha[post] if self.membrane_trace else 0.0
        traces.eps_v = alpha * traces.eps_v + arriving                              # eq. 22
        e = h * (traces.eps_v - beta * traces.eps_a)                                # eq. 23, 28
        if self.adaptation_trace:
            traces.eps_a = h * traces.eps_v + (rho - beta * h) * traces.eps_a       # eq. 27
        return np.asarray(e)


@dataclass(frozen=True)
class EProp(EligibilityVectors):
    """e-prop 1 as the paper derives it: complete eligibility traces (eq. 22-28)."""

    name: ClassVar[str] = "e-prop"
    meaning: ClassVar[str] = "complete eligibility traces (eq. 22-28)"
    membrane_trace: ClassVar[bool] = True
    adaptation_trace: ClassVar[bool] = True
