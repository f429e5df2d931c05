"""Cells as PyNN hands them out."""

import weakref
from typing import Any

import numpy as np
from pyNN.common.populations import IDMixin

from pynn_eprop.errors import NetworkError, ParameterError
from pynn_eprop.models.parameters import as_numbers


class CellID(int, IDMixin):
    """A cell, as PyNN hands it out.

    It does not keep its population alive: arrays of cells are invisible to the garbage
    collector, so that a cycle through one would keep every network ever built in memory.
    """

    @property
    def parent(self) -> Any:
        """The population of the cell. Raises :class:`NetworkError` once that is gone."""
        population = self._parent()
        if population is None:
            raise NetworkError(f"the population of cell {int(self)} is gone; setup() ends the "
                               "network that was built before")
        return population

    @parent.setter
    def parent(self, population: Any) -> None:
        object.__setattr__(self, "_parent", weakref.ref(population))

    @property
    def position(self) -> np.ndarray:
        """Coordinates in um, (3,)."""
        return np.asarray(self._get_position())

    @position.setter
    def position(self, position: Any) -> None:
        numbers = as_numbers(position)
        if numbers is None or numbers.shape != (3,) or not np.all(np.isfinite(numbers)):
            raise ParameterError(f"the position of a cell must be 3 finite numbers, not "
                                 f"{position!r}")
        self._set_position(numbers)
