"""Spike times of sources, as PyNN takes them."""

from typing import Any

import numpy as np
from pyNN.parameters import Sequence


def give_spikes(population: Any, times: np.ndarray, cells: np.ndarray) -> None:
    """Set the spikes of a ``SpikeSourceArray`` population: times, in its unit, and cells."""
    order = np.argsort(cells, kind="stable")
    bounds = np.searchsorted(cells[order], np.arange(population.size + 1))
    rows = [Sequence(times[order[bounds[cell]:bounds[cell + 1]]])
            for cell in range(population.size)]
    population.set(spike_times=rows if len(rows) > 1 else rows[0])
