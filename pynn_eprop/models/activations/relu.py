"""The rectifier."""

from typing import Any, ClassVar

from pynn_eprop.models.activations.activation import Activation
from pynn_eprop.models.arrays import functions_of


class ReLU(Activation):
    """The rectifier; its derivative at 0 is 0."""

    name: ClassVar[str] = "relu"
    meaning: ClassVar[str] = "max(0, s)"

    def __call__(self, s: Any) -> Any:
        """max(0, s)."""
        return functions_of(s).where(s > 0, s, 0.0)

    def slope(self, s: Any) -> Any:
        """1 above 0, else 0."""
        return (s > 0) * 1.0
