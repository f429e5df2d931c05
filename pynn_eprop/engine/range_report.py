"""The range report of a :class:`HostEngine`: formats, and what saturated during its run."""

import math
from typing import Any

import numpy as np

from pynn_eprop.engine._eprop import lib
from pynn_eprop.engine.fixed_point import weight_limit
from pynn_eprop.models.network import Readouts, SpikingCells
from pynn_eprop.models.range_report import (
    PopulationRange,
    ProjectionRange,
    RangeReport,
    sentence_of,
)

_OF_POPULATIONS = {
    "states": lib.EPROP_STATE, "arrivals": lib.EPROP_INPUT, "errors": lib.EPROP_ERRORS,
    "learning signals": lib.EPROP_FILTERED, "filters": lib.EPROP_FILTER,
    "rate terms": lib.EPROP_RATE,
}
_OF_PROJECTIONS = {"gradients": lib.EPROP_GRADIENT, "weights": lib.EPROP_WEIGHT}


def saturations(engine: Any) -> tuple[str, ...]:
    """What saturated in a :class:`HostEngine` so far, one sentence each."""
    network = engine.network
    counts = [(population.label, what, engine.saturated(code, index))
              for index, population in enumerate(network.populations)
              for what, code in _OF_POPULATIONS.items()]
    counts += [(projection.label, what, engine.saturated(code, index))
               for index, projection in enumerate(network.projections)
               for what, code in _OF_PROJECTIONS.items()]
    return tuple(sentence_of(*entry) for entry in counts if entry[2])


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
