"""What a network's fixed-point formats resolve and hold, and what saturated during its run."""

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.engine._eprop import lib
from pynn_eprop.engine.fixed_point import weight_limit
from pynn_eprop.models.network import Readouts, SpikingCells

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
            _sentence(part.label, what, count) for part in parts
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


def saturations(engine: Any) -> tuple[str, ...]:
    """What saturated in a :class:`HostEngine` so far, one sentence each."""
    network = engine.network
    counts = [(population.label, what, engine.saturated(code, index))
              for index, population in enumerate(network.populations)
              for what, code in _OF_POPULATIONS.items()]
    counts += [(projection.label, what, engine.saturated(code, index))
               for index, projection in enumerate(network.projections)
               for what, code in _OF_PROJECTIONS.items()]
    return tuple(_sentence(*entry) for entry in counts if entry[2])


def _sentence(label: str, what: str, count: int) -> str:
    return f"{label}: {count} times {what} reached the limit of their fixed-point format"


def make_report(engine: Any) -> RangeReport:
    """The report of a :class:`HostEngine` in fixed point, as it stands now."""
    network, formats = engine.network, engine.formats
    projections = []
    for index, projection in enumerate(network.projections):
        bits, weight = formats.weight_bits[index], np.abs(engine.weights(index))
        resolution = 2.0 ** -bits
        projections.append(ProjectionRange(
            projection.label, bits, weight_limit(bits), resolution, len(weight),
            float(np.max(weight, initial=0.0)),
            int(np.count_nonzero((weight > 0) & (weight < resolution / 2))),
            int(np.count_nonzero(weight >= weight_limit(bits))),
            {what: engine.saturated(code, index) for what, code in _OF_PROJECTIONS.items()}))
    populations = []
    for index, population in enumerate(network.populations):
        if isinstance(population, (SpikingCells, Readouts)):
            bits = formats.signal_bits[index]
            lost = 0
            if isinstance(population, SpikingCells):
                lost = max(0, math.floor(math.log2(max(population.pseudo_derivative.height, 0.25)))
                           + 2)
            populations.append(PopulationRange(
                population.label, bits, 2.0 ** (29 - bits), 2.0 ** (30 - bits + lost),
                2.0 ** -bits,
                {what: engine.saturated(code, index) for what, code in _OF_POPULATIONS.items()}))
    return RangeReport(tuple(projections), tuple(populations))
