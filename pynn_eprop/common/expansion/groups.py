"""Populations, views and assemblies in terms of whole populations and cell indices."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from pyNN.common import Assembly, BasePopulation, PopulationView
from pyNN.common.populations import IDMixin

from pynn_eprop.common.expansion.synapses import Synapses
from pynn_eprop.common.script.typed_errors import as_error
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
    """What a current source is injected into, as populations, views and assemblies.

    Raises :class:`NetworkError` for what is neither one of them nor a list of cells.
    """
    if isinstance(cells, (BasePopulation, Assembly)):
        return [cells]
    with as_error(NetworkError, f"{owner}: {{}} is no population, view or assembly, and no list of "
                                "cells", cells):
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


@dataclass(frozen=True)
class Block:
    """The synapses of a projection that lead from one population to another.

    which: their places among the projection's synapses; None for all. pre_index, post_index:
    within the whole populations.
    """

    pre: Any
    post: Any
    which: np.ndarray | None
    pre_index: np.ndarray
    post_index: np.ndarray

    def take(self, values: np.ndarray) -> np.ndarray:
        """The entries of ``values`` (synapses of the projection,) that belong to this block."""
        return values if self.which is None else values[self.which]

    def put(self, values: np.ndarray, part: np.ndarray) -> None:
        """The reverse of :meth:`take`, in place."""
        values[slice(None) if self.which is None else self.which] = part


def blocks(pre: Any, post: Any, synapses: Synapses) -> list[Block]:
    """Split the synapses of a projection by the populations at their ends."""
    return list(_blocks(members(pre), members(post), synapses))


def _blocks(pre: list[Member], post: list[Member], synapses: Synapses) -> Iterator[Block]:
    for source in pre:
        for target in post:
            which = None
            if len(pre) > 1 or len(post) > 1:
                which = np.flatnonzero(_within(source, synapses.pre)
                                       & _within(target, synapses.post))
            local_pre = (synapses.pre if which is None else synapses.pre[which]) - source.offset
            local_post = (synapses.post if which is None else synapses.post[which]) - target.offset
            yield Block(source.population, target.population, which,
                        _global(source, local_pre), _global(target, local_post))


def _within(member: Member, indices: np.ndarray) -> np.ndarray:
    return (indices >= member.offset) & (indices < member.offset + len(member.indices))


def _global(member: Member, local: np.ndarray) -> np.ndarray:
    if len(member.indices) == member.population.size:
        return local
    return member.indices[local]
