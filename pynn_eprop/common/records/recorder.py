"""The recorder of a population: logs while it runs, Neo blocks afterwards."""

import os
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import neo
import numpy as np
from pyNN import recording

from pynn_eprop.common.arguments.calls import names as listed
from pynn_eprop.common.records.logs import (
    FinishedSegment,
    Log,
    LossLog,
    SampledLog,
    SpikeLog,
)
from pynn_eprop.common.records.neo_blocks import SegmentMaker, block
from pynn_eprop.common.records.segments import SegmentedLogs
from pynn_eprop.errors import (
    NothingRecordedError,
    RecordingError,
    UnknownVariableError,
    UnsupportedError,
)

_FILES = {".nix": "nixio", ".h5": "nixio", ".nwb": "pynwb", ".mat": "scipy", ".pkl": None,
          ".pickle": None}


def check_data_file(name: str, label: str) -> None:
    """Raise :class:`RecordingError` unless ``end()`` can write data to a file of this name."""
    path = Path(name).absolute()
    ending = path.suffix
    if ending not in _FILES:
        raise RecordingError(f"{label}: to_file={name!r} ends in {ending!r}; data are written to "
                             f"files that end in one of {sorted(_FILES)}")
    module = _FILES[ending]
    if module is not None and find_spec(module) is None:
        raise RecordingError(f"{label}: to_file={name!r} needs the package {module}, which is not "
                             "installed; install it, or use a name that ends in '.pkl'")
    folder = next(each for each in path.parents if each.exists())
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise RecordingError(f"{label}: to_file={name!r} cannot be written; choose a file in a "
                             "folder that can be written to")


def spikes_not_recorded(label: str, variable: str) -> NothingRecordedError:
    """The error of counting a variable that is not recorded, or not counted."""
    if variable != "spikes":
        return NothingRecordedError(f"{label}: {variable} are not counted; only spikes are")
    return NothingRecordedError(f"{label}: spikes are not recorded; call record('spikes') before "
                                "the run")


class LogRecorder(SegmentedLogs, recording.Recorder):
    """Recordings of one population, for any backend.

    ``_simulator.state`` of a backend has the simulation (step, timeline, saturations()) and PyNN's
    book-keeping.
    """

    _simulator: Any

    def __init__(self, population: Any, file: Any = None) -> None:
        self.population = population
        self.file = file
        self._begin_segments(self._simulator.state)
        self._simulator.state.recorders.add(self)

    # --- variables ---

    def record(self, variables: str | Iterable[str], ids: Iterable[Any],
               sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record variables of some cells from now on.

        Raises :class:`UnknownVariableError` for a variable that the cells do not have,
        :class:`RecordingError` for a sampling interval off the grid or other than that in use.
        """
        self.population.check_current()
        if locations is not None:
            raise UnsupportedError(f"{self.population.label}: locations={locations!r} is for cells "
                                   "with compartments; there are none here")
        celltype = self.population.celltype
        names = listed(variables, "record(): variables", self.population.label)
        if names == ["all"]:
            names = list(celltype.recordable)
        for name in names:
            if not celltype.can_record(name):
                raise UnknownVariableError(self.population.label, name, celltype)
        cells = np.unique(self.population.id_to_index(np.array(list(ids), dtype=np.int64)))
        every = self._sampling_steps(sampling_interval, self.population.label)
        for name in names:
            if name in self.logs:
                self.logs[name].add_cells(cells)
            else:
                self.logs[name] = self._new_log(name, cells, every)

    def _new_log(self, name: str, cells: np.ndarray, every: int) -> Log:
        simulation = self._simulator.state.simulation
        step = simulation.step
        if name == "spikes":
            return SpikeLog(cells)
        if name == "loss":
            interval = simulation.timeline.interval_steps
            if interval is None:
                raise RecordingError(f"{self.population.label}: a loss is recorded at the end of "
                                      "each interval; give setup(update_interval=...)")
            return LossLog(simulation.timeline.period, simulation.timeline.interval_end(step))
        return SampledLog(name, cells, every, -(-step // every) * every)

    # --- data ---

    def get(self, variables: str | Iterable[str], gather: bool = False, filter_ids: Any = None,
            clear: bool = False, annotations: Mapping[str, Any] | None = None,
            locations: Any = None) -> neo.Block:
        """The recorded data as a block with one segment per run between resets."""
        names = self._wanted_names(variables)
        cells = None if filter_ids is None \
            else self.population.id_to_index(np.array(filter_ids, dtype=np.int64))
        segments = [self._segment(part, names, cells) for part in self.finished]
        if self._simulator.state.running:
            segments.append(self._segment(self._current(), names, cells))
        made = block(self.population.label, self.population.describe(), segments,
                     {**self.metadata, **(annotations or {})})
        if clear:
            self.clear()
        return made

    def _wanted_names(self, variables: str | Iterable[str]) -> list[str]:
        """Names of variables to return. Raises the errors of data that there are not."""
        self.population.check_current()
        return listed(variables, "get_data(): variables", self.population.label)

    def _units(self) -> Mapping[str, str]:
        """Units by variable."""
        return self.population.celltype.units

    def _segment(self, part: FinishedSegment, names: list[str],
                 cells: np.ndarray | None) -> neo.Segment:
        maker = SegmentMaker(self.population.label, self.population.describe(),
                             int(self.population.first_id), self._units(),
                             self._simulator.state.dt)
        logs = {name: log for name, log in part.logs.items() if names == ["all"] or name in names}
        segment = maker.segment(part.name, logs, part.start, part.stop, cells)
        segment.annotate(**part.annotations)
        return segment

    def _begun_now(self, log: Log) -> Log:
        return self._new_log(log.variable, log.cells, getattr(log, "every", 1))

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes of each recorded cell, by cell identifier.

        Raises :class:`NothingRecordedError` if spikes are not recorded.
        """
        log = self._spike_log(variable)
        cells, counts = log.cells, log.counts()
        if filter_ids is not None:
            wanted = np.isin(cells, self.population.id_to_index(
                np.array(filter_ids, dtype=np.int64)))
            cells, counts = cells[wanted], counts[wanted]
        ids = (int(self.population.first_id) + cells).tolist()
        return dict(zip(ids, counts.tolist(), strict=True))

    def _spike_log(self, variable: str) -> SpikeLog:
        log = self.logs.get(variable)
        if not isinstance(log, SpikeLog):
            raise NothingRecordedError(f"{self.population.label}: {variable} are not recorded; "
                                       f"call record({variable!r}) before the run")
        return log
