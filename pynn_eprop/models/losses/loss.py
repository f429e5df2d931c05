"""The base class of losses."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.errors import TargetError


@dataclass(frozen=True)
class Loss:
    """Base class of losses of a readout population.

    E is summed over the steps of an interval. A subclass gives ``name``, ``meaning``,
    :meth:`error` and :meth:`value`, in NumPy, which the reference runs; readouts are the last axis
    of all arrays. In jax.numpy the machine in JAX runs them, too. Other machines have their own
    implementation of each class that they know, and refuse others by name. A subclass may have
    parameters: fields of a frozen dataclass.

    A readout without a target at a step has NaN there: its error is 0, and it adds nothing to E.
    The reference skips steps at which no readout has one.

    name: as scripts write it. meaning: one line for lists and documentation.
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""

    def error(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """err_k^t = dE / dy_k^t without the leak (eq. 42, 51), the shape of ``y``."""
        raise NotImplementedError

    def value(self, y: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The part of E that a step adds, the shape of ``y`` without its last axis."""
        raise NotImplementedError

    def check_target(self, target: np.ndarray, owner: str) -> None:
        """Raise :class:`TargetError` if ``target`` (readouts, steps) cannot be used.

        Here: if it has an infinite entry. A subclass may ask for more; ``owner`` names the readouts
        in the message.
        """
        if np.any(np.isinf(target)):
            raise TargetError(f"{owner}: the target has infinite entries; use NaN for 'no target'")
