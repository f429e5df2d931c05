"""The logistic function."""

from typing import Any, ClassVar

from pynn_eprop.models.activations.activation import Activation
from pynn_eprop.models.arrays import sigmoid


class Sigmoid(Activation):
    """The logistic function."""

    name: ClassVar[str] = "sigmoid"
    meaning: ClassVar[str] = "1 / (1 + exp(-s))"

    def __call__(self, s: Any) -> Any:
        """1 / (1 + exp(-s))."""
        return sigmoid(s)

    def slope(self, s: Any) -> Any:
        """sigma (1 - sigma)."""
        value = self(s)
        return value * (1.0 - value)
