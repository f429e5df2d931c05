"""Cells as PyNN hands them out."""

import weakref
from typing import Any

from pyNN.common.populations import IDMixin

from pynn_eprop.errors import NetworkError


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
