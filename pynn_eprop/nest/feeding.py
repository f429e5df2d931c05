"""Input spikes and targets, given to NEST's generators a stretch of kernel steps at a time."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import nest
import numpy as np

from pynn_eprop.common.standardmodels import EPropReadout
from pynn_eprop.errors import SimulationError
from pynn_eprop.nest.kernel_time import SOURCE_LEAD, TARGET_LEAD, KernelTime
from pynn_eprop.nest.translation import RATE, TARGET_PORT

Time = Callable[[int], float]


class Feeder:
    """Spike generators of the sources and rate generators of the targets.

    Kernel steps up to ``frontier`` have their input; it can no longer change.
    """

    def __init__(self, kernel: KernelTime, populations: Sequence[Any], time: Time) -> None:
        self._kernel = kernel
        self._time = time
        self.frontier = 0
        self._sources = [population for population in populations if population.is_source]
        self._readouts = [population for population in populations
                          if isinstance(population.celltype, EPropReadout)
                          and population.celltype.loss is not None]
        self._teachers = {readout.index: self._teacher(readout) for readout in self._readouts}
        self._fed_spikes: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self._fed_targets: dict[int, np.ndarray] = {}

    def _teacher(self, readout: Any) -> Any:
        generators = nest.Create("step_rate_generator", readout.size)
        nest.Connect(generators, readout.node_collection, "one_to_one", {
            "synapse_model": RATE, "delay": self._kernel.timestep, "receptor_type": TARGET_PORT})
        return generators

    def feed(self, frontier: int, now: int) -> None:
        """Give all input of kernel steps up to ``frontier``. ``now``: the script's step."""
        if frontier <= self.frontier:
            return
        for population in self._sources:
            self._feed_spikes(population, frontier, now)
        for readout in self._readouts:
            self._feed_target(readout, frontier, now)
        self.frontier = frontier

    def _feed_spikes(self, population: Any, frontier: int, now: int) -> None:
        first, last = self.frontier + 1 - SOURCE_LEAD, frontier - SOURCE_LEAD
        steps, cells = population.spikes_between(first, last)
        self._send(population, steps, cells)
        kept_steps, kept_cells = self._fed_spikes.get(population.index, (steps[:0], cells[:0]))
        keep = kept_steps >= now
        self._fed_spikes[population.index] = (np.append(kept_steps[keep], steps),
                                              np.append(kept_cells[keep], cells))

    def _send(self, population: Any, steps: np.ndarray, cells: np.ndarray) -> None:
        order = np.argsort(cells, kind="stable")
        times = np.round((steps[order] + SOURCE_LEAD) * self._kernel.timestep, 9)
        bounds = np.searchsorted(cells[order], np.arange(population.size + 1))
        population.generators.set([{"spike_times": times[low:high]}
                                   for low, high in pairwise(bounds)])

    def _feed_target(self, readout: Any, frontier: int, now: int) -> None:
        steps = np.arange(self.frontier + 1 - TARGET_LEAD, frontier + 1 - TARGET_LEAD)
        steps = steps[steps > 0]
        if not len(steps):
            return
        target = np.nan_to_num(readout.target_at(steps))
        times = np.round((steps + TARGET_LEAD) * self._kernel.timestep, 9)
        self._teachers[readout.index].set([
            {"amplitude_times": times, "amplitude_values": row} for row in target.T])
        kept = self._fed_targets.get(readout.index)
        rows = target if kept is None else np.concatenate([kept, target])
        ahead = max(0, int(steps[-1]) - now)
        self._fed_targets[readout.index] = rows[len(rows) - min(ahead, len(rows)):]

    def last_spikes(self, step: int) -> None:
        """Add one more spike of every source, at script step ``step``."""
        for population in self._sources:
            every = np.arange(population.size)
            self._send(population, np.full(population.size, step), every)

    # --- what was given can no longer change ---

    def check_spikes(self, population: Any, now: int) -> None:
        """Raise :class:`SimulationError` if spikes that NEST already has were changed."""
        last = self.frontier - SOURCE_LEAD
        if last < now:
            return
        steps, cells = self._fed_spikes[population.index]
        fed = _sorted(steps[steps >= now], cells[steps >= now])
        wanted = _sorted(*population.spikes_between(now, last))
        if fed != wanted:
            raise SimulationError(
                f"{population.label}: NEST has already run to {self._time(last):g} ms, because "
                f"recorded data or weights were read at {self._time(now):g} ms; spikes up to there "
                "can no longer change. Leave the first steps of an interval free, or set the "
                "spikes before reading")

    def check_target(self, readout: Any, now: int) -> None:
        """Raise :class:`SimulationError` if targets that NEST already has were changed."""
        last = self.frontier - TARGET_LEAD
        if readout.index not in self._teachers or last <= now:
            return
        target = readout.target_at(np.arange(now + 1, last + 1))
        fed = self._fed_targets[readout.index]
        if np.any((target != fed) & ~np.isnan(target)):
            raise SimulationError(
                f"{readout.label}: NEST has already got the target of step {last - now} after "
                f"{self._time(now):g} ms, because recorded data were read then; begin the new "
                "target with the same values or NaN, or set it before reading")


def _sorted(steps: np.ndarray, cells: np.ndarray) -> list[tuple[int, int]]:
    return sorted(zip(steps.tolist(), cells.tolist(), strict=True))
