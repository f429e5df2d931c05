"""Sources as Brian2 groups, with the spikes and values that every backend is given."""

from typing import Any

import numpy as np
from brian2 import Function, NeuronGroup, SpikeGeneratorGroup, ms


class SourceGroup:
    """One population. ``group``: its cells, which spike in the iteration of their time.

    A readout sees a spike of delay one step in the step of its emission, whose iteration ends
    before the source spikes in Brian2. Synapses onto readouts lead from :meth:`doubled`: cell c for
    longer delays, and cell size + c, which spikes one iteration earlier, for the shortest.
    """

    def __init__(self, size: int, clock: Any) -> None:
        self.size = size
        self.group = SpikeGeneratorGroup(size, [], [] * ms, clock=clock)
        self._clock = clock
        self._doubled: Any = None
        self._keys = np.zeros(0, dtype=np.int64)
        self._counts = np.zeros(0)
        self._memory = 1
        self.repeated = False

    def remember(self, steps: int) -> None:
        """Keep spikes for at least so many steps after their emission."""
        self._memory = max(self._memory, steps)

    def doubled(self) -> tuple[Any, bool]:
        """The group that synapses onto readouts lead from, and whether it is new."""
        new = self._doubled is None
        if new:
            self._doubled = SpikeGeneratorGroup(2 * self.size, [], [] * ms, clock=self._clock)
        return self._doubled, new

    def prepare(self, steps: np.ndarray, cells: np.ndarray, first: int) -> None:
        """Take the spikes (global step, cell) of the run from step ``first`` on.

        Earlier ones are kept until their delays have passed.
        """
        dt = self._clock.dt
        keys, counts = np.unique(np.asarray(steps, dtype=np.int64) * self.size + cells,
                                 return_counts=True)
        past = (self._keys < first * self.size) \
            & (self._keys >= (first - self._memory) * self.size)
        self._keys = np.concatenate([self._keys[past], keys])
        self._counts = np.concatenate([self._counts[past], counts])
        self.repeated = bool(np.any(counts > 1))
        when, who = np.divmod(keys, self.size)
        self.group.set_spikes(who, when * dt, sorted=True)
        if self._doubled is not None:
            later = when > first        # the others spiked in the run before, or never spike
            self._doubled.set_spikes(np.concatenate([who, self.size + who[later]]),
                                     np.concatenate([when, when[later] - 1]) * dt)

    def forget(self) -> None:
        """Back to time 0."""
        self._keys, self._counts = self._keys[:0], self._counts[:0]

    def emitted(self) -> Function:
        """A function for equations, ``emitted(i, step)``: the spikes of cell i at a step."""

        def count(cell: np.ndarray, step: np.ndarray) -> np.ndarray:
            key = np.asarray(step, dtype=np.int64) * self.size + np.asarray(cell) % self.size
            place = np.searchsorted(self._keys, key)
            return np.asarray(self._counts[place])

        return Function(count, arg_units=[1, 1], return_unit=1, stateless=True)


class AnalogGroup:
    """One population of analog sources. ``group``: stands for its cells, and does nothing."""

    def __init__(self, size: int, clock: Any) -> None:
        self.size = size
        self.group = NeuronGroup(size, "idle : 1", clock=clock, namespace={})
        self._rows = np.zeros((0, size))
        self._first = 0         # the step of the first row
        self._memory = 1

    def remember(self, steps: int) -> None:
        """Keep values for at least so many steps."""
        self._memory = max(self._memory, steps)

    def prepare(self, rows: np.ndarray, first: int) -> None:
        """Take the values of the run from step ``first`` on, (steps, size).

        Earlier ones are kept until their delays have passed.
        """
        past = self._rows[:max(first - self._first, 0)][-self._memory:]
        self._rows, self._first = np.concatenate([past, rows]), first - len(past)

    def forget(self) -> None:
        """Back to time 0."""
        self._rows, self._first = self._rows[:0], 0

    def values(self, steps: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Values of cells at a step of each; 0 before the first."""
        places = steps - self._first
        known = places >= 0
        found = np.zeros(len(cells))
        found[known] = self._rows[places[known], cells[known]]
        return found
