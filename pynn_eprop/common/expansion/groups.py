"""Populations, views and assemblies in terms of whole populations and cell indices."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from pyNN.common import Assembly, BasePopulation, PopulationView
from pyNN.common.populations import IDMixin

from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.errors import NetworkError


@dataclass(frozen=True)
class Member:
    """A part of a group: some or all cells of one population, starting at ``offset``."""

    population: Any
    indices: np.ndarray
    offset: int


def members(group: Any) -> list[Member]:
    """The parts of a Population, PopulationView or Assembly, in order."""
    parts = group.populations if isinstance(group, Assembly) else [group]
    found, offset = [], 0
    for part in parts:
        found.append(Member(root(part), indices_in_root(part), offset))
        offset += part.size
    return found


def groups_of(cells: Any, owner: str) -> list[Any]:
    """Populations, views and assemblies with the cells that a current source is injected into.

    Raises :class:`NetworkError` for anything but one of them or a list of cells.
    """
    if isinstance(cells, (BasePopulation, Assembly)):
        return [cells]
    with as_error(NetworkError, f"{owner}: {{}} is not a population, view or assembly, nor a list "
                                "of cells", cells):
        listed = list(cells)
        if not all(isinstance(cell, IDMixin) for cell in listed):
            raise ValueError("not all in it are cells")
        return [cell.as_view() for cell in listed]


def root(part: Any) -> Any:
    """The population that a population or view belongs to."""
    return part.grandparent if isinstance(part, PopulationView) else part


def indices_in_root(part: Any) -> np.ndarray:
    """Indices of the cells of a population or view within the whole population, int32."""
    every = np.arange(part.size)
    if isinstance(part, PopulationView):
        every = part.index_in_grandparent(every)
    return np.asarray(every, dtype=np.int32)
