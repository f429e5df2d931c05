"""The optimiser's step at the end of an update (Kingma and Ba 2014, algorithm 1)."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from pynn_eprop.models.optimizers import SGD, Adam, Optimizer, OptimizerSteps


class Descent:
    """The state of one projection's, or one population's, optimiser: arrays (parameters,).

    Those that are not in :data:`STEPS` make their step themselves.
    """

    def __init__(self, optimizer: Optimizer, weight: np.ndarray) -> None:
        self.optimizer = optimizer
        self.forget(weight)

    def forget(self, weight: np.ndarray) -> None:
        """Begin again, from these parameters."""
        self.updates = 0
        self.mean = np.zeros(len(weight))
        self.square = np.zeros(len(weight))
        self._own = OptimizerSteps(self.optimizer, weight) \
            if type(self.optimizer) not in STEPS else None

    def step(self, weight: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The new parameters."""
        self.updates += 1
        if self._own is not None:
            return self._own.step(self.optimizer, weight, gradient)
        return np.asarray(weight + STEPS[type(self.optimizer)](self, self.optimizer, gradient))

    def _sgd(self, sgd: SGD, gradient: np.ndarray) -> np.ndarray:
        return -sgd.rate(self.updates - 1) * gradient

    def _adam(self, adam: Adam, gradient: np.ndarray) -> np.ndarray:
        self.mean += (1.0 - adam.beta1) * (gradient - self.mean)
        self.square += (1.0 - adam.beta2) * (gradient * gradient - self.square)
        rate, (first, second) = adam.rate(self.updates - 1), adam.corrections(self.updates)
        root = math.sqrt(second)
        size = np.sqrt(self.square)
        if adam.eps_hat:
            return -rate * root / first * self.mean / (size + adam.eps)
        return -rate / first * self.mean / (size / root + adam.eps)


STEPS: dict[type[Optimizer], Callable[[Descent, Any, np.ndarray], np.ndarray]] = {
    SGD: Descent._sgd, Adam: Descent._adam}
"""The change of the parameters in a step."""
