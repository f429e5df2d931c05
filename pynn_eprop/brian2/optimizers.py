"""The optimiser's step at the end of an update (Kingma and Ba 2014, algorithm 1)."""

import math

import numpy as np

from pynn_eprop.models.optimizers import SGD, Adam, Optimizer


class Descent:
    """The state of one projection's, or one population's, optimiser: arrays (parameters,)."""

    def __init__(self, optimizer: Optimizer, size: int) -> None:
        self.optimizer = optimizer
        self.updates = 0
        self.mean = np.zeros(size)
        self.square = np.zeros(size)

    def forget(self) -> None:
        """Begin anew."""
        self.updates = 0
        self.mean = np.zeros_like(self.mean)
        self.square = np.zeros_like(self.square)

    def change(self, gradient: np.ndarray) -> np.ndarray:
        """What is to be added to the parameters."""
        optimizer = self.optimizer
        rate = optimizer.lr * optimizer.schedule.rate(self.updates)
        self.updates += 1
        if isinstance(optimizer, SGD):
            return -rate * gradient
        return self._adam(optimizer, rate, gradient)

    def _adam(self, adam: Adam, rate: float, gradient: np.ndarray) -> np.ndarray:
        self.mean += (1.0 - adam.beta1) * (gradient - self.mean)
        self.square += (1.0 - adam.beta2) * (gradient * gradient - self.square)
        first = 1.0 - adam.beta1 ** self.updates
        root = math.sqrt(1.0 - adam.beta2 ** self.updates)
        size = np.sqrt(self.square)
        if adam.eps_hat:
            return -rate * root / first * self.mean / (size + adam.eps)
        return -rate / first * self.mean / (size / root + adam.eps)
