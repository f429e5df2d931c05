"""Weights as a chip holds them: whole multiples of a scale, with floating-point weights behind."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.in_the_loop.substrate import Substrate, calling
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import Network

NEAREST, STOCHASTIC = "nearest", "stochastic"
ROUNDINGS = (NEAREST, STOCHASTIC)


def scales_of(network: Network, levels: int | None, headroom: float, substrate: Substrate
              ) -> dict[int, float]:
    """The weight of one level, by population of cells; empty without levels.

    All synapses onto a population share it, as they share the gain of its cells. If the substrate
    has not measured it, the largest initial weight is 1 / ``headroom`` of the largest level; the
    largest threshold, if all weights are 0. Raises as :func:`measured_scales`.
    """
    if levels is None:
        return {}
    scales = measured_scales(network, levels, substrate)
    for index, cells in network.of_kind(SpikingCells).items():
        if index not in scales:
            largest = max((float(np.max(np.abs(projection.weight), initial=0.0))
                           for projection in network.projections if projection.post == index),
                          default=0.0)
            largest = largest or float(np.max(vars(cells).get("v_thresh", 1.0), initial=0.0))
            scales[index] = largest * headroom / levels or 1.0
    return scales


def measured_scales(network: Network, levels: int | None, substrate: Substrate
                    ) -> dict[int, float]:
    """The weight of one level that a substrate has measured, by population of cells.

    Raises :class:`ParameterError` for one that is not a number above 0.
    """
    scales: dict[int, float] = {}
    for index, cells in network.of_kind(SpikingCells).items() if levels is not None else ():
        with calling(substrate, "level_weight()"):
            known = substrate.level_weight(cells)
            if known is None:
                continue
            if not 0.0 < known < np.inf:
                raise ParameterError(f"{cells.label}: level_weight() of {substrate.name} gives "
                                     f"{known!r}; it must be a number > 0, or None")
            scales[index] = float(known)
    return scales


@dataclass
class Rounding:
    """Rounds weights to levels. clipped: how many were beyond the largest, by projection."""

    levels: int | None
    scales: Mapping[int, float]
    how: str = NEAREST
    seed: int = 1
    clipped: dict[int, int] = field(default_factory=dict)

    def on_chip(self, projection: int, post: int, weight: np.ndarray, trial: int) -> np.ndarray:
        """The weights of a projection that the chip holds, (synapses,).

        trial: number of the first trial that runs with them, on which stochastic rounding depends.
        """
        if self.levels is None:
            return np.asarray(weight, dtype=float)
        scale = self.scales[post]
        exact = np.asarray(weight, dtype=float) / scale
        if self.how == STOCHASTIC:
            draws = np.random.default_rng([self.seed, projection, trial])
            levels = np.floor(exact + draws.random(exact.shape))
        else:
            levels = np.rint(exact)
        beyond = int(np.count_nonzero(np.abs(levels) > self.levels))
        self.clipped[projection] = max(self.clipped.get(projection, 0), beyond)
        return np.asarray(np.clip(levels, -self.levels, self.levels) * scale)
