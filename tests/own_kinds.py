"""Kinds such as a user's module may bring: copies of built-in ones, and others."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop import Loss, Optimizer, PseudoDerivative, Rule


@dataclass(frozen=True)
class Momentum(Optimizer):
    """m <- decay m + g; w <- w - lr m."""

    lr: float = 0.003
    decay: float = 0.8
    name: ClassVar[str] = "momentum"

    def init(self, weight: np.ndarray) -> dict[str, np.ndarray]:
        return {"mean": np.zeros_like(weight)}

    def update(self, gradient: np.ndarray, state: dict[str, np.ndarray], weight: np.ndarray,
               count: int) -> Any:
        mean = self.decay * state["mean"] + gradient
        return weight - self.lr * mean, {"mean": mean}


@dataclass(frozen=True)
class OwnAdam(Optimizer):
    """Algorithm 1 of Kingma and Ba (2014), with the defaults of the built-in."""

    lr: float = 0.01
    name: ClassVar[str] = "own-adam"

    def init(self, weight: np.ndarray) -> dict[str, np.ndarray]:
        return {"first": np.zeros(len(weight)), "second": np.zeros(len(weight))}

    def update(self, gradient: np.ndarray, state: dict[str, np.ndarray], weight: np.ndarray,
               count: int) -> Any:
        first = 0.9 * state["first"] + 0.1 * gradient
        second = 0.999 * state["second"] + 0.001 * gradient ** 2
        mean, square = first / (1 - 0.9 ** count), second / (1 - 0.999 ** count)
        return weight - self.lr * mean / (np.sqrt(square) + 1e-8), \
            {"first": first, "second": second}


@dataclass(frozen=True)
class Decaying(Optimizer):
    """Without a gradient: w <- w / (1 + u), with the number u of the update."""

    name: ClassVar[str] = "decaying"

    def update(self, gradient: np.ndarray, state: dict[str, np.ndarray], weight: np.ndarray,
               count: int) -> Any:
        return weight / (1 + count), state


@dataclass(frozen=True)
class Absolute(Loss):
    """E = gain sum |y - y*|."""

    gain: float = 1.0
    name: ClassVar[str] = "absolute"

    def error(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        return np.where(np.isnan(target), 0.0, self.gain * np.sign(y - target))

    def value(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        return self.gain * np.nansum(np.abs(y - target), axis=-1)


class Box(PseudoDerivative):
    """h = height within the width, 0 beyond."""

    name: ClassVar[str] = "box"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height * (np.abs(u) < 1.0)


@dataclass(frozen=True)
class Counting(Rule):
    """e_ji^t = gain z_i^{t-1}: with L = 1 the gradient counts arrivals."""

    gain: float = 1.0
    name: ClassVar[str] = "counting"
    traces: ClassVar[tuple[str, ...]] = ("seen",)

    def eligibility(self, traces: Any, arriving: np.ndarray, cells: Any, post: np.ndarray
                    ) -> np.ndarray:
        """The arrivals times ``gain``; ``seen`` adds them up."""
        traces.seen = traces.seen + arriving
        return self.gain * arriving
