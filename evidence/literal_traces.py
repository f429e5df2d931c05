"""The paper's simplified factors of task 1.1 as printed, as a plugin: both are z_i^{t-1}."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pynn_eprop import PostsynapticFactor, register_rule
from pynn_eprop.models.rules.postsynaptic_factor import Memory


@register_rule
@dataclass(frozen=True)
class LiteralTraces(PostsynapticFactor):
    """e_ji^t = z_i^{t-1}, whatever the postsynaptic cell does."""

    name: ClassVar[str] = "literal-traces"
    meaning: ClassVar[str] = "the presynaptic spike alone"
    membrane_trace: ClassVar[bool] = False

    def factor(self, memory: Memory, cells: Any) -> tuple[Any, Memory]:
        """1, also while the cell is refractory."""
        return 1.0 + 0.0 * cells.h, memory
