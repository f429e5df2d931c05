"""One step of gradient descent or Adam (Kingma and Ba 2014, algorithm 1)."""

import numpy as np

from pynn_eprop.models.optimizers import SGD, Optimizer
from pynn_eprop.reference.component import Component


class OptimizerState(Component):
    """Moments m and v, shape (parameters,), and the number of updates u done, shape ()."""

    variables = ("m", "v", "u")

    def __init__(self, size: int) -> None:
        self.m = np.zeros(size)
        self.v = np.zeros(size)
        self.u = np.zeros((), dtype=int)

    def step(self, optimizer: Optimizer, weight: np.ndarray, gradient: np.ndarray) -> np.ndarray:
        """The new weights."""
        rate = optimizer.lr * optimizer.schedule.rate(int(self.u))
        self.u = self.u + 1
        if isinstance(optimizer, SGD):
            return weight - rate * gradient
        beta1, beta2, u = optimizer.beta1, optimizer.beta2, int(self.u)
        self.m = beta1 * self.m + (1 - beta1) * gradient
        self.v = beta2 * self.v + (1 - beta2) * gradient ** 2
        if optimizer.eps_hat:
            rate = rate * np.sqrt(1 - beta2 ** u) / (1 - beta1 ** u)
            return weight - rate * self.m / (np.sqrt(self.v) + optimizer.eps)
        m_hat = self.m / (1 - beta1 ** u)
        v_hat = self.v / (1 - beta2 ** u)
        return weight - rate * m_hat / (np.sqrt(v_hat) + optimizer.eps)
