"""Updates from which a population of cells could not learn, or others could not learn from it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np

from pynn_eprop.models.network import Network


@dataclass(frozen=True)
class Inactivity:
    """An update of a population of e-prop cells without spikes, or without pseudo-derivative.

    population: its index in the network. update: its number, from 1. spikes: of all cells in the
    whole update. slope: whether the pseudo-derivative of any cell was nonzero at any step; None if
    that is not known, or some rule does not read it.
    """

    population: int
    update: int
    spikes: int
    slope: bool | None


def first_inactive(population: int, first_update: int, spikes: np.ndarray,
                   slope: np.ndarray | None = None) -> Iterator[Inactivity]:
    """The first of some updates without spikes, and the first without pseudo-derivative.

    first_update: number of the first of them. spikes: of each update, (updates,); slope: whether
    there was a pseudo-derivative in each, None if that is not known.
    """
    without = [np.asarray(spikes) == 0]
    if slope is not None:
        without.append(~np.asarray(slope, dtype=bool))
    for place in dict.fromkeys(int(np.argmax(each)) for each in without if np.any(each)):
        yield Inactivity(population, first_update + place, int(spikes[place]),
                         None if slope is None else bool(slope[place]))


class FirstInactive:
    """The first updates of each population without spikes, and without pseudo-derivative."""

    def __init__(self) -> None:
        self._silent: dict[int, Inactivity] = {}
        self._flat: dict[int, Inactivity] = {}

    def note(self, network: Network, population: int, update: int, spikes: int, sloped: bool
             ) -> None:
        """Note an update, by its number from 1. sloped: whether any h was not 0."""
        slope = None if population in network.slopeless_posts else sloped
        now = Inactivity(population, update, spikes, slope)
        if not spikes:
            self._silent.setdefault(population, now)
        if slope is False and population in network.learning_posts:
            self._flat.setdefault(population, now)

    def found(self) -> tuple[Inactivity, ...]:
        """All of them; one update that is both is there once."""
        return tuple(dict.fromkeys((*self._silent.values(), *self._flat.values())))

    def copy(self) -> Self:
        """A copy that later notes leave as it is."""
        other = type(self)()
        other._silent, other._flat = dict(self._silent), dict(self._flat)
        return other
