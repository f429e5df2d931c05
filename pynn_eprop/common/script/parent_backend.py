"""Recorders and projections of a parent backend's own cells, also where there is nothing in them.

Backends mix these classes into the parent's, whose code expects at least a step, a recorded cell or
a connection. What has none of these is as it is for cells that learn.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import neo
import numpy as np
from pyNN.errors import NonExistentParameterError, RecordingError
from pyNN.recording import Variable
from pyNN.standardmodels import StandardSynapseType

from pynn_eprop.common.records.logs import SpikeLog
from pynn_eprop.common.records.neo_blocks import SegmentMaker, block
from pynn_eprop.common.records.recorder import check_sampling_interval, spikes_not_recorded
from pynn_eprop.common.script.arguments import names as listed
from pynn_eprop.common.script.connections import weight_histogram

_SPIKES = Variable("spikes", location=None, label=None)


class RecorderOfParent:
    """Recordings of one population: a PyNN ``recording.Recorder``."""

    _simulator: Any
    population: Any
    recorded: dict[Any, set[Any]]
    cache: Any
    metadata: dict[str, Any]
    _localize_variables: Any

    def record(self, variables: str | Iterable[str], ids: Any,
               sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record variables of some cells from now on.

        Raises PyNN's ``RecordingError`` for a variable that the cells do not have,
        :class:`RecordingError` for a sampling interval off the grid.
        """
        for name in [variables] if isinstance(variables, str) else variables:
            if name != "all" and not self.population.can_record(name):
                raise RecordingError(name, self.population.celltype)
        if sampling_interval is not None:
            check_sampling_interval(sampling_interval, self._simulator.state.dt,
                                    self.population.label)
        super().record(variables, ids, sampling_interval, locations)  # type: ignore[misc]

    def get(self, variables: str | Iterable[str], gather: bool = False, filter_ids: Any = None,
            clear: bool = False, annotations: Mapping[str, Any] | None = None,
            locations: Any = None) -> neo.Block:
        """The recorded data as a block; without a segment before the first run."""
        if self._simulator.state.running or list(self.cache):
            made: neo.Block = super().get(  # type: ignore[misc]
                variables, gather, filter_ids, clear, annotations, locations)
            return made
        segments = []
        if self._simulator.state.begun:
            segments = [self._get_current_segment(filter_ids, variables if variables == "all" else
                        self._localize_variables(variables, locations))]
        if clear:
            self.clear()  # type: ignore[attr-defined]
        return block(self.population.label, self.population.describe(), segments,
                     {**self.metadata, **(annotations or {})})

    def _get_current_segment(self, filter_ids: Any = None, variables: Any = "all",
                             clear: bool = False) -> neo.Segment:
        wanted = [variable for variable in self.recorded
                  if (variables == "all" or variable in variables)
                  and self._recorded_cells(variable, filter_ids)]
        if self._simulator.state.t:
            return super()._get_current_segment(  # type: ignore[misc]
                filter_ids, wanted, clear)
        logs = {} if _SPIKES not in wanted else {
            "spikes": SpikeLog(np.array(self._recorded_cells(_SPIKES, filter_ids)))}
        state = self._simulator.state
        maker = SegmentMaker(self.population.label, self.population.describe(),
                             int(self.population.first_id), {}, state.dt)
        return maker.segment(f"segment{state.segment_counter:03d}", logs, 0, 0, None)

    def _recorded_cells(self, variable: Any, filter_ids: Any) -> list[int]:
        """Places in the population of the cells that a variable is recorded of."""
        cells = self.filter_recorded(variable, filter_ids)  # type: ignore[attr-defined]
        return sorted(int(self.population.id_to_index(cell)) for cell in cells)

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes of each recorded cell, by cell identifier.

        Raises PyNN's ``NothingToWriteError`` where spikes are not recorded.
        """
        if variable != "spikes" or _SPIKES not in self.recorded:
            raise spikes_not_recorded(self.population.label, variable)
        if self._simulator.state.t:
            counts: dict[int, int] = super().count(  # type: ignore[misc]
                variable, gather, filter_ids)
            return counts
        first = int(self.population.first_id)
        return {first + cell: 0 for cell in self._recorded_cells(_SPIKES, filter_ids)}


class ProjectionOfParent:
    """Synapses onto cells of the parent: a PyNN ``Projection``."""

    label: str
    shape: tuple[int, int]
    synapse_type: Any

    def get(self, attribute_names: str | Sequence[str], format: str, *arguments: Any,
            **options: Any) -> Any:
        """Attributes of all connections. Raises PyNN's ``NonExistentParameterError``."""
        names = listed(attribute_names, "get(): attributes", self.label)
        if isinstance(self.synapse_type, StandardSynapseType):
            known = self.synapse_type.get_parameter_names()
            for name in names:
                if name not in known:
                    raise NonExistentParameterError(name, type(self.synapse_type).__name__, known)
        return super().get(attribute_names, format, *arguments, **options)  # type: ignore[misc]

    def _get_attributes_as_list(self, names: Sequence[str]) -> list[Any]:
        if not len(self):  # type: ignore[arg-type]
            return []
        found: list[Any] = super()._get_attributes_as_list(names)  # type: ignore[misc]
        return found

    def _get_attributes_as_arrays(self, names: Sequence[str], multiple_synapses: str = "sum"
                                  ) -> list[np.ndarray]:
        if not len(self):  # type: ignore[arg-type]
            return [np.full(self.shape, np.nan) for _ in names]
        found: list[np.ndarray] = super()._get_attributes_as_arrays(  # type: ignore[misc]
            names, multiple_synapses)
        return found

    def _set_attributes(self, parameter_space: Any) -> None:
        if len(self):  # type: ignore[arg-type]
            super()._set_attributes(parameter_space)  # type: ignore[misc]

    def weightHistogram(self, min: float | None = None, max: float | None = None,  # noqa: N802
                        nbins: int = 10) -> tuple[np.ndarray, np.ndarray]:
        """Counts and bin edges of the weights between ``min`` and ``max``."""
        weights = np.array(self.get("weight", "list", with_address=False))
        return weight_histogram(weights, min, max, nbins)
