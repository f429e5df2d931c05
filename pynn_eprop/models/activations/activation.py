"""The base class of activation functions."""

from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class Activation:
    """Base class of activation functions.

    A subclass gives ``name``, ``meaning``, :meth:`__call__` and :meth:`slope`, in NumPy, which the
    reference runs. In arithmetic and comparisons alone, or with
    :func:`~pynn_eprop.models.arrays.functions_of`, or in jax.numpy, the machine in JAX runs them,
    too.
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""

    def __call__(self, s: Any) -> Any:
        """sigma(s), any shape."""
        raise NotImplementedError

    def slope(self, s: Any) -> Any:
        """sigma'(s), the shape of s."""
        raise NotImplementedError
