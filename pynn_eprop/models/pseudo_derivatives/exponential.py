"""Exponential decay on both sides of the threshold."""

from typing import ClassVar

import numpy as np

from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative


class Exponential(PseudoDerivative):
    """Decays exponentially on both sides of the threshold."""

    name: ClassVar[str] = "exponential"
    meaning: ClassVar[str] = "height exp(-|u|)"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height * np.exp(-np.abs(u))
