"""Simplified eligibility traces."""

from dataclasses import dataclass
from typing import ClassVar

from pynn_eprop.models.rules.eprop import EligibilityVectors


@dataclass(frozen=True)
class SimplifiedTraces(EligibilityVectors):
    """The filtered presynaptic spike train zhat_i is replaced by the spike z_i itself.

    e_ji^t = h_j^t (z_i^{t-1} - beta eps_a), and eq. 27 with z_i in the place of zhat_i, so that
    the adaptation's trace stays. For cells that do not adapt this is :class:`TruncatedTraces`.
    The paper prints that h is replaced by z_i^{t-1}, too (results, task 1.1); with h kept, its
    result comes out (0.026).
    """

    name: ClassVar[str] = "simplified-traces"
    meaning: ClassVar[str] = "presynaptic spikes in the place of their filtered trace"
    membrane_trace: ClassVar[bool] = False
    adaptation_trace: ClassVar[bool] = True
