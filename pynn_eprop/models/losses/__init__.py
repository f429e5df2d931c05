"""Losses of a readout population, as immutable values.

==================  ==========================================  ====================
name                E, summed over steps t and readouts k       err_k^t
==================  ==========================================  ====================
mse                 1/2 sum (y_k^t - y*_k^t)^2                  y_k^t - y*_k^t
cross_entropy       - sum pi*_k^t log softmax(y^t)_k            softmax(y^t)_k - pi*_k^t
==================  ==========================================  ====================

A step whose target is NaN has no error and adds nothing to E.
"""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.errors import ParameterError, TargetError


@dataclass(frozen=True)
class MSE:
    """Squared error."""

    name = "mse"

    def check_target(self, target: np.ndarray, owner: str) -> None:
        """Raise :class:`TargetError` if ``target`` (n_readouts, steps) has an infinite entry."""
        if np.any(np.isinf(target)):
            raise TargetError(f"{owner}: the target has infinite entries; use NaN for 'no target'")


@dataclass(frozen=True)
class CrossEntropy:
    """Cross-entropy between the target distribution and the softmax of the readouts."""

    name = "cross_entropy"

    def check_target(self, target: np.ndarray, owner: str) -> None:
        """Raise :class:`TargetError` unless each step is all NaN or a distribution."""
        missing = np.isnan(target)
        partly = missing.any(axis=0) & ~missing.all(axis=0)
        if partly.any():
            raise TargetError(
                f"{owner}: at step {int(np.argmax(partly)) + 1} only some readouts have a target; "
                "with cross-entropy a step is all NaN or none"
            )
        present = target[:, ~missing.all(axis=0)]
        if present.size and (np.any(present < 0) or np.any(np.abs(present.sum(axis=0) - 1) > 1e-6)):
            raise TargetError(
                f"{owner}: cross-entropy targets must be >= 0 and sum to 1 at each step"
            )


Loss = MSE | CrossEntropy
LOSSES: dict[str, type[MSE] | type[CrossEntropy]] = {
    MSE.name: MSE, CrossEntropy.name: CrossEntropy,
}


def resolve_loss(loss: "str | Loss | None") -> "Loss | None":
    """The loss meant by a name, an instance or None (no loss).

    Raises :class:`ParameterError` for anything else.
    """
    if loss is None or isinstance(loss, (MSE, CrossEntropy)):
        return loss
    if isinstance(loss, str) and loss in LOSSES:
        return LOSSES[loss]()
    raise ParameterError(f"loss={loss!r} is unknown; choose one of {sorted(LOSSES)} or None")
