"""The derivatives of one step of cells, as rules see them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Derivatives:
    """The derivatives of one step, as their kind gives them; see :class:`SpikingCells`.

    Of :class:`AnalogCells` those for the synapses at one receptor, with the output in the place of
    the distance. direct: the derivative of the output by what arrives, beside the state; None: 0.
    """

    states: tuple[str, ...]
    drive: Mapping[str, Any]
    distance: Mapping[str, Any]
    transition: Mapping[tuple[str, str], Any]
    carried_at_start: tuple[str, ...]
    presynaptic_trace: tuple[tuple[str, str], ...]
    direct: Any = None
