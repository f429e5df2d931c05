"""Optimisers and learning-rate schedules, as immutable values.

Gradients are summed over the steps and trials of an update. State (moments, update count)
belongs to each projection, never to these objects: one object may serve several projections.
"""

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.parameters import Parameter

_RATE = Parameter("lr", 0.001, "dimensionless", "learning rate eta", minimum=0.0)
_BETA1 = Parameter("beta1", 0.9, "dimensionless", "decay of the mean gradient", minimum=0.0,
                   maximum=1.0, exclusive_maximum=True)
_BETA2 = replace(_BETA1, name="beta2", default=0.999, meaning="decay of the mean squared gradient")
_EPS = Parameter("eps", 1e-8, "dimensionless", "Adam's epsilon", minimum=0.0, exclusive=True)
_FACTOR = Parameter("factor", 1.0, "dimensionless", "factor on the learning rate", minimum=0.0)


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


@dataclass(frozen=True)
class SGD:
    """Gradient descent: w <- w - lr dE/dw."""

    lr: float = _RATE.default
    schedule: StepDecay = field(default=CONSTANT)
    name: ClassVar[str] = "sgd"

    def __post_init__(self) -> None:
        _RATE.check_one(self.lr, "SGD")
        _check_schedule(self.schedule, "SGD")


@dataclass(frozen=True)
class Adam:
    """Adam, algorithm 1 of Kingma and Ba (2014).

    With g the gradient and u = 1, 2, ... the update:
    m <- beta1 m + (1 - beta1) g;  v <- beta2 v + (1 - beta2) g^2;
    w <- w - lr (m / (1 - beta1^u)) / (sqrt(v / (1 - beta2^u)) + eps).

    With ``eps_hat=True`` eps stands where NEST and TensorFlow have it:
    w <- w - lr sqrt(1 - beta2^u) / (1 - beta1^u) m / (sqrt(v) + eps).
    """

    lr: float = _RATE.default
    beta1: float = _BETA1.default
    beta2: float = _BETA2.default
    eps: float = _EPS.default
    eps_hat: bool = False
    schedule: StepDecay = field(default=CONSTANT)
    name: ClassVar[str] = "adam"

    def __post_init__(self) -> None:
        _RATE.check_one(self.lr, "Adam")
        _BETA1.check_one(self.beta1, "Adam")
        _BETA2.check_one(self.beta2, "Adam")
        _EPS.check_one(self.eps, "Adam")
        if not isinstance(self.eps_hat, (bool, np.bool_)):
            raise ParameterError(f"Adam: eps_hat={self.eps_hat!r} must be True or False")
        _check_schedule(self.schedule, "Adam")


def _check_schedule(schedule: object, owner: str) -> None:
    if not isinstance(schedule, StepDecay):
        raise ParameterError(f"{owner}: schedule={schedule!r} must be a StepDecay(factor, every)")


Optimizer = SGD | Adam
OPTIMIZERS: dict[str, type[SGD] | type[Adam]] = {"sgd": SGD, "adam": Adam}


def resolve_optimizer(optimizer: "str | Optimizer | None") -> "Optimizer | None":
    """The optimiser meant by a name, an instance or None (do not learn).

    Raises :class:`ParameterError` for anything else.
    """
    if optimizer is None or isinstance(optimizer, (SGD, Adam)):
        return optimizer
    if isinstance(optimizer, str) and optimizer in OPTIMIZERS:
        return OPTIMIZERS[optimizer]()
    raise ParameterError(
        f"optimizer={optimizer!r} is unknown; choose one of {sorted(OPTIMIZERS)}, "
        "an SGD or Adam object, or None"
    )
