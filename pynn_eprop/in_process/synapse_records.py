"""What is recorded of synapses in a run, from the machine itself or from recorded activity."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.common.records.logs import SampledLog
from pynn_eprop.in_process.eligibility import Carried, Entry, FollowedTraces
from pynn_eprop.in_process.simulation import InProcessSimulation
from pynn_eprop.models.cells import LearningCells
from pynn_eprop.models.first_samples import first_samples
from pynn_eprop.models.network import (
    ELIGIBILITY_TRACE,
    Inputs,
    Network,
    Recording,
    TraceRecording,
)


@dataclass
class _OfMachine:
    """Recorded synapses from one population to another whose traces the machine has.

    columns: their places in the log. The methods of both classes: requests, recordings that a run
    of the machine needs; samples of a stretch of a run, (samples, synapses), from the entries.
    """

    columns: np.ndarray
    recording: TraceRecording

    def requests(self) -> tuple[Recording, ...]:
        return (self.recording,)

    def samples(self, first: int, steps: int, inputs: Inputs, entries: Sequence[Entry]
                ) -> np.ndarray:
        return np.asarray(entries[0])


@dataclass
class _Followed:
    """Those whose traces follow from recorded activity.

    recorder: keeps their state between runs, under the number of the bundle.
    """

    columns: np.ndarray
    traces: FollowedTraces
    recorder: Any
    bundle: int

    def requests(self) -> tuple[Recording, ...]:
        return self.traces.requests()

    def samples(self, first: int, steps: int, inputs: Inputs, entries: Sequence[Entry]
                ) -> np.ndarray:
        values = self.traces.follow(first, steps, inputs, tuple(entries))
        assert self.traces.carried is not None
        self.recorder.carried[self.bundle] = self.traces.carried.arrays()
        return values


class SynapseRecords:
    """The recorded synapses of all projections, during one run."""

    def __init__(self, simulation: InProcessSimulation, network: Network) -> None:
        self._logs = list(_recorded(simulation))
        self._parts: list[list[_OfMachine | _Followed]] = [
            list(_parts(simulation, network, projection, log)) for projection, log in self._logs]
        self.bytes_per_step = sum(
            part.traces.bytes_per_step if isinstance(part, _Followed)
            else 8 * len(part.columns) // part.recording.every
            for parts in self._parts for part in parts)

    def take_start_samples(self, step: int) -> None:
        """Take the samples at the time at which recordings begin."""
        for _, log in self._logs:
            if log.begins(step):
                log.append(first_samples(log.variable, step, len(log.cells))[np.newaxis])

    def requests(self) -> list[Recording]:
        """Recordings that a run of the machine needs."""
        return [request for parts in self._parts for part in parts for request in part.requests()]

    def take(self, first: int, steps: int, inputs: Inputs, entries: Sequence[Entry]) -> None:
        """Add the samples of a stretch of a run, from the entries of :meth:`requests`."""
        begin = 0
        for (_, log), parts in zip(self._logs, self._parts, strict=True):
            found = []
            for part in parts:
                end = begin + len(part.requests())
                found.append(part.samples(first, steps, inputs, entries[begin:end]))
                begin = end
            if len(parts) == 1:
                log.append(found[0])
                continue
            rows = (first + steps) // log.every - first // log.every
            values = np.empty((rows, len(log.cells)))
            for part, samples in zip(parts, found, strict=True):
                values[:, part.columns] = samples
            log.append(values)


def _recorded(simulation: InProcessSimulation) -> Iterator[tuple[Any, SampledLog]]:
    for projection in simulation.projections:
        for log in () if projection.recorder is None else projection.recorder.logs.values():
            assert isinstance(log, SampledLog)
            yield projection, log


def _parts(simulation: InProcessSimulation, network: Network, projection: Any, log: SampledLog
           ) -> Iterator[_OfMachine | _Followed]:
    """The recorded synapses of one projection, by the populations at their ends."""
    assert simulation.description is not None
    places = simulation.description.projections[projection.index]
    for number, (bundle, place) in enumerate(zip(projection.bundles, places, strict=True)):
        if network.projections[place].post not in network.of_kind(LearningCells):
            continue
        columns, synapses = np.arange(len(log.cells)), log.cells
        if bundle.which is not None:
            columns = np.flatnonzero(np.isin(log.cells, bundle.which))
            synapses = np.searchsorted(bundle.which, log.cells[columns])
        if not len(columns):
            continue
        if simulation.carries_traces:
            yield _OfMachine(columns, TraceRecording(
                network.projections[place].post, ELIGIBILITY_TRACE, synapses, log.every,
                projection=place))
            continue
        carried = projection.recorder.carried.get(number)
        yield _Followed(columns, FollowedTraces(
            network, place, synapses, log.every,
            None if carried is None else Carried.restored(carried)), projection.recorder, number)
