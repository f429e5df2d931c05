"""Derivative of a fast sigmoid."""

from typing import ClassVar

import numpy as np

from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative


class FastSigmoid(PseudoDerivative):
    """Derivative of a fast sigmoid."""

    name: ClassVar[str] = "fast_sigmoid"
    meaning: ClassVar[str] = "height / (1 + |u|)^2"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height / (1.0 + np.abs(u)) ** 2
