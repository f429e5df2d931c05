"""The first updates of each population without spikes, or pseudo-derivative, over parts of a run.

Machines report those of what they ran themselves: since they were built, or in the last part.
"""

from collections.abc import Iterable

import numpy as np

from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.network import Network


class FirstInactivities:
    """Gathers what a machine reports after each part, so that any two machines can be compared."""

    def __init__(self, network: Network) -> None:
        self._learning = {projection.post for projection in network.projections
                          if projection.optimizer is not None and len(projection.weight)}
        self._first: dict[tuple[int, str], Inactivity] = {}

    def add(self, found: Iterable[Inactivity]) -> None:
        for each in sorted(found, key=lambda entry: entry.update):
            if each.spikes == 0:
                self._first.setdefault((each.population, "silent"), each)
            if each.slope is False and each.population in self._learning:
                self._first.setdefault((each.population, "flat"), each)

    def array(self) -> np.ndarray:
        """Rows of population, whether silent or flat, update, spikes, whether there was a slope."""
        rows = [(population, kind == "flat", each.update, each.spikes,
                 population in self._learning and bool(each.slope))
                for (population, kind), each in sorted(self._first.items())]
        return np.array(rows, dtype=int).reshape(-1, 5)
