"""Recordings of populations, in script time."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pynn_eprop.brian2 import simulator
from pynn_eprop.brian2.cells import SpikingGroup
from pynn_eprop.brian2.readouts import ReadoutGroup
from pynn_eprop.common.records.logs import Log, LossLog, SampledLog, SpikeLog
from pynn_eprop.common.records.recorder import LogRecorder
from pynn_eprop.models.first_samples import first_samples

_STATE = ("v", "a", "y")


class Recorder(LogRecorder):
    """Recordings of one population."""

    _simulator = simulator

    def _finalize(self) -> None:
        """PyNN's Brian2 backend calls this before a run; there is nothing to do."""


class StockRecorder(Recorder):
    """Recordings of a population of PyNN's own cells, in PyNN's units."""

    def _units(self) -> Mapping[str, str]:
        return {name: "dimensionless" if units == "unknown" else units
                for name, units in self.population.celltype.units.items()}

    def read(self, variable: str) -> np.ndarray:
        """A variable now, (cells,)."""
        translation = self.population.celltype.state_variable_translations[variable]
        name = translation["translated_name"]
        values = getattr(self.population.brian2_group, name)[:]
        return np.array(translation["reverse_transform"](**{name: values}), dtype=float)

    def spiked(self) -> np.ndarray:
        """The cells that have spiked in the step that is being done."""
        space = self.population.brian2_group.variables["_spikespace"].get_value()
        return np.sort(space[:space[-1]])


def _logs(simulation: Any) -> Iterator[tuple[Any, Log]]:
    """(group or recorder with the values, log) of all recordings but spikes of sources."""
    for population in simulation.populations:
        part = simulation.parts.get(population.index, population.recorder)
        if isinstance(part, (SpikingGroup, ReadoutGroup, StockRecorder)):
            for log in population.recorder.logs.values():
                yield part, log


def take_first_samples(simulation: Any) -> None:
    """Take the samples at the time at which recordings begin."""
    step = simulation.step
    for part, log in _logs(simulation):
        if isinstance(log, SampledLog) and log.begins(step):
            if log.variable in _STATE or isinstance(part, StockRecorder):
                sample = part.read(log.variable)[log.cells]
            else:
                sample = first_samples(log.variable, step, len(log.cells))
            log.append(sample[np.newaxis])
    for _, log in _synapse_logs(simulation):
        if log.begins(step):
            log.append(first_samples(log.variable, step, len(log.cells))[np.newaxis])


def record_step(simulation: Any, step: int) -> None:
    """Record a step that is done."""
    for part, log in _logs(simulation):
        if isinstance(log, SpikeLog):
            stock = isinstance(part, StockRecorder)     # PyNN stamps spikes with a step's beginning
            cells = part.spiked() if stock else np.flatnonzero(part.array("z") > 0)
            cells = cells[np.isin(cells, log.cells)]
            log.append((np.full(len(cells), step - stock), cells))
        elif isinstance(log, SampledLog) and step % log.every == 0:
            log.append(part.read(log.variable)[log.cells][np.newaxis])
    _record_synapses(simulation, step)


def _synapse_logs(simulation: Any) -> Iterator[tuple[Any, SampledLog]]:
    """(projection, log) of all recordings of synapses."""
    for projection in simulation.projections:
        recorder = None if projection.is_stock else projection.recorder
        for log in () if recorder is None else recorder.logs.values():
            yield projection, log


def _record_synapses(simulation: Any, step: int) -> None:
    for projection, log in _synapse_logs(simulation):
        if step % log.every == 0:
            log.append(simulation.eligibility(projection)[log.cells][np.newaxis])


def record_interval(simulation: Any) -> None:
    """Record the losses of an interval that has ended."""
    for part, log in _logs(simulation):
        if isinstance(log, LossLog):
            log.append(np.array([part.loss]))


def states(simulation: Any) -> Iterator[tuple[str, str, np.ndarray]]:
    """Label, variable and values of all membranes and readouts."""
    for index, part in simulation.parts.items():
        if isinstance(part, (SpikingGroup, ReadoutGroup)):
            variable = "y" if isinstance(part, ReadoutGroup) else "v"
            yield simulation.populations[index].label, variable, part.array(variable)
