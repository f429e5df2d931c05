"""Stretches of a run: how far it goes before the host reads recordings and writes tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.common.records.logs import Log, LossLog, SpikeLog
from pynn_eprop.errors import SimulationError
from pynn_eprop.models.cells import AnalogSources, Readouts
from pynn_eprop.models.network import Network
from pynn_eprop.spinnaker.memory.records import core_period
from pynn_eprop.spinnaker.memory.values import row_bytes
from pynn_eprop.spinnaker.vertices.source import LEAST_BYTES, buffer_bytes

STRETCH_MS = 60_000.0
"""Script time at most: between stretches a run handles SIGINT and SIGTERM and shows progress."""
RECORDING_BYTES = 4 * 2 ** 20
"""Memory for all recordings of a population in a stretch, unless one interval needs more."""
MOST_UPDATES = 500
"""Updates in a stretch at most: cores hold the optimisers' constants of each."""
TARGET_BYTES = 4 * 2 ** 20
VALUE_BYTES = 2 * 2 ** 20
"""Memory of a core for the values of each analog source."""
SOURCE_BYTES = 2 ** 16
"""Least memory of sources for the spikes of a stretch."""


def bytes_per_step(log: Log, size: int, every: int) -> float:
    """Memory that a recording takes for each step; for spikes, if some cell fired at every step."""
    if isinstance(log, LossLog):
        return 16.0 / log.interval_steps
    if isinstance(log, SpikeLog):
        return 4.0 * (1 + -(-size // 32))
    return 4.0 * (1 + len(log.cells)) / every


def stretch_steps(network: Network, logs: Mapping[int, Mapping[str, Log]], pause: int) -> int:
    """The most steps of a stretch: whole intervals (at least one), if there are intervals.

    Pauses are not counted. pause: steps of a pause, if script time contains them.
    """
    settings = network.settings
    most = STRETCH_MS / settings.timestep
    for index, of_population in logs.items():
        size = network.populations[index].size
        per_step = sum(bytes_per_step(log, size, core_period(log, network, pause))
                       for name, log in of_population.items() if name != "target")
        if per_step:
            most = min(most, RECORDING_BYTES / per_step)
    for readouts in network.of_kind(Readouts).values():
        if readouts.target is not None and not readouts.target_repeats:
            most = min(most, TARGET_BYTES / (4 * readouts.size))
    for sources in network.of_kind(AnalogSources).values():
        most = min(most, VALUE_BYTES / row_bytes(sources.size))
    unit = settings.interval_steps or 1
    if settings.interval_steps is not None:
        most = min(most, MOST_UPDATES * settings.trials_per_update * unit)
    return max(int(most) // unit, 1) * unit


class Stretches:
    """The stops of runs.

    ``steps``: the most of a stretch, see :func:`stretch_steps`. ``period``: script steps from the
    beginning of an interval to that of the next; 1 without intervals.
    """

    def __init__(self, network: Network, steps: int, period: int,
                 populations: Sequence[Any]) -> None:
        settings = network.settings
        self._interval = period
        self._update = period * settings.trials_per_update
        self._steps = steps // (settings.interval_steps or 1) * period
        self._sources = [population for population in populations
                         if getattr(population, "is_source", False)]
        self._bytes = {population.index: self._need(population) for population in self._sources}

    def _need(self, population: Any) -> int:
        first = 0
        steps, _ = population.spikes_between(first, first + self._steps - 1)
        return -(-max(2 * buffer_bytes(steps), SOURCE_BYTES, LEAST_BYTES) // 4) * 4

    def source_bytes(self, population: int) -> int:
        """Memory of a source population's cores for the spikes of a stretch."""
        return self._bytes[population]

    def stops(self, step: int, last: int) -> list[int]:
        """Script steps, ascending, the last of them ``last``."""
        found = []
        while step < last:
            step = self._next(step, last)
            found.append(step)
        return found

    def _next(self, step: int, last: int) -> int:
        stop = min(step + self._steps, last)
        for unit in (self._update, self._interval):
            if stop < last and stop // unit * unit > step:
                stop = stop // unit * unit
                break
        while not self._fits(step, stop):
            if stop - step == 1:
                raise SimulationError(f"the sources' spikes at step {step} do not fit their "
                                      "buffer; lower their rates")
            shorter = step + (stop - step) // 2
            stop = max(shorter // self._interval * self._interval, step) or shorter
            stop = shorter if stop == step else stop
        return stop

    def _fits(self, first: int, last: int) -> bool:
        return all(buffer_bytes(np.asarray(population.spikes_between(first, last)[0]))
                   <= self._bytes[population.index] for population in self._sources)
