"""Truncated eligibility traces."""

from dataclasses import dataclass
from typing import ClassVar

from pynn_eprop.models.rules.eprop import EligibilityVectors


@dataclass(frozen=True)
class TruncatedTraces(EligibilityVectors):
    """The eligibility vector is ds_j^t / dtheta alone: the present input without the cell's past.

    e_ji^t = h_j^t z_i^{t-1}, also for cells that adapt: the paper's truncated traces, of tasks 1.2
    (where they cannot bridge the delay), 2.1 and 3.2. Of cells that pass on values the state's own
    past is left out likewise (results, task 3.2, for LSTM units).
    """

    name: ClassVar[str] = "truncated-traces"
    meaning: ClassVar[str] = "no filter and no adaptation in the eligibility vector"
    membrane_trace: ClassVar[bool] = False
    adaptation_trace: ClassVar[bool] = False
    for_analog: ClassVar[bool] = True
