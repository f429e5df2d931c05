"""Derivative of an arctangent."""

import math
from typing import ClassVar

import numpy as np

from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative


class Arctan(PseudoDerivative):
    """Derivative of an arctangent."""

    name: ClassVar[str] = "arctan"
    meaning: ClassVar[str] = "height / (1 + (pi u)^2)"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height / (1.0 + (math.pi * u) ** 2)
