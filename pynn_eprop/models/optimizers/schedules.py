"""Learning rates that change from update to update."""

from dataclasses import dataclass, replace

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.optimizers.optimizer import Optimizer
from pynn_eprop.models.parameters import Parameter

_FACTOR = Parameter("factor", 1.0, "dimensionless", "factor on the learning rate", minimum=0.0)
_RATE = Parameter("lr", 0.001, "dimensionless", "learning rate eta", minimum=0.0)
DEFAULT_RATE = _RATE.default


@dataclass(frozen=True)
class StepDecay:
    """Multiplies the learning rate by ``factor`` after every ``every`` updates.

    The rate of update u = 0, 1, ... is lr factor^floor(u / every).
    """

    factor: float
    every: int

    def __post_init__(self) -> None:
        _FACTOR.check_one(self.factor, "StepDecay")
        if not isinstance(self.every, (int, np.integer)) or isinstance(self.every, bool) \
                or self.every < 1:
            raise ParameterError(f"StepDecay: every={self.every!r} must be a whole number >= 1")

    def rate(self, update: int) -> float:
        """The factor on the learning rate in update 0, 1, ..."""
        return float(self.factor ** (update // self.every))


CONSTANT = StepDecay(1.0, 1)


class ScheduledOptimizer(Optimizer):
    """Optimisers whose learning rate follows a schedule; rate and schedule are fields."""

    lr: float
    schedule: StepDecay

    def rate(self, update: int) -> float:
        """The learning rate of update 0, 1, ..."""
        return self.lr * self.schedule.rate(update)

    def with_rate(self, lr: float) -> "ScheduledOptimizer":
        """This optimiser with another learning rate."""
        return replace(self, lr=lr)  # type: ignore[call-arg]

    def check_rate(self) -> None:
        """Raise :class:`ParameterError` for a rate or schedule that is not valid."""
        owner = type(self).__name__
        _RATE.check_one(self.lr, owner)
        if not isinstance(self.schedule, StepDecay):
            raise ParameterError(f"{owner}: schedule={self.schedule!r} must be a "
                                 "StepDecay(factor, every)")
