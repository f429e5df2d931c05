"""Logs in segments: those in progress, and those that a reset() has ended."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from pynn_eprop.common.arguments.grid import to_steps
from pynn_eprop.common.records.logs import (
    FinishedSegment,
    Log,
    LossLog,
    SampledLog,
    SpikeLog,
    restored_log,
)
from pynn_eprop.errors import RecordingError
from pynn_eprop.models.parameters import as_numbers


def check_sampling_interval(interval: Any, timestep: float, label: str) -> int:
    """An interval as steps.

    Raises :class:`RecordingError` unless it is a number, on the grid, and at least one step.
    """
    number = as_numbers(interval)
    if number is None or number.ndim:
        raise RecordingError(f"{label}: sampling_interval={interval!r} must be a number of ms")
    every = int(to_steps(number, timestep, f"{label}: sampling_interval", RecordingError))
    if every < 1:
        raise RecordingError(f"{label}: sampling_interval={interval:g} ms must be at least "
                             f"one time step of {timestep:g} ms")
    return every


class SegmentedLogs(ABC):
    """What is recorded of one population or projection.

    logs: by variable, those of the segment in progress. finished: segments that reset() has ended.
    """

    logs: dict[str, Log]
    finished: list[FinishedSegment]

    def _begin_segments(self, state: Any) -> None:
        """Begin without recordings. state: of a backend, see ``_simulator.state``."""
        self._state = state
        self.logs = {}
        self.finished = []
        self._every: int | None = None
        self._start = state.simulation.step

    @abstractmethod
    def _begun_now(self, log: Log) -> Log:
        """A log of the same that begins now."""

    def _sampling_steps(self, interval: float | None, label: str) -> int:
        """``sampling_interval`` as steps; one for all variables."""
        timestep = self._state.dt
        if interval is None:
            return self._every or 1
        every = check_sampling_interval(interval, timestep, label)
        in_use = {log.every for log in self.logs.values() if isinstance(log, SampledLog)}
        if in_use - {every}:
            raise RecordingError(
                f"{label}: sampling_interval={interval:g} ms, but this {self._owner} is recorded "
                f"every {in_use.pop() * timestep:g} ms; all its variables share one interval")
        self._every = every
        return every

    _owner = "population"

    def reset(self) -> None:
        """Record nothing more; the data of this segment are dropped."""
        self.logs = {}
        self._every = None

    def _current(self) -> FinishedSegment:
        state = self._state
        return FinishedSegment(f"segment{state.segment_counter:03d}", self.logs, self._start,
                               state.simulation.step, self._saturations())

    def _saturations(self) -> dict[str, Any]:
        """An annotation with what saturated, if anything did."""
        sentences = self._state.simulation.saturations()
        return {"saturations": "; ".join(sentences)} if sentences else {}

    def clear(self) -> None:
        """Forget all data. The next data begin with the present samples."""
        step = self._state.simulation.step
        self.finished = []
        for log in self.logs.values():
            log.forget(step)
        self._start = step

    def store_to_cache(self, annotations: Mapping[str, Any] | None = None) -> None:
        """End the segment, before a reset; recording of the same variables goes on."""
        if self._state.simulation.step > self._start:
            part = self._current()
            part.annotations |= annotations or {}
            self.finished.append(part)
        self._start = 0
        self.logs = {name: self._same_from_start(log) for name, log in self.logs.items()}

    def _same_from_start(self, log: Log) -> Log:
        if isinstance(log, SpikeLog):
            return SpikeLog(log.cells)
        if isinstance(log, LossLog):
            return LossLog(log.interval_steps, self._state.simulation.timeline.interval_end(0))
        return SampledLog(log.variable, log.cells, log.every, 0)

    # --- checkpoints ---

    def saved(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """All data as arrays, named segment/variable/part, and plain data about the segments."""
        parts = [*self.finished, self._current()]
        arrays = {f"{number}/{variable}/{part}": array
                  for number, segment in enumerate(parts)
                  for variable, log in segment.logs.items()
                  for part, array in log.arrays().items()}
        segments = [{"name": segment.name, "start": segment.start, "stop": segment.stop,
                     "annotations": segment.annotations} for segment in parts]
        return arrays, {"segments": segments}

    @staticmethod
    def restored(arrays: Mapping[str, Any], about: Mapping[str, Any]) -> list[FinishedSegment]:
        """The segments in the arrays of :meth:`saved`, for :meth:`take_over`."""
        logs: dict[int, dict[str, dict[str, Any]]] = {}
        for name, array in arrays.items():
            number, variable, part = name.split("/")
            logs.setdefault(int(number), {}).setdefault(variable, {})[part] = array
        return [
            FinishedSegment(segment["name"],
                            {variable: restored_log(variable, parts)
                             for variable, parts in logs.get(number, {}).items()},
                            segment["start"], segment["stop"], segment["annotations"])
            for number, segment in enumerate(about["segments"])
        ]

    def take_over(self, parts: list[FinishedSegment]) -> None:
        """Go on with the data of a checkpoint. Other recordings begin now."""
        self.finished, current = parts[:-1], parts[-1]
        begun = {variable: self._begun_now(log) for variable, log in self.logs.items()
                 if variable not in current.logs}
        self.logs = {**current.logs, **begun}
        self._start = current.start
