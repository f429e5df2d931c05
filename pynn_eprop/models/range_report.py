"""Resolution, limits and saturation of fixed-point formats, as every backend reports them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class ProjectionRange:
    r"""The weights of one projection.

    bits: after the binary point. limit: largest weight. resolution: of the weights on the wire.
    weights: how many. largest: largest \|weight\| now. rounded_to_zero: nonzero weights that act as
    zero. off: weights whose acting value differs by more than a tenth, these included.
    input_error: largest sum \|acting - weight\| of a target cell, as a share of its
    sum \|weight\|. clipped: weights at the edge of the format. saturated: how often since the
    start gradients were limited, and weights stood at the edge after an update; empty if that is
    counted by population.
    """

    label: str
    bits: int
    limit: float
    resolution: float
    weights: int
    largest: float
    rounded_to_zero: int
    off: int
    input_error: float
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
        """A sentence for each part that saturated; empty if none did."""
        parts: list[ProjectionRange | PopulationRange] = [*self.projections, *self.populations]
        return sentences((part.label, what, count) for part in parts
                         for what, count in part.saturated.items())

    def __str__(self) -> str:
        labels = [p.label for p in self.projections] + [p.label for p in self.populations]
        wide = max(len("projection"), *map(len, labels))
        lines = [f"{'projection':<{wide}} {'bits':>4} {'limit':>9} {'resolution':>10} "
                 f"{'largest':>9} {'headroom':>8} {'weights':>9} {'to zero':>9} {'off > 10%':>9} "
                 f"{'input off':>9} {'clipped':>9} {'saturated':>9}"]
        lines += [f"{p.label:<{wide}} {p.bits:>4} {p.limit:>9.6g} {p.resolution:>10.3g} "
                  f"{p.largest:>9.4g} {p.headroom:>7.1f}b {p.weights:>9} {p.rounded_to_zero:>9} "
                  f"{p.off:>9} {100 * p.input_error:>8.3g}% {p.clipped:>9} {_count(p):>9}"
                  for p in self.projections]
        lines += ["", f"{'population':<{wide}} {'bits':>4} {'signal':>9} {'gradient':>9} "
                      f"{'resolution':>10} {'saturated':>9}"]
        lines += [f"{p.label:<{wide}} {p.bits:>4} {p.signal_limit:>9.6g} {p.gradient_limit:>9.6g} "
                  f"{p.resolution:>10.3g} {_count(p):>9}" for p in self.populations]
        return "\n".join([*lines, *self.warnings])


def _count(part: ProjectionRange | PopulationRange) -> str:
    """All that saturated; a dash if that is counted elsewhere."""
    return str(sum(part.saturated.values())) if part.saturated else "-"


def sentences(counts: Iterable[tuple[str, str, int]]) -> tuple[str, ...]:
    """A sentence about each that saturated. counts: label, what saturated and how often."""
    return tuple(f"{label}: {count} times {what} reached the limit of their fixed-point format"
                 for label, what, count in counts if count)
