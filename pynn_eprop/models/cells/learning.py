"""The base class of cells that learn with e-prop, whether they spike or pass on values."""

import dataclasses
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import initial_state
from pynn_eprop.models.cells.kind import Population

Arrays = dict[str, np.ndarray]

LEARNING_RECEPTOR = "learning_signal"
"""The receptor type that learning signals lead to."""


@dataclass(frozen=True, kw_only=True)
class LearningCells(Population):
    """Cells with a state that learn with e-prop: spiking ones, and those that pass on values.

    A kind derives from :class:`SpikingCells` or :class:`AnalogCells`. Arrays have shape (size,).
    """

    learns: ClassVar[bool] = True

    @classmethod
    def state_variables(cls) -> tuple[str, ...]:
        """The state variables, in the order of their declaration."""
        return tuple(cls.initial_values())

    @classmethod
    def state_units(cls) -> dict[str, str]:
        """The unit of each state variable."""
        return {entry.name.removesuffix("_initial"): entry.metadata["initial"][1]
                for entry in dataclasses.fields(cls) if "initial" in entry.metadata}

    def initial_state(self) -> Arrays:
        """The state at the start of an interval."""
        found = {initial_state(entry): getattr(self, entry.name)
                 for entry in dataclasses.fields(self)}
        return {name: np.array(found[name], dtype=float) for name in self.state_variables()}

    def double_precision(self) -> AbstractContextManager[Any]:
        """A context in which the methods compute with 64 bits; NumPy needs none."""
        return nullcontext()

    def check_step(self, cells: Any) -> None:
        """Raise :class:`EPropError` for methods that cannot work, before anything runs.

        cells: at the start of an interval.
        """

    def constants(self, timestep: float) -> Arrays:
        """Derived constants by name, each (size,); timestep in ms."""
        return {}

    def gradient_depends_on(self) -> tuple[str, ...]:
        """Every parameter."""
        return tuple(entry.name for entry in dataclasses.fields(self)
                     if "parameter" in entry.metadata)
