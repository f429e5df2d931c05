"""Recordings of a population, and their data as Neo blocks."""

from collections.abc import Iterable, Mapping
from typing import Any

import neo
import numpy as np
from pyNN.nest.recording import Recorder as ParentRecorder

from pynn_eprop.common.records.recorder import LogRecorder
from pynn_eprop.common.script.parent_backend import RecorderOfParent
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.nest import simulator


class Recorder(LogRecorder):
    """Recordings of cells that learn, readouts and sources, in script time."""

    _simulator = simulator

    def record(self, variables: str | Iterable[str], ids: Iterable[Any],
               sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record variables of some cells.

        Raises :class:`UnsupportedError` after the first run, except for spikes of sources: when
        NEST connects something new it sorts its synapses, and those that learn lose what they
        were about to learn.
        """
        if simulator.state.simulation.started \
                and not getattr(self.population, "is_source", False):
            raise UnsupportedError(f"{self.population.label}: record({variables!r}) after the "
                                   "first run(); NEST must know in advance what is recorded")
        super().record(variables, ids, sampling_interval, locations)

    def get(self, variables: str | Iterable[str], *args: Any, **options: Any) -> neo.Block:
        """The recorded data as a block with one segment."""
        self._wanted_names(variables)       # raises before NEST runs ahead
        simulator.state.simulation.collect()
        return super().get(variables, *args, **options)

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes of each recorded cell, by cell identifier."""
        self._spike_log(variable)
        simulator.state.simulation.collect()
        return super().count(variable, gather, filter_ids)


class StockRecorder(Recorder):
    """Recordings of cells that do not learn, in networks with intervals: NEST scales samples."""

    def recordable(self, variable: str) -> tuple[str, float]:
        """NEST's name of a variable, and the factor that converts its values."""
        celltype = self.population.celltype
        # PyNN's own cells have a table of names, native ones use NEST's
        names = getattr(celltype, "variable_map", {})
        scales = getattr(celltype, "scale_factors", {})
        return names.get(variable, variable), float(scales.get(variable, 1.0))

    def initial(self, variable: str, cells: np.ndarray) -> np.ndarray:
        """Values at time 0, (cells,), as the script gave them."""
        return np.array([self.population.all_cells[cell].get_initial_value(variable)
                         for cell in cells], dtype=float)

    def _units(self) -> Mapping[str, str]:
        return {name: "dimensionless" if units == "unknown" else units
                for name, units in self.population.celltype.units.items()}


class PlainRecorder(RecorderOfParent, ParentRecorder):
    """Recordings of PyNN's NEST backend, in networks without intervals."""

    _simulator = simulator

    def clear(self) -> None:
        """Forget all data. What comes next begins with the present samples."""
        super().clear()
        # PyNN takes the next sample of NEST for the present one, unless it has kept a sample to
        # put before it. If NEST is ahead, the present sample was given away already
        self._multimeter._clean = not self._multimeter._overrun_data
