"""Counts of the spikes of cells that learn in each update, to warn if there are none.

NEST keeps such counts for the rate term, but does not show them, so that a recorder of spikes
stands beside each population. It also knows a pseudo-derivative only step by step; to record all of
them would cost more than it is worth.
"""

from collections.abc import Iterator
from typing import Any

import nest
import numpy as np

from pynn_eprop.models.inactivity import Inactivity, first_inactive
from pynn_eprop.nest.kernel_time import DELIVERY, LAG, KernelTime

_LAG = LAG["spikes"]
DELAY = _LAG + DELIVERY
"""Kernel steps after the end of an update at which all its spikes are known."""


class SpikeCounts:
    """Spikes of one population. It must be made before the first run, like all devices of NEST.

    ``update_steps``: of each update.
    """

    def __init__(self, population: Any, kernel: KernelTime, update_steps: int) -> None:
        self._index, self._kernel, self._length = population.index, kernel, update_steps
        self._done = 0                          # updates that were checked
        self._counts = np.zeros(0, dtype=int)   # of those that follow
        self._device = nest.Create("spike_recorder")
        nest.Connect(population.node_collection, self._device, "all_to_all",
                     {"delay": kernel.timestep})

    def is_in_doubt(self, updates: int) -> bool:
        """Whether, of the first ``updates``, one is not yet known to have a spike."""
        return not np.all(np.append(self._counts, np.zeros(updates, int))[:updates - self._done])

    def look(self, frontier: int, updates: int) -> Iterator[Inactivity]:
        """Inactivity in those of the first ``updates`` that are complete and were not checked yet.

        ``frontier``: kernel steps done.
        """
        self._count()
        known = min((frontier - DELAY) // self._length, updates) - self._done
        if known > 0:
            counts = np.append(self._counts, np.zeros(known, int))[:known]
            self._counts = self._counts[known:]
            first, self._done = self._done + 1, self._done + known
            yield from first_inactive(self._index, first, counts)

    def _count(self) -> None:
        """Take the device's spikes."""
        times = np.asarray(self._device.events["times"])
        self._device.n_events = 0
        steps = np.rint(times / self._kernel.timestep).astype(int) - _LAG
        places = (steps - 1) // self._length - self._done
        counts = np.bincount(places[places >= 0])
        counts[:len(self._counts)] += self._counts[:len(counts)]
        self._counts = np.append(counts, self._counts[len(counts):])
