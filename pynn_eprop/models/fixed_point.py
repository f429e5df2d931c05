"""The formats of fixed point that a user may choose, as an immutable value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral

from pynn_eprop.errors import ParameterError


@dataclass(frozen=True)
class FixedPoint:
    """Formats that the user wants: bits after the point, by label; the others are chosen.

    weight_bits: of projections (2 to 15; weights lie within +-2^(15 - bits)).
    signal_bits: of cells and readouts, for learning signals, filters and gradients (8 to 24;
    signals lie within +-2^(29 - bits), gradients within +-2^(30 - bits)).
    value_bits: of analog sources (0 to 15; values lie within +-2^(15 - bits)).
    """

    weight_bits: Mapping[str, int] = field(default_factory=dict)
    signal_bits: Mapping[str, int] = field(default_factory=dict)
    value_bits: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, given in (("weight_bits", self.weight_bits), ("signal_bits", self.signal_bits),
                            ("value_bits", self.value_bits)):
            if not isinstance(given, Mapping) or not all(
                    isinstance(label, str) and isinstance(bits, Integral)
                    and not isinstance(bits, bool) for label, bits in given.items()):
                raise ParameterError(f"FixedPoint: {name}={given!r} must be a dict of whole "
                                     "numbers by label")
