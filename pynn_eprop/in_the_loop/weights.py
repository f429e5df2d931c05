"""Weights as a chip holds them: whole multiples of a scale, with floating-point weights behind."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import Network

NEAREST, STOCHASTIC = "nearest", "stochastic"
ROUNDINGS = (NEAREST, STOCHASTIC)


def scales_of(network: Network, levels: int | None, headroom: float,
              measured: Callable[[SpikingCells], float | None] = lambda cells: None
              ) -> dict[int, float]:
    """The weight of one level, by population of cells; empty without levels.

    All synapses onto a population share it, as they share the gain of its cells. measured: gives
    that of cells, or None: then the largest initial weight is 1 / ``headroom`` of the largest
    level. 1 if all weights are 0.
    """
    if levels is None:
        return {}
    scales = {}
    for index, cells in network.of_kind(SpikingCells).items():
        known = measured(cells)
        if known is not None:
            scales[index] = known
            continue
        largest = max((float(np.max(np.abs(projection.weight), initial=0.0))
                       for projection in network.projections if projection.post == index),
                      default=0.0)
        scales[index] = largest * headroom / levels or 1.0
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
