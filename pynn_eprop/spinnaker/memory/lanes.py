"""The cells of one core, and the lanes that they take in its memory."""

from dataclasses import dataclass

LANES = 8
"""The length of rows in memory is a multiple of this; a row has one place for each cell."""


@dataclass(frozen=True)
class Part:
    """The cells first .. first + size - 1 of a population, on one core."""

    population: int
    first: int
    size: int


def round_up(value: int, unit: int) -> int:
    """The next multiple of ``unit``."""
    return -(-value // unit) * unit
