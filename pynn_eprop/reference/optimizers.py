"""Optimisers of plastic projections and biases, as parts of the reference."""

import numpy as np

from pynn_eprop.models.optimizers import Optimizer, OptimizerSteps
from pynn_eprop.reference.component import Component


class OptimizerState(Component):
    """State of an optimiser, mostly of shape (parameters,), and the number u of updates done."""

    def __init__(self, optimizer: Optimizer | None, weight: np.ndarray) -> None:
        self._steps = OptimizerSteps(optimizer, weight)
        self.variables = tuple(self._steps.state())

    def step(self, optimizer: Optimizer, weight: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The new weights."""
        return self._steps.step(optimizer, weight, gradient)

    def state(self) -> dict[str, np.ndarray]:
        """Copies of the state, by name."""
        return self._steps.state()

    def restore(self, state: dict[str, np.ndarray], owner: str) -> None:
        """Restore a state that :meth:`state` returned; see :class:`Component`."""
        self._steps.restore(state, owner)

    def take_back(self, state: dict[str, np.ndarray]) -> None:
        """Take over what :meth:`state` of this object gave."""
        self._steps.restore(state, "")
