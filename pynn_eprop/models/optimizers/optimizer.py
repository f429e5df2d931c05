"""The base class of optimisers."""

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

State = dict[str, np.ndarray]


@dataclass(frozen=True)
class Optimizer:
    """Base class of optimisers: an init/update pair over one array of weights.

    Gradients are summed over the steps and trials of an update. State belongs to each projection
    or population of readouts, never to these objects: one object may serve several.

    A subclass gives ``name``, ``meaning``, :meth:`update` and, if it keeps anything,
    :meth:`init`, in NumPy. The reference runs these. A machine that computes gradients itself may
    have its own implementation of each class that it knows; for other classes it calls these
    methods with its gradients if it can, and refuses them by name if not. The bounds of a
    projection are applied afterwards, by the machine. A subclass may have parameters: fields of a
    frozen dataclass.

    name: as scripts write it. meaning: one line for lists and documentation.
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""

    def init(self, weight: np.ndarray) -> State:
        """The state before the first update, arrays of any shape by name; kept in checkpoints."""
        del weight
        return {}

    def update(self, gradient: np.ndarray, state: State, weight: np.ndarray, count: int
               ) -> tuple[np.ndarray, State]:
        """The new weights, and the new state with the same names and shapes.

        gradient, weight: the same shape, (parameters,). count: number of the update, from 1.
        """
        raise NotImplementedError

    def shared_form(self) -> Self:
        """The form that backends have in common, if some have one only; for comparisons."""
        return self
