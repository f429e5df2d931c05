"""Gradient descent."""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from pynn_eprop.models.optimizers.optimizer import State
from pynn_eprop.models.optimizers.schedules import (
    CONSTANT,
    DEFAULT_RATE,
    ScheduledOptimizer,
    StepDecay,
)


@dataclass(frozen=True)
class SGD(ScheduledOptimizer):
    """Gradient descent: w <- w - lr dE/dw."""

    lr: float = DEFAULT_RATE
    schedule: StepDecay = field(default=CONSTANT)
    name: ClassVar[str] = "sgd"
    meaning: ClassVar[str] = "gradient descent"

    def __post_init__(self) -> None:
        self.check_rate()

    def update(self, gradient: np.ndarray, state: State, weight: np.ndarray, count: int
               ) -> tuple[np.ndarray, State]:
        """One step; see :class:`Optimizer`."""
        return weight - self.rate(count - 1) * gradient, state
