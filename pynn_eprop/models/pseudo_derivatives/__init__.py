"""Pseudo-derivatives h_j^t of the spike, as immutable values.

All are functions of u = (v - A) / (width v_th), largest (= ``height``) at the threshold, and 0
while the cell is refractory. The paper has the piecewise linear one with height 0.3 and width 1
(eq. 24); the other shapes are NEST's (there in units of the membrane potential).

=================  =================================
name               h(u)
=================  =================================
piecewise_linear   height max(0, 1 - |u|)
exponential        height exp(-|u|)
fast_sigmoid       height / (1 + |u|)^2
arctan             height / (1 + (pi u)^2)
=================  =================================
"""

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.parameters import Parameter

_HEIGHT = Parameter("height", 0.3, "dimensionless", "largest value (gamma, the dampening factor)",
                    minimum=0.0)
_WIDTH = Parameter("width", 1.0, "dimensionless", "half-width in units of v_th", minimum=0.0,
                   exclusive=True)


@dataclass(frozen=True)
class PseudoDerivative:
    """Base class: height and width, checked when the object is made."""

    height: float = _HEIGHT.default
    width: float = _WIDTH.default
    name: ClassVar[str] = ""

    def __post_init__(self) -> None:
        _HEIGHT.check_one(self.height, type(self).__name__)
        _WIDTH.check_one(self.width, type(self).__name__)

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """h for u = (v - A) / (width v_th), any shape."""
        raise NotImplementedError


class PiecewiseLinear(PseudoDerivative):
    """The paper's (eq. 24)."""

    name = "piecewise_linear"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height * np.maximum(0.0, 1.0 - np.abs(u))


class Exponential(PseudoDerivative):
    """Decays exponentially on both sides of the threshold."""

    name = "exponential"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height * np.exp(-np.abs(u))


class FastSigmoid(PseudoDerivative):
    """Derivative of a fast sigmoid."""

    name = "fast_sigmoid"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height / (1.0 + np.abs(u)) ** 2


class Arctan(PseudoDerivative):
    """Derivative of an arctangent."""

    name = "arctan"

    def __call__(self, u: np.ndarray) -> np.ndarray:
        return self.height / (1.0 + (math.pi * u) ** 2)


PSEUDO_DERIVATIVES: dict[str, type[PseudoDerivative]] = {
    shape.name: shape for shape in (PiecewiseLinear, Exponential, FastSigmoid, Arctan)
}


def resolve_pseudo_derivative(shape: "str | PseudoDerivative") -> PseudoDerivative:
    """The pseudo-derivative meant by a name or an instance.

    Raises :class:`ParameterError` for anything else.
    """
    if isinstance(shape, PseudoDerivative):
        return shape
    if isinstance(shape, str) and shape in PSEUDO_DERIVATIVES:
        return PSEUDO_DERIVATIVES[shape]()
    raise ParameterError(
        f"pseudo_derivative={shape!r} is unknown; choose one of {sorted(PSEUDO_DERIVATIVES)}"
    )
