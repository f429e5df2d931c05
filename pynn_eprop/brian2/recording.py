"""What e-prop and source populations record, in script time."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from pyNN.brian2.recording import Recorder as ParentRecorder

from pynn_eprop.brian2 import simulator
from pynn_eprop.brian2.cells import Cells
from pynn_eprop.brian2.readouts import ReadoutGroup
from pynn_eprop.common.parent_backend import RecorderOfParent
from pynn_eprop.common.recorder import LogRecorder
from pynn_eprop.common.recordings import LossLog, SampledLog, SpikeLog

_STATE = ("v", "a", "y")


class Recorder(LogRecorder):
    """Recordings of one population."""

    _simulator = simulator

    def _finalize(self) -> None:
        """PyNN's Brian2 backend calls this before a run; there is nothing to do."""


class StockRecorder(RecorderOfParent, ParentRecorder):
    """Recordings of a population of PyNN's Brian2 backend.

    PyNN puts the initial values before what Brian2 recorded; after :meth:`clear` it must be the
    values at that time.
    """

    _simulator = simulator

    def __init__(self, population: Any = None, file: Any = None) -> None:
        super().__init__(population, file)
        self._cleared_at: dict[str, np.ndarray] = {}

    def _get_all_signals(self, variable: Any, ids: Any, clear: bool = False) -> Any:
        values, times = super()._get_all_signals(variable, ids, clear)
        if variable.name in self._cleared_at:
            values[0] = self._cleared_at[variable.name]
        if clear:
            self._cleared_at[variable.name] = values[-1].copy()
        return values, times

    def clear(self) -> None:
        """Forget all data. What comes next begins with the present samples."""
        for variable, cells in self.recorded.items():
            if variable.name != "spikes" and variable.name in self._devices:
                self._get_all_signals(variable, sorted(cells), clear=True)
        super().clear()

    def store_to_cache(self, annotations: Any = None) -> None:
        """End the segment, before a reset."""
        super().store_to_cache(annotations)
        self._cleared_at = {}


def _logs(simulation: Any) -> Any:
    """(part, log) of all that is recorded from e-prop cells and readouts."""
    for index, part in simulation.parts.items():
        if isinstance(part, (Cells, ReadoutGroup)):
            for log in simulation.populations[index].recorder.logs.values():
                yield part, log


def take_first_samples(simulation: Any) -> None:
    """The sample at the time a recording begins."""
    step = simulation.step
    for part, log in _logs(simulation):
        if isinstance(log, SampledLog) and log.first == step and not len(log.values()):
            if log.variable in _STATE:
                sample = part.read(log.variable)[log.cells]
            else:                                # h, learning signal and error begin at 0
                known = step == 0 and log.variable != "target"
                sample = np.full(len(log.cells), 0.0 if known else np.nan)
            log.append(sample[np.newaxis])


def record_step(simulation: Any, step: int) -> None:
    """Take what is due of a step that is done."""
    for part, log in _logs(simulation):
        if isinstance(log, SpikeLog):
            cells = np.flatnonzero(part.array("z") > 0)
            cells = cells[np.isin(cells, log.cells)]
            log.append((np.full(len(cells), step), cells))
        elif isinstance(log, SampledLog) and step % log.every == 0:
            log.append(part.read(log.variable)[log.cells][np.newaxis])


def record_interval(simulation: Any) -> None:
    """Take the losses of an interval that has ended."""
    for part, log in _logs(simulation):
        if isinstance(log, LossLog):
            log.append(np.array([part.loss]))


def states(simulation: Any) -> Iterator[tuple[str, str, np.ndarray]]:
    """Label, variable and values of all membranes and readouts."""
    for index, part in simulation.parts.items():
        if isinstance(part, (Cells, ReadoutGroup)):
            variable = "y" if isinstance(part, ReadoutGroup) else "v"
            yield simulation.populations[index].label, variable, part.array(variable)
