"""Weights, gradients and biases in the regions of learned values."""

import numpy as np

from pynn_eprop.fixed.formats import filter_bits
from pynn_eprop.spinnaker.memory import cells
from pynn_eprop.spinnaker.memory.layout import Region
from pynn_eprop.spinnaker.placement.cores import Core
from pynn_eprop.spinnaker.placement.plan import Plan
from pynn_eprop.spinnaker.running.learned_memory import LearnedMemory


class LearnedValues:
    """What a network has learned, by projection and population, from the memory of its cores."""

    def __init__(self, plan: Plan, memory: LearnedMemory) -> None:
        self._plan, self._memory = plan, memory

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, (synapses,)."""
        out = np.zeros(len(self._plan.network.projections[projection].weight))
        for core in self._with_rows(projection):
            core.rows.weights(self._memory.read(core, Region.ROWS), projection, out)
        return out

    def gradient(self, projection: int) -> np.ndarray:
        """The last gradient, (synapses,)."""
        described = self._plan.network.projections[projection]
        out = np.zeros(len(described.weight))
        bits = filter_bits(self._plan.network, self._plan.formats, described.post)
        for core in self._with_rows(projection):
            core.rows.gradient(self._memory.read(core, Region.ROWS), projection, bits, out)
        return out

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace weights, (synapses,)."""
        cores = self._with_rows(projection)
        with self._memory.writing() as write:
            for core in cores:
                data = bytearray(self._memory.read(core, Region.ROWS))
                core.rows.put_weights(data, projection, weight)
                write(core, Region.ROWS, bytes(data))

    def _with_rows(self, projection: int) -> list[Core]:
        """A projection's cores, whose weights are read at once, unless they are known."""
        cores = self._plan.of_population(self._plan.network.projections[projection].post)
        self._memory.fetch([(core, Region.ROWS) for core in cores])
        return cores

    def bias(self, population: int) -> np.ndarray:
        """Current biases of readouts, (size,)."""
        return np.concatenate([
            cells.read_bias(self._memory.read(core, Region.CELLS), core.size, core.rows.lanes)
            for core in self._plan.of_population(population)])

    def set_bias(self, population: int, bias: np.ndarray) -> None:
        """Replace biases of readouts, (size,) or one for all."""
        every = np.broadcast_to(bias, (self._plan.network.populations[population].size,))
        for core in self._plan.of_population(population):
            self._memory.write(core, Region.CELLS, cells.put_bias(
                self._memory.read(core, Region.CELLS), every[core.first:core.first + core.size],
                core.rows.lanes))
