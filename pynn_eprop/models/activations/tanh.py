"""The hyperbolic tangent."""

from typing import Any, ClassVar

from pynn_eprop.models.activations.activation import Activation
from pynn_eprop.models.arrays import functions_of


class Tanh(Activation):
    """The hyperbolic tangent."""

    name: ClassVar[str] = "tanh"
    meaning: ClassVar[str] = "tanh(s)"

    def __call__(self, s: Any) -> Any:
        """tanh(s)."""
        return functions_of(s).tanh(s)

    def slope(self, s: Any) -> Any:
        """1 - tanh(s)^2."""
        return 1.0 - self(s) ** 2
