"""Piecewise linear."""

from typing import ClassVar

import numpy as np

from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative


class PiecewiseLinear(PseudoDerivative):
    """The paper's (eq. 24)."""

    name: ClassVar[str] = "piecewise_linear"
    meaning: ClassVar[str] = "height max(0, 1 - |u|) (eq. 24)"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height * np.maximum(0.0, 1.0 - np.abs(u))
