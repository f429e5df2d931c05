"""The voltage-based rule of Clopath et al. (2010) in the place of the pseudo-derivative."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.rules.postsynaptic_factor import Memory, PostsynapticFactor
from pynn_eprop.models.time_grid import decay

_V_PLUS = Parameter("v_plus", 0.0, "v_th", "threshold of the membrane potential")
_V_MINUS = Parameter("v_minus", 0.25, "v_th", "threshold of its filtered value")
_TAU_V = Parameter("tau_v", 10.0, "ms", "time constant of that filter", minimum=0.0,
                   exclusive=True)


@dataclass(frozen=True)
class ClopathRule(PostsynapticFactor):
    """Long-term potentiation as Clopath et al. (2010) fitted it to data (eq. 57).

    e_ji^t = [v_j^t - v_plus v_th]^+ [vhat_j^t - v_minus v_th]^+ zhat_i^{t-1}, with [x]^+ the
    positive part, and vhat the membrane potential filtered with tau_v (ms):
    vhat^t = d vhat^{t-1} + (1 - d) v^t, d = exp(-dt / tau_v).

    v_plus, v_minus: thresholds in units of the cell's v_th; the paper's are 0 and 1/4.
    while_refractory: whether the trace also grows while the cell cannot spike. The paper does not
    say; without it, as with the pseudo-derivative of eq. 24, task 1.1 is learned better. Cells that
    adapt have no trace of their adaptation.
    """

    v_plus: float = _V_PLUS.default
    v_minus: float = _V_MINUS.default
    tau_v: float = _TAU_V.default
    while_refractory: bool = False

    name: ClassVar[str] = "clopath"
    meaning: ClassVar[str] = "membrane potential and its filtered value in the place of h (eq. 57)"
    needs: ClassVar[tuple[str, ...]] = ("v", "spikes")
    memory: ClassVar[tuple[str, ...]] = ("v_hat", "silent_steps")

    def __post_init__(self) -> None:
        for row in (_V_PLUS, _V_MINUS, _TAU_V):
            row.check_one(getattr(self, row.name), "ClopathRule")
        if not isinstance(self.while_refractory, (bool, np.bool_)):
            raise ParameterError(f"ClopathRule: while_refractory={self.while_refractory!r} must be "
                                 "True or False")

    def v_decay(self, timestep: float) -> float:
        """d, the decay of vhat in a time step (ms)."""
        return float(decay(timestep, self.tau_v))

    def factor(self, memory: Memory, cells: Any) -> tuple[Any, Memory]:
        """The product of both positive parts; silent_steps counts the refractory period down."""
        v, d, silent = cells.v, self.v_decay(cells.timestep), memory["silent_steps"]
        v_hat = d * memory["v_hat"] + (1.0 - d) * v
        above = v - self.v_plus * cells.v_th
        filtered = v_hat - self.v_minus * cells.v_th
        P = above * (above > 0) * filtered * (filtered > 0)
        if not self.while_refractory:
            P = P * (silent <= 0)
        left = (silent - 1) * (silent > 1)
        return P, {"v_hat": v_hat,
                   "silent_steps": cells.z * cells.refractory_steps + (1 - cells.z) * left}
