"""The recorder of a projection: logs of synapses while it runs, Neo blocks afterwards."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import neo
import numpy as np

from pynn_eprop.common.records.logs import FinishedSegment, Log, SampledLog
from pynn_eprop.common.records.neo_blocks import block, synapse_signal
from pynn_eprop.common.records.segments import SegmentedLogs
from pynn_eprop.errors import RecordingError
from pynn_eprop.models.network import Boundary


class SynapseRecorder(SegmentedLogs):
    """Recordings of the synapses of one projection.

    The "cells" of its logs are places of synapses in the projection. carried: by number of the
    projection's bundle, arrays that a machine needs to go on with recorded traces in the next run.
    """

    _owner = "projection"

    def __init__(self, projection: Any, state: Any) -> None:
        self.projection = projection
        self.carried: dict[int, dict[str, np.ndarray]] = {}
        self._begin_segments(state)

    def record(self, names: Sequence[str], synapses: np.ndarray, interval: float | None) -> None:
        """Record variables of synapses, places in the projection, from now on.

        Raises :class:`RecordingError` for a sampling interval off the grid or other than that in
        use, and if traces hold a past that is not known.
        """
        every = self._sampling_steps(interval, self.projection.label)
        self.check_begins()
        for name in names:
            if name in self.logs:
                self.logs[name].add_cells(synapses)
            else:
                self.logs[name] = self._begun_now(SampledLog(name, synapses, every, 0))
        self.carried = {}

    def check_begins(self) -> None:
        """Raise :class:`RecordingError` unless traces begin at 0 now.

        They do at the start of an interval, or at time 0 if they cross the ends of intervals.
        """
        simulation = self._state.simulation
        if not simulation.step:
            return
        label, now = self.projection.label, simulation.time
        if simulation.options.boundary is Boundary.CONTINUOUS:
            raise RecordingError(f"{label}: eligibility traces at {now:g} ms have a past that was "
                                 "not recorded, as they cross the ends of intervals; record them "
                                 "before the first run(), or after reset()")
        if not simulation.timeline.starts_interval(simulation.step):
            end = simulation.timeline.time(simulation.timeline.interval_end(simulation.step))
            raise RecordingError(f"{label}: eligibility traces at {now:g} ms, within an interval, "
                                 "have a past that was not recorded; run() to its end at "
                                 f"{end:g} ms first")

    def _begun_now(self, log: Log) -> Log:
        step, every = self._state.simulation.step, getattr(log, "every", 1)
        return SampledLog(log.variable, log.cells, every, -(-step // every) * every)

    def reset(self) -> None:
        """Record nothing more; the data of this segment are dropped."""
        super().reset()
        self.carried = {}

    def store_to_cache(self, annotations: Mapping[str, Any] | None = None) -> None:
        """End the segment, before a reset; recording of the same synapses goes on."""
        super().store_to_cache(annotations)
        self.carried = {}

    def get(self, names: Sequence[str], clear: bool, annotations: Mapping[str, Any] | None
            ) -> neo.Block:
        """The recorded data as a block with one segment per run between resets."""
        segments = [self._segment(part, names) for part in self.finished]
        if self._state.running:
            segments.append(self._segment(self._current(), names))
        projection = self.projection
        made = block(projection.label, projection.describe(), segments,
                     {"projection": projection.label, "dt": self._state.dt, **(annotations or {})})
        if clear:
            self.clear()
        return made

    def _segment(self, part: FinishedSegment, names: Sequence[str]) -> neo.Segment:
        projection = self.projection
        segment = neo.Segment(name=part.name, rec_datetime=datetime.now())
        for name, log in part.logs.items():
            assert isinstance(log, SampledLog)
            signal = None if name not in names else synapse_signal(
                log, projection.label, self._state.dt, projection.synapses.pre,
                projection.synapses.post)
            if signal is not None:
                segment.analogsignals.append(signal)
                signal.segment = segment
        segment.annotate(**part.annotations)
        return segment

    def saved(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """All data and what is carried as arrays, and plain data about the segments."""
        arrays, about = super().saved()
        carried = {f"{number}/{name}": array for number, parts in self.carried.items()
                   for name, array in parts.items()}
        return {**{f"logs/{name}": array for name, array in arrays.items()},
                **{f"carried/{name}": array for name, array in carried.items()}}, about

    def take_back(self, arrays: Mapping[str, np.ndarray], about: Mapping[str, Any]) -> None:
        """Go on with the data of a checkpoint, from :meth:`saved`."""
        parts = self.restored({
            name.removeprefix("logs/"): array for name, array in arrays.items()
            if name.startswith("logs/")}, about)
        self.logs, self.carried = {}, {}
        for name, array in arrays.items():
            kind, number, *rest = name.split("/", 2)
            if kind == "carried":
                self.carried.setdefault(int(number), {})[rest[0]] = array
        self.take_over(parts)

    def begin_again(self) -> None:
        """Begin to record now, with a checkpoint that has no data of this projection.

        Raises :class:`RecordingError` if that is not possible now.
        """
        if self.logs:
            self.check_begins()
        self.finished, self.carried = [], {}
        self.logs = {name: self._begun_now(log) for name, log in self.logs.items()}
        self._start = self._state.simulation.step
