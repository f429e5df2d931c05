"""Which cells go to which core."""

from dataclasses import dataclass

from pynn_eprop.models.network import Network, Readouts, SpikingCells

CORES_OF_A_CHIP = 15
"""That a population of cells may take of a chip, beside readouts, sources and the monitor."""
LEAST, MOST = 40, 128
"""Cells of a core, unless there are fewer."""


@dataclass(frozen=True)
class Part:
    """The cells first .. first + size - 1 of a population, on one core."""

    population: int
    first: int
    size: int


def partition(network: Network, most: int | None = None) -> list[Part]:
    """All parts, in the order of the populations. ``most``: cells of a core, None for a choice.

    A population of readouts is on one core: its errors belong together.
    """
    parts = []
    for index, population in enumerate(network.populations):
        if isinstance(population, Readouts):
            parts.append(Part(index, 0, population.size))
        elif isinstance(population, SpikingCells):
            per_core = most or chosen(population.size)
            parts += [Part(index, first, min(per_core, population.size - first))
                      for first in range(0, population.size, per_core)]
    return parts


def chosen(size: int) -> int:
    """Cells of a core for a population of ``size``: one chip holds it where it can."""
    per_core = -(-size // CORES_OF_A_CHIP)
    return min(max(-(-per_core // 8) * 8, LEAST), MOST)
