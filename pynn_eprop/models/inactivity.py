"""Updates from which a population of cells could not learn, or others could not learn from it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np


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
