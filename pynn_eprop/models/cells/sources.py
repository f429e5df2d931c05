"""Cells whose spikes are given from outside."""

from dataclasses import dataclass
from typing import ClassVar

from pynn_eprop.models.cells.kind import Population


@dataclass(frozen=True)
class Sources(Population):
    """Cells whose spikes are given from outside, as (global step, cell) pairs."""

    name: ClassVar[str] = "SpikeSourceArray"
    meaning: ClassVar[str] = "given spikes"
    receives: ClassVar[bool] = False
    from_outside: ClassVar[bool] = True
    first_emission: ClassVar[int] = 0
