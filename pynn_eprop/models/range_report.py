"""What fixed-point formats resolve and hold, and what saturated, as any backend reports it."""

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ProjectionRange:
    r"""The weights of one projection.

    bits: after the binary point. limit: largest weight. resolution: of the weights on the wire.
    largest: largest \|weight\| now. rounded_to_zero: weights that are not zero, and are on the
    wire. clipped: weights at the edge of the format. saturated: how often since the start
    gradients were limited, and weights stood at the edge after an update.
    """

    label: str
    bits: int
    limit: float
    resolution: float
    weights: int
    largest: float
    rounded_to_zero: int
    clipped: int
    saturated: dict[str, int] = field(default_factory=dict)

    @property
    def headroom(self) -> float:
        """limit / largest, as bits; infinite if all weights are 0."""
        return math.log2(self.limit / self.largest) if self.largest else math.inf


@dataclass(frozen=True)
class PopulationRange:
    """The signals of one population of e-prop cells or readouts.

    bits: after the binary point of learning signals. signal_limit: largest filtered signal.
    gradient_limit: largest gradient. saturated: how many values were limited since the start.
    """

    label: str
    bits: int
    signal_limit: float
    gradient_limit: float
    resolution: float
    saturated: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class RangeReport:
    """All projections and populations of a network in fixed point; ``str`` makes a table."""

    projections: tuple[ProjectionRange, ...]
    populations: tuple[PopulationRange, ...]

    @property
    def warnings(self) -> tuple[str, ...]:
        """What saturated, one sentence each; empty if nothing did."""
        parts: list[ProjectionRange | PopulationRange] = [*self.projections, *self.populations]
        return tuple(
            sentence_of(part.label, what, count) for part in parts
            for what, count in part.saturated.items() if count)

    def __str__(self) -> str:
        lines = ["projection                 bits       limit  resolution    largest  headroom"
                 "   to zero   clipped  saturated"]
        lines += [f"{p.label[:24]:<24} {p.bits:>6} {p.limit:>11.6g} {p.resolution:>11.3g} "
                  f"{p.largest:>10.4g} {p.headroom:>8.1f}b {p.rounded_to_zero:>9} {p.clipped:>9} "
                  f"{sum(p.saturated.values()):>10}" for p in self.projections]
        lines += ["", "population                 bits      signal    gradient  resolution  "
                      "saturated"]
        lines += [f"{p.label[:24]:<24} {p.bits:>6} {p.signal_limit:>11.6g} "
                  f"{p.gradient_limit:>11.6g} {p.resolution:>11.3g} "
                  f"{sum(p.saturated.values()):>10}" for p in self.populations]
        return "\n".join([*lines, *self.warnings])


def sentence_of(label: str, what: str, count: int) -> str:
    """What saturated in a part of a network, as it is said in warnings and reports."""
    return f"{label}: {count} times {what} reached the limit of their fixed-point format"
