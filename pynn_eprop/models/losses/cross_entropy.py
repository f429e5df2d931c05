"""Cross-entropy of a softmax."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.errors import TargetError
from pynn_eprop.models.losses.loss import Loss


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy between the target distribution and the softmax of the readouts.

    E = - sum pi*_k^t log softmax(y^t)_k, err_k^t = softmax(y^t)_k - pi*_k^t (eq. 51).
    """

    name: ClassVar[str] = "cross_entropy"
    meaning: ClassVar[str] = "cross-entropy between the target distribution and softmax(y)"

    def error(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """err_k^t; see :class:`Loss`."""
        return np.where(np.isnan(target), 0.0, np.exp(_log_softmax(y)) - target)

    def value(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The part of E that a step adds; see :class:`Loss`."""
        terms = np.where(np.isnan(target), 0.0, target * _log_softmax(y))
        return np.asarray(-np.sum(terms, axis=-1))

    def check_target(self, target: np.ndarray, owner: str) -> None:
        """Raise :class:`TargetError` unless each step is all NaN or a distribution."""
        missing = np.isnan(target)
        if (missing[1:] != missing[0]).any():
            partly = (missing[1:] != missing[0]).any(axis=0)
            raise TargetError(
                f"{owner}: at step {int(np.argmax(partly)) + 1} only some readouts have a target; "
                "with cross-entropy a step is all NaN or none"
            )
        present = target[:, np.flatnonzero(~missing[0])]
        if present.size and (np.any(present < 0) or np.any(np.abs(present.sum(axis=0) - 1) > 1e-6)):
            raise TargetError(
                f"{owner}: cross-entropy targets must be >= 0 and sum to 1 at each step"
            )


def _log_softmax(y: np.ndarray) -> np.ndarray:
    shifted = y - y.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True)))
