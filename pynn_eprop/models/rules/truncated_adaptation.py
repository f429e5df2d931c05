"""Eligibility traces without that of the adaptation."""

from dataclasses import dataclass
from typing import ClassVar

from pynn_eprop.models.rules.eprop import EligibilityVectors


@dataclass(frozen=True)
class TruncatedAdaptation(EligibilityVectors):
    """The adaptation's part of the eligibility vector is left out, and the membrane's kept.

    e_ji^t = h_j^t zhat_i^{t-1}, also for cells that adapt: for LIF cells this is
    :class:`EProp`. A control that the paper does not have: its truncated traces,
    :class:`TruncatedTraces`, lose the membrane's filter, too, and here the slow trace of eq. 27
    alone is cut.
    """

    name: ClassVar[str] = "truncated-adaptation"
    meaning: ClassVar[str] = "filtered presynaptic spikes, and no adaptation in the vector"
    membrane_trace: ClassVar[bool] = True
    adaptation_trace: ClassVar[bool] = False
