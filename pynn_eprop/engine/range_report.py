"""What a network's fixed-point formats resolve and hold, and what saturated during its run."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.engine._eprop import lib
from pynn_eprop.engine.fixed_numbers import acting_weights
from pynn_eprop.engine.fixed_point import Formats, filter_bits, weight_limit
from pynn_eprop.engine.rounding import label_of, measure, sum_errors
from pynn_eprop.models.network import (
    Network,
    Population,
    Projection,
    Readouts,
    SpikingCells,
)

_OF_POPULATIONS = {
    "states": lib.EPROP_STATE, "arrivals": lib.EPROP_INPUT, "errors": lib.EPROP_ERRORS,
    "learning signals": lib.EPROP_FILTERED, "filters": lib.EPROP_FILTER,
    "rate terms": lib.EPROP_RATE,
}
_OF_PROJECTIONS = {"gradients": lib.EPROP_GRADIENT, "weights": lib.EPROP_WEIGHT}


@dataclass(frozen=True)
class ProjectionRange:
    r"""The weights of one projection.

    bits: after the binary point. limit: largest weight. resolution: of the weights on the wire.
    weights: how many. largest: largest \|weight\| now. rounded_to_zero: weights that are not zero,
    and act as zero. off: those that act as something that differs by more than a tenth, these
    included. input_error: of the target cell with the largest, sum \|acting - weight\| as a share
    of sum \|weight\|. clipped: weights at the edge of the format. saturated: how often since the
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
        """What saturated, one sentence each; empty if nothing did."""
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
    """Label, what and how often: a sentence about each that saturated."""
    return tuple(f"{label}: {count} times {what} reached the limit of their fixed-point format"
                 for label, what, count in counts if count)


def saturations(engine: Any) -> tuple[str, ...]:
    """What saturated in a :class:`HostEngine` so far, one sentence each."""
    network = engine.network
    kinds: list[tuple[Sequence[Population | Projection], dict[str, int]]] = [
        (network.populations, _OF_POPULATIONS), (network.projections, _OF_PROJECTIONS)]
    return sentences((label_of(parts, index), what, engine.saturated(code, index))
                     for parts, codes in kinds for index in range(len(parts))
                     for what, code in codes.items())


def engine_report(engine: Any) -> RangeReport:
    """The report of a :class:`HostEngine` in fixed point, as it stands now."""
    network = engine.network
    return make_report(
        network, engine.formats, engine.weights,
        [{what: engine.saturated(code, index) for what, code in _OF_PROJECTIONS.items()}
         for index in range(len(network.projections))],
        [{what: engine.saturated(code, index) for what, code in _OF_POPULATIONS.items()}
         for index in range(len(network.populations))])


def make_report(network: Network, formats: Formats, weights: Callable[[int], np.ndarray],
                of_projections: Sequence[dict[str, int]],
                of_populations: Sequence[dict[str, int]]) -> RangeReport:
    """The report of a network. ``weights``: of a projection, as they are now.

    ``of_projections``, ``of_populations``: how many values of each kind saturated.
    """
    projections = []
    for index, projection in enumerate(network.projections):
        bits, weight = formats.weight_bits[index], weights(index)
        acting = acting_weights(weight, bits)
        found = measure(weight, acting)
        inputs = sum_errors(projection.post_index, weight, acting)
        projections.append(ProjectionRange(
            label_of(network.projections, index), bits, weight_limit(bits), 2.0 ** -bits,
            len(weight), float(np.max(np.abs(weight), initial=0.0)), found.to_zero, found.off,
            float(np.max(inputs, initial=0.0)),
            int(np.count_nonzero(np.abs(weight) >= weight_limit(bits))), of_projections[index]))
    populations = tuple(
        PopulationRange(label_of(network.populations, index), formats.signal_bits[index],
                        2.0 ** (29 - formats.signal_bits[index]),
                        2.0 ** (30 - filter_bits(network, formats, index)),
                        2.0 ** -formats.signal_bits[index], of_populations[index])
        for index, population in enumerate(network.populations)
        if isinstance(population, (SpikingCells, Readouts)))
    return RangeReport(tuple(projections), populations)
