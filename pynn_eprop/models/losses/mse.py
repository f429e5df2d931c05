"""Squared error."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.models.losses.loss import Loss


@dataclass(frozen=True)
class MSE(Loss):
    """Squared error: E = 1/2 sum (y_k^t - y*_k^t)^2, err_k^t = y_k^t - y*_k^t (eq. 42)."""

    name: ClassVar[str] = "mse"
    meaning: ClassVar[str] = "squared error, E = 1/2 sum (y - y*)^2"

    def error(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """err_k^t; see :class:`Loss`."""
        return np.where(np.isnan(target), 0.0, y - target)

    def value(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The part of E that a step adds; see :class:`Loss`."""
        return np.asarray(0.5 * np.sum(self.error(y, target) ** 2, axis=-1))
