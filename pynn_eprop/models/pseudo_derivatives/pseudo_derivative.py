"""The base class of pseudo-derivatives."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.models.parameters import Parameter

_HEIGHT = Parameter("height", 0.3, "dimensionless", "largest value (gamma, the dampening factor)",
                    minimum=0.0)
_WIDTH = Parameter("width", 1.0, "dimensionless", "half-width in units of v_th", minimum=0.0,
                   exclusive=True)


@dataclass(frozen=True)
class PseudoDerivative:
    """Base class: height and width, checked when the object is made.

    A subclass gives ``name``, ``meaning`` and :meth:`__call__`, in NumPy, which the reference runs.
    In jax.numpy the machine in JAX runs it, too. Other machines have their own implementation of
    each class that they know, and refuse others by name.
    """

    height: float = _HEIGHT.default
    width: float = _WIDTH.default
    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""

    def __post_init__(self) -> None:
        _HEIGHT.check_one(self.height, type(self).__name__)
        _WIDTH.check_one(self.width, type(self).__name__)

    def __call__(self, u: np.ndarray) -> np.ndarray:
        """h for u = (v - A) / (width v_th), any shape."""
        raise NotImplementedError
