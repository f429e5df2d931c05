"""Cells, projections and recorders of a parent backend, with the abilities of ours.

Backends mix these classes into the parent's. Draws follow the seed of ``setup()``, values may have
the forms of all backends, and populations, recordings and projections without any step, recorded
cell or connection, with which the parent's code fails, behave as those of cells that learn.
``_simulator.state`` has ``draws``, which is None in a network that the parent's own ``setup()``
began.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import neo
import numpy as np
from pyNN import connectors as pynn
from pyNN.errors import NonExistentParameterError, RecordingError
from pyNN.models import BaseModelType
from pyNN.parameters import LazyArray
from pyNN.recording import Variable
from pyNN.standardmodels import StandardSynapseType

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import check_sample
from pynn_eprop.common.arguments.calls import names as listed
from pynn_eprop.common.expansion.connection_values import to_matrix, values_of_list
from pynn_eprop.common.expansion.groups import root
from pynn_eprop.common.expansion.seeds import (
    Purpose,
    SeededPlaces,
    drawn_values,
    seeded,
    seeded_connector,
    seeded_structure,
    seeded_synapse_type,
    with_parameters,
)
from pynn_eprop.common.records.logs import SpikeLog
from pynn_eprop.common.records.neo_blocks import SegmentMaker, block
from pynn_eprop.common.records.recorder import spikes_not_recorded
from pynn_eprop.common.records.segments import check_sampling_interval
from pynn_eprop.common.script.connections import weight_histogram
from pynn_eprop.common.script.synapse_recording import static_error
from pynn_eprop.errors import NetworkError, UnsupportedError

_SPIKES = Variable("spikes", location=None, label=None)
_ADDRESS = ["presynaptic_index", "postsynaptic_index"]


def _in_order(rows: Sequence[Any]) -> list[int]:
    """The places of rows that begin with pre and post, by pre, then post."""
    return sorted(range(len(rows)), key=lambda place: tuple(rows[place][:2]))


class CellsOfParent:
    """Cells of a parent backend: a population, or a view of one."""

    _simulator: Any
    celltype: Any
    label: str
    size: int

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random, by default from the seed of ``setup()``."""
        check_sample(n, self.label)
        draws = root(self).draws
        if not rng and draws is not None:
            rng = draws.rng(Purpose.SAMPLE)
        return super().sample(n, rng)  # type: ignore[misc]

    def set(self, **parameters: Any) -> None:
        """Set parameters of these cells, in all of PyNN's forms."""
        names = list(self.celltype.default_parameters)
        self._with_draws(super().set, parameters, Purpose.PARAMETERS, names)  # type: ignore[misc]

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables, in all of PyNN's forms."""
        names = list(self.celltype.default_initial_values)
        self._with_draws(super().initialize,    # type: ignore[misc]
                         initial_values, Purpose.INITIAL, names)

    def record(self, variables: Any, to_file: Any = None, sampling_interval: float | None = None,
               locations: Any = None) -> None:
        """Record variables of these cells; see PyNN.

        Raises :class:`RecordingError` for a sampling interval off the grid.
        """
        if sampling_interval is not None:
            check_sampling_interval(sampling_interval, self._simulator.state.dt, self.label)
        super().record(variables, to_file, sampling_interval, locations)  # type: ignore[misc]

    def _with_draws(self, call: Any, values: Mapping[str, Any], first: int, names: list[str]
                    ) -> None:
        draws = root(self).draws
        if draws is None:
            call(**values)
            return
        with all_or_nothing(draws, given=values.values()):
            call(**drawn_values(values, self.size, draws, first, names))


class PopulationOfParent(SeededPlaces, CellsOfParent, ABC):
    """A population of a parent backend. ``_number()``: its place among all."""

    def __init__(self, size: Any, cellclass: Any, cellparams: Mapping[str, Any] | None = None,
                 structure: Any = None, initial_values: Mapping[str, Any] | None = None,
                 label: str | None = None) -> None:
        draws = self._simulator.state.draws
        self.draws = None if draws is None else draws.of(self._number())
        if self.draws is not None:
            cells = int(np.prod(size))
            structure = seeded_structure(structure, self.draws)
            names = list(getattr(cellclass, "default_parameters", {}))
            if isinstance(cellclass, BaseModelType):
                space = dict(cellclass.parameter_space.items())
                found = drawn_values(space, cells, self.draws, Purpose.PARAMETERS, names)
                cellclass = with_parameters(cellclass, {
                    name: value for name, value in found.items() if value is not space[name]})
            elif cellparams:
                cellparams = drawn_values(cellparams, cells, self.draws, Purpose.PARAMETERS, names)
        super().__init__(size, cellclass, cellparams, structure,    # type: ignore[call-arg]
                         initial_values or {}, label)

    @abstractmethod
    def _number(self) -> int:
        """The place among all populations that the script has made, which seeds follow."""


class ProjectionOfParent(ABC):
    """A projection of a parent backend. ``_number()``: its place among all."""

    _simulator: Any
    label: str
    pre: Any
    post: Any
    shape: tuple[int, int]
    synapse_type: Any
    draws: Any

    def __init__(self, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                 synapse_type: Any, source: Any, receptor_type: str | None, space: Any,
                 label: str | None) -> None:
        draws = self._simulator.state.draws
        self._sets = 0
        self.draws = None if draws is None else draws.of(self._number())
        if self.draws is not None and isinstance(connector, pynn.Connector):
            # a copy: PyNN's FromListConnector sorts its list
            connector = seeded_connector(connector, self.draws, native=True)
            if isinstance(synapse_type, BaseModelType):
                synapse_type = seeded_synapse_type(synapse_type, self.draws)
                synapse_type = self._in_pynns_forms(
                    presynaptic_neurons, postsynaptic_neurons, connector, synapse_type, label)
        super().__init__(presynaptic_neurons, postsynaptic_neurons,     # type: ignore[call-arg]
                         connector, synapse_type, source, receptor_type, space, label)

    @abstractmethod
    def _number(self) -> int:
        """The place among all projections that the script has made, which seeds follow."""

    def _in_pynns_forms(self, pre: Any, post: Any, connector: Any, synapse_type: Any,
                        label: str | None) -> Any:
        """The synapse type with arrays in the form of PyNN's own code; lists get columns.

        Raises :class:`NetworkError` for arrays that do not fit, and :class:`UnsupportedError` for
        one value per synapse of a connector without a list.
        """
        shape = getattr(pre, "size", 0), getattr(post, "size", 0)
        owner, moved = label or "projection", {}
        for name, lazy in synapse_type.parameter_space.items():
            base = lazy.base_value
            if not (isinstance(base, np.ndarray) and base.ndim):
                continue
            if isinstance(connector, pynn.FromListConnector) and len(connector.conn_list):
                column = values_of_list(lazy, name, owner, shape, connector.conn_list)
                if name not in connector.column_names:
                    connector.conn_list = np.column_stack([connector.conn_list, column])
                    connector.column_names = (*connector.column_names, name)
                moved[name] = float(column[0])
            elif base.ndim == 1:
                raise UnsupportedError(
                    f"{owner}: {name} as one value per synapse is for FromListConnector here, as "
                    "PyNN's own backends take no list for other connectors; give an array (pre, "
                    f"post), or set({name}=...) afterwards")
            elif base.shape != shape:
                raise NetworkError(f"{owner}: the array for {name} has shape {base.shape}; it must "
                                   f"be {shape} (pre, post)")
        return with_parameters(synapse_type, moved)

    def record(self, variables: Any, synapses: Any = None, sampling_interval: Any = None,
               rng: Any = None) -> None:
        """Raise :class:`UnsupportedError`: synapses of a parent backend have no learning rule."""
        raise static_error(self.label, self.synapse_type)

    def set(self, **attributes: Any) -> None:
        """Set attributes of all connections.

        Values: a number; an array (pre, post); one value per connection, in the order of
        ``get(format="list")``, or rows as that lists them; a RandomDistribution; a string or
        function of the distance. Raises :class:`NetworkError` for arrays that do not fit.
        """
        sets, converted = self._sets, {}
        with all_or_nothing(self.draws, given=attributes.values()):
            for name, value in attributes.items():
                sets += 1
                if self.draws is None:
                    converted[name] = value
                elif np.ndim(value.base_value if isinstance(value, LazyArray) else value):
                    converted[name] = to_matrix(value, name, self._about(), self._addresses())
                else:
                    converted[name] = seeded(value, partial(self.draws.seed, Purpose.SET + sets))
            super().set(**converted)    # type: ignore[misc]
        self._sets = sets

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

    def _get_attributes_as_list(self, attribute_names: Sequence[str]) -> list[Any]:
        """Values of all connections, by pre, then post: PyNN's order of flat values."""
        if not len(self):                               # type: ignore[arg-type]
            return []
        of_parent: Any = super()._get_attributes_as_list    # type: ignore[misc]
        if self.draws is None:
            return list(of_parent(attribute_names))
        names = list(attribute_names)
        asked = names[:2] == _ADDRESS       # NEST gives each name once, however often it is asked
        rows = of_parent(names if asked else [*_ADDRESS, *names])
        return [rows[place] if asked else rows[place][2:] for place in _in_order(rows)]

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

    @property
    def connections(self) -> Any:
        """The connections one by one, in the order of ``get(format="list")``."""
        made = list(super().connections)                # type: ignore[misc]
        if self.draws is None or not made:
            return iter(made)
        try:
            addresses = super()._get_attributes_as_list(_ADDRESS)   # type: ignore[misc]
        except NotImplementedError:     # PyNN has no list of connections of assemblies on Brian2
            return iter(made)
        return iter([made[place] for place in _in_order(addresses)])

    def __getitem__(self, place: Any) -> Any:
        """One connection, or several, in the order of ``connections``."""
        return list(self.connections)[place]

    def _addresses(self) -> np.ndarray:
        """(pre, post) of each connection, in the order of ``get(format="list")``."""
        rows: list[Any] = self.get("weight", "list")
        return np.array([row[:2] for row in rows], dtype=np.int64).reshape(-1, 2)

    def _about(self) -> Any:
        return SimpleNamespace(label=self.label, shape=(self.pre.size, self.post.size))


class RecorderOfParent:
    """Recordings of one population of a parent backend: a PyNN ``recording.Recorder``."""

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
        """Indices of the cells of which a variable is recorded."""
        cells = self.filter_recorded(variable, filter_ids)  # type: ignore[attr-defined]
        return sorted(int(self.population.id_to_index(cell)) for cell in cells)

    def count(self, variable: str, gather: bool = True, filter_ids: Any = None) -> dict[int, int]:
        """Number of spikes of each recorded cell, by cell identifier.

        Raises PyNN's ``NothingToWriteError`` if spikes are not recorded.
        """
        if variable != "spikes" or _SPIKES not in self.recorded:
            raise spikes_not_recorded(self.population.label, variable)
        if self._simulator.state.t:
            counts: dict[int, int] = super().count(  # type: ignore[misc]
                variable, gather, filter_ids)
            return counts
        first = int(self.population.first_id)
        return {first + cell: 0 for cell in self._recorded_cells(_SPIKES, filter_ids)}
