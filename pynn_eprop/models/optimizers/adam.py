"""Adam."""

from dataclasses import dataclass, field, replace
from typing import ClassVar, Self

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.optimizers.optimizer import State
from pynn_eprop.models.optimizers.schedules import (
    CONSTANT,
    DEFAULT_RATE,
    ScheduledOptimizer,
    StepDecay,
)
from pynn_eprop.models.parameters import Parameter

_BETA1 = Parameter("beta1", 0.9, "dimensionless", "decay of the mean gradient", minimum=0.0,
                   maximum=1.0, exclusive_maximum=True)
_BETA2 = replace(_BETA1, name="beta2", default=0.999, meaning="decay of the mean squared gradient")
_EPS = Parameter("eps", 1e-8, "dimensionless", "Adam's epsilon", minimum=0.0, exclusive=True)


@dataclass(frozen=True)
class Adam(ScheduledOptimizer):
    """Adam, algorithm 1 of Kingma and Ba (2014).

    With g the gradient and u = 1, 2, ... the update:
    m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;
    w <- w - lr (m / (1 - beta1^u)) / (sqrt(v / (1 - beta2^u)) + eps).

    With ``eps_hat=True`` eps has the place that it has in NEST and TensorFlow:
    w <- w - lr sqrt(1 - beta2^u) / (1 - beta1^u) m / (sqrt(v) + eps).
    """

    lr: float = DEFAULT_RATE
    beta1: float = _BETA1.default
    beta2: float = _BETA2.default
    eps: float = _EPS.default
    eps_hat: bool = False
    schedule: StepDecay = field(default=CONSTANT)
    name: ClassVar[str] = "adam"
    meaning: ClassVar[str] = "adaptive moments (Kingma and Ba 2014)"

    def __post_init__(self) -> None:
        self.check_rate()
        _BETA1.check_one(self.beta1, "Adam")
        _BETA2.check_one(self.beta2, "Adam")
        _EPS.check_one(self.eps, "Adam")
        if not isinstance(self.eps_hat, (bool, np.bool_)):
            raise ParameterError(f"Adam: eps_hat={self.eps_hat!r} must be True or False")

    def corrections(self, count: int) -> tuple[float, float]:
        """1 - beta1^u and 1 - beta2^u of update u = 1, 2, ..."""
        return 1 - self.beta1 ** count, 1 - self.beta2 ** count

    def init(self, weight: np.ndarray) -> State:
        """m and v, both 0."""
        return {"m": np.zeros(weight.shape), "v": np.zeros(weight.shape)}

    def update(self, gradient: np.ndarray, state: State, weight: np.ndarray, count: int
               ) -> tuple[np.ndarray, State]:
        """One step; see :class:`Optimizer`."""
        rate, (first, second) = self.rate(count - 1), self.corrections(count)
        m = self.beta1 * state["m"] + (1 - self.beta1) * gradient
        v = self.beta2 * state["v"] + (1 - self.beta2) * gradient ** 2
        if self.eps_hat:
            step = rate * np.sqrt(second) / first * m / (np.sqrt(v) + self.eps)
        else:
            step = rate * (m / first) / (np.sqrt(v / second) + self.eps)
        return weight - step, {"m": m, "v": v}

    def shared_form(self) -> Self:
        """With eps where NEST has it."""
        return replace(self, eps_hat=True)
