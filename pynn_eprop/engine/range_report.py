"""The range report of a :class:`HostEngine`: formats, and saturation during its run."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pynn_eprop.engine._eprop import lib
from pynn_eprop.fixed.formats import Formats, filter_bits, weight_limit
from pynn_eprop.fixed.numbers import acting_weights
from pynn_eprop.fixed.rounding import label_of, measure, sum_errors
from pynn_eprop.models.cells import Population
from pynn_eprop.models.network import Network, Projection
from pynn_eprop.models.range_report import (
    PopulationRange,
    ProjectionRange,
    RangeReport,
    sentences,
)

_OF_POPULATIONS = {
    "states": lib.EPROP_STATE, "arrivals": lib.EPROP_INPUT, "errors": lib.EPROP_ERRORS,
    "learning signals": lib.EPROP_FILTERED, "filters": lib.EPROP_FILTER,
    "rate terms": lib.EPROP_RATE,
}
_OF_PROJECTIONS = {"gradients": lib.EPROP_GRADIENT, "weights": lib.EPROP_WEIGHT}


def saturations(engine: Any) -> tuple[str, ...]:
    """A sentence for each part of a :class:`HostEngine` that saturated so far."""
    network = engine.network
    kinds: list[tuple[Sequence[Population | Projection], dict[str, int]]] = [
        (network.populations, _OF_POPULATIONS), (network.projections, _OF_PROJECTIONS)]
    return sentences((label_of(parts, index), what, engine.saturated(code, index))
                     for parts, codes in kinds for index in range(len(parts))
                     for what, code in codes.items())


def engine_report(engine: Any) -> RangeReport:
    """The present report of a :class:`HostEngine` in fixed point."""
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
        if population.learns)
    return RangeReport(tuple(projections), populations)
