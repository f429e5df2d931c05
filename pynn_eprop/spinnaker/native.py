"""Native cells, which sPyNNaker itself runs: their populations and projections, beside ours."""

from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType, SimpleNamespace
from typing import Any

import neo
import numpy as np
import spynnaker.pyNN as spynnaker
from pyNN import connectors as pynn
from pyNN.common.populations import BasePopulation
from pyNN.random import RandomDistribution
from pyNN.recording import get_io
from pyNN.space import Line, Space
from pyNN.standardmodels import cells
from pyNN.standardmodels.cells import SpikeSourceArray
from pyNN.standardmodels.synapses import StaticSynapse as PyNNStaticSynapse

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import names
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.connection_values import evaluate
from pynn_eprop.common.expansion.connectivity import connect, none_for_zero
from pynn_eprop.common.expansion.seeds import (
    Draws,
    Purpose,
    drawn_values,
    seeded_connector,
    seeded_structure,
    seeded_synapse_type,
    with_parameters,
)
from pynn_eprop.common.records.neo_blocks import SegmentMaker, block
from pynn_eprop.common.records.recorder import spikes_not_recorded
from pynn_eprop.common.records.segments import check_sampling_interval
from pynn_eprop.common.script.populations import CellArrays
from pynn_eprop.errors import NetworkError, UnsupportedError

NATIVE_LIMIT = 65536.0
"""Bound of the parameters of sPyNNaker's cells (s16.15)."""


class Unknown(SpikeSourceArray):
    """The stand-in for cells of sPyNNaker in the network description: a source of spikes."""


class NativeEnd(BasePopulation):
    """A population of sPyNNaker as the beginning of a projection to ours.

    ``values``, ``initial`` and so on are those of ``common.script.populations.CellArrays``.
    """

    values: Mapping[str, np.ndarray] = MappingProxyType({})
    initial: Mapping[str, np.ndarray] = MappingProxyType({})

    is_source = False
    bias_learns = False
    bias_is_new = False
    injected: tuple = ()

    def __init__(self, population: Any, index: int) -> None:
        self.native = population
        self.index = index
        self.label = population.label
        self.size = population.size
        self.celltype = Unknown()
        self.vertex = population._vertex
        self.target_start = 0
        self.all_cells = np.arange(self.size)

    def return_to_start(self, keep_weights: bool) -> None:
        """Do nothing: at a reset() sPyNNaker itself takes its cells back to their start."""

    def beyond_numbers(self) -> list[str]:
        """Sentences on parameters that sPyNNaker's cells cannot hold in s16.15."""
        found = []
        for name in self.vertex.get_parameters():
            with suppress(TypeError, ValueError):       # some are not numbers
                values = np.ravel(np.asarray(self.native.get(name), dtype=float))
                beyond = values[~(np.abs(values) < NATIVE_LIMIT)]
                if len(beyond):
                    found.append(f"{self.label}: {name}={beyond[0]:g} must be less than "
                                 f"{NATIVE_LIMIT:g}")
        return found

    @property
    def positions(self) -> np.ndarray:
        """(3, cells), in um."""
        return _positions(self.native)


def _positions(population: Any) -> np.ndarray:
    """(3, cells), in um; of a population without a structure those of PyNN's, on a line."""
    if population.structure is None:
        return np.asarray(Line().generate_positions(population.size))
    return np.asarray(population.positions)


def _names(kind: type, of: str) -> list[str]:
    """Names of parameters or state variables, in PyNN's order if PyNN has the cell type."""
    name = next((each for each, value in vars(spynnaker).items() if value is kind), kind.__name__)
    return list(getattr(getattr(cells, name, kind), of, {}))


def check_goes_on_in_pauses(what: str, matters: bool, simulation: Any) -> None:
    """Raise :class:`UnsupportedError` for ``what`` if it ``matters`` that pauses are left out.

    The chip pauses after each interval of e-prop cells; script time does not contain the pause,
    unless it is machine time.
    """
    if matters and simulation.options.interval_steps is not None \
            and not simulation.machine_options.machine_time:
        raise UnsupportedError(
            f"{what} would go on in the pauses that the chip needs after each interval, which "
            "script time does not contain; with setup(machine_time=True, pause=...) it does")


def refuse_keywords(what: str, given: Mapping[str, Any], known: Mapping[str, str]) -> None:
    """Raise :class:`UnsupportedError` for keywords that only sPyNNaker's own parts take.

    ``known``: what to do instead, by keyword.
    """
    for name, value in given.items():
        if name in known:
            raise UnsupportedError(f"{what}({name}={value!r}) is for sPyNNaker's own cells; "
                                   f"{known[name]}")


class NativePopulation(spynnaker.Population):
    """A population of sPyNNaker whose data are given in script time.

    Its cells also run during the pauses that the e-prop cells need after an interval; what they
    do there is left out of the data, unless script time is machine time.
    """

    def __init__(self, simulation: Any, size: Any, cellclass: Any,
                 cellparams: dict[str, Any] | None = None, structure: Any = None,
                 initial_values: dict[str, Any] | None = None, label: str | None = None,
                 additional_parameters: Mapping[str, Any] | None = None, **others: Any) -> None:
        self.draws = Draws(simulation.options.seed, len(simulation.populations))
        kind = cellclass if isinstance(cellclass, type) else type(cellclass)
        if isinstance(cellclass, type) and cellparams:
            cellparams = drawn_values(cellparams, size, self.draws, Purpose.PARAMETERS,
                                      _names(kind, "default_parameters"))
        if initial_values:
            initial_values = drawn_values(initial_values, size, self.draws, Purpose.INITIAL,
                                          _names(kind, "default_initial_values"))
        extra = {**(additional_parameters or {}), **others}
        if "seed" in getattr(kind, "default_population_parameters", {}):
            extra.setdefault("seed", self.draws.seed(Purpose.SIMULATOR) & 0x7FFFFFFF)
        super().__init__(size, cellclass, cellparams, seeded_structure(structure, self.draws),
                         initial_values, label, extra)
        self._simulation = simulation
        self._recorded: set[str] = set()
        self._forgotten = (0, 0)    # resets before, and the script step, of get_data(clear=True)
        self.eprop_end = NativeEnd(self, len(simulation.populations))
        simulation.populations.append(self.eprop_end)

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random, by default from the seed of ``setup()``."""
        return super().sample(n, rng or self.draws.rng(Purpose.SAMPLE))

    def set(self, **parameters: Any) -> None:
        """Set parameters of all cells."""
        with all_or_nothing(self.draws, given=parameters.values()):
            super().set(**drawn_values(parameters, self.size, self.draws, Purpose.PARAMETERS,
                                       _names(type(self.celltype), "default_parameters")))

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables."""
        with all_or_nothing(self.draws, given=initial_values.values()):
            super().initialize(**drawn_values(
                initial_values, self.size, self.draws, Purpose.INITIAL,
                _names(type(self.celltype), "default_initial_values")))

    def record(self, variables: Any, to_file: Any = None, sampling_interval: Any = None) -> None:
        """Record variables of all cells from now on; None: nothing more.

        Raises :class:`RecordingError` for a sampling interval off the grid.
        """
        chosen = set() if variables is None else set(names(variables, "variables", self.label))
        if sampling_interval is not None:
            check_sampling_interval(sampling_interval, self._simulation.options.timestep,
                                    self.label)
        if chosen or variables is None:
            super().record(variables, to_file, sampling_interval)
        self._recorded = set() if variables is None else self._recorded | chosen

    def _no_data(self, annotations: dict[str, Any] | None) -> neo.Block:
        """Data of no recording: one segment once something has run, as on every backend."""
        empty = SegmentMaker(self.label, "", 0, {}, self._simulation.options.timestep)
        segments = [empty.segment("segment000", {}, 0, 0, None)] if self._simulation.has_run else []
        return block(self.label, "", segments, annotations or {})

    def get_data(self, variables: Any = "all", gather: bool = True, clear: bool = False, *,
                 annotations: dict[str, Any] | None = None) -> neo.Block:
        """The recorded data, in script time.

        With ``clear`` later calls do not give them again. sPyNNaker keeps them, as it would
        otherwise also delete what lies ahead of script time.
        """
        if not self._recorded or not self._simulation.has_run:
            return self._no_data(annotations)
        with self._simulation.begin().data_of_native_cells():
            block = self._simulation.to_script_time(super().get_data(
                variables, gather, annotations=annotations), self._forgotten)
        if clear:
            self._forgotten = self._simulation.passed
        return block

    def write_data(self, io: Any, variables: Any = "all", gather: bool = True, clear: bool = False,
                   annotations: dict[str, Any] | None = None) -> None:
        """Write the recorded data, in script time, to a file or one of Neo's IOs."""
        chosen = get_io(io) if isinstance(io, str) else io
        chosen.write(self.get_data(variables, gather, clear, annotations=annotations))

    def get_spike_counts(self, gather: bool = True) -> dict[int, int]:
        """Spikes of each cell, without those in pauses.

        Raises PyNN's ``NothingToWriteError`` if spikes are not recorded.
        """
        if not self._recorded & {"spikes", "all"}:
            raise spikes_not_recorded(self.label, "spikes")
        if not self._simulation.has_run:
            return {int(self.first_id + cell): 0 for cell in range(self.size)}
        trains = self.get_data("spikes").segments[-1].spiketrains
        return {int(self.first_id + train.annotations["source_index"]): len(train)
                for train in trains}

    def mean_spike_count(self, gather: bool = True) -> float:
        """Spikes per cell."""
        return float(np.mean(list(self.get_spike_counts().values())))


def to_connector(connector: Any, label: str | None) -> Any:
    """sPyNNaker's connector for one of PyNN's.

    Raises :class:`UnsupportedError` for one that it does not have.
    """
    if not isinstance(connector, pynn.Connector):
        return connector
    made = _made(none_for_zero(connector))
    if made is None:
        raise UnsupportedError(f"{label or 'projection'}: {type(connector).__name__} is not a "
                               "connector that sPyNNaker's own cells can have")
    return made


_DRAWING = (pynn.FixedProbabilityConnector, pynn.FixedNumberPreConnector,
            pynn.FixedNumberPostConnector, pynn.FixedTotalNumberConnector)


def expanded(pre: Any, post: Any, connector: Any, synapse_type: Any, label: str | None,
             draws: Draws, options: SharedOptions, space: Any = None) -> tuple[Any, Any]:
    """Connector and synapse type, with all that is drawn or listed put into a list of connections.

    sPyNNaker would draw it without the seed of ``setup()`` and without the script's generators.
    For whole populations only: sPyNNaker's views have other indices.
    """
    whole = all(isinstance(group, (NativePopulation, CellArrays)) for group in (pre, post))
    values = {} if not isinstance(synapse_type, PyNNStaticSynapse) else \
        {name: lazy.base_value for name, lazy in synapse_type.parameter_space.items()}
    varied = any(isinstance(value, RandomDistribution) or np.ndim(value)
                 for value in values.values())
    if not whole or not isinstance(connector, pynn.Connector) \
            or not (isinstance(connector, _DRAWING) or varied):
        return connector, synapse_type
    stands_for = SimpleNamespace(
        label=label or "projection", pre=_Cells(pre), post=_Cells(post),
        shape=(pre.size, post.size), synapse_type=synapse_type if values else PyNNStaticSynapse(),
        space=space or Space())
    own_type = seeded_synapse_type(stands_for.synapse_type, draws)
    pairs = connect(seeded_connector(connector, draws), stands_for, own_type)
    columns = {}
    for name, value in own_type.parameter_space.items() if varied else ():
        column = evaluate(pairs.values.get(name, value), name, stands_for, pairs.pre, pairs.post,
                          None if name in pairs.values else pairs.order)
        columns[name] = np.where(np.isnan(column), options.shortest_delay, column) \
            if name == "delay" else column
    table = np.column_stack([pairs.pre, pairs.post, *columns.values()])
    plain = {name: float(column[0]) for name, column in columns.items() if len(column)}
    return (pynn.FromListConnector(table, column_names=tuple(columns), safe=connector.safe),
            with_parameters(synapse_type, plain) if columns else synapse_type)


class _Cells:
    """A population, ours or sPyNNaker's, as connectors need it: size, positions and cells."""

    def __init__(self, population: Any) -> None:
        self.size = population.size
        ours = isinstance(population, CellArrays)
        self.positions = population.positions if ours else _positions(population)
        self.all_cells = population.all_cells if ours \
            else -1 - np.array([cell.id for cell in population.all_cells])


def _made(connector: Any) -> Any:
    common: dict[str, Any] = {"safe": connector.safe}
    self_connections = getattr(connector, "allow_self_connections", True)
    own: dict[str, Any] = {"allow_self_connections": self_connections}
    if isinstance(connector, pynn.AllToAllConnector):
        return spynnaker.AllToAllConnector(**own, **common)
    if isinstance(connector, pynn.OneToOneConnector):
        return spynnaker.OneToOneConnector(**common)
    if isinstance(connector, pynn.FixedProbabilityConnector):
        return spynnaker.FixedProbabilityConnector(connector.p_connect, **own, **common)
    if isinstance(connector, pynn.FixedNumberPreConnector):
        return spynnaker.FixedNumberPreConnector(
            connector.n, with_replacement=connector.with_replacement, **own, **common)
    if isinstance(connector, pynn.FixedNumberPostConnector):
        return spynnaker.FixedNumberPostConnector(
            connector.n, with_replacement=connector.with_replacement, **own, **common)
    if isinstance(connector, pynn.FixedTotalNumberConnector):
        return spynnaker.FixedTotalNumberConnector(
            connector.n, with_replacement=connector.with_replacement, **own, **common)
    if isinstance(connector, pynn.FromListConnector):
        return spynnaker.FromListConnector(connector.conn_list,
                                           column_names=connector.column_names, **common)
    if isinstance(connector, pynn.ArrayConnector):
        return spynnaker.ArrayConnector(connector.array, **common)
    return None


def to_synapse(synapse: Any) -> Any:
    """sPyNNaker's static synapse for ours; others stay as they are."""
    if not isinstance(synapse, PyNNStaticSynapse):
        return synapse
    values = {name: value.base_value for name, value in synapse.parameter_space.items()
              if not (isinstance(value.base_value, float) and np.isnan(value.base_value))}
    if any(value.operations for _, value in synapse.parameter_space.items()):
        raise UnsupportedError("StaticSynapse: sPyNNaker's own cells take weights and delays "
                               "without further arithmetic; compute them before")
    return spynnaker.StaticSynapse(**values)


def native_group(group: Any) -> Any:
    """sPyNNaker's population, or view, for one of ours. Raises :class:`UnsupportedError`."""
    if isinstance(group, spynnaker.PopulationBase if hasattr(spynnaker, "PopulationBase")
                  else spynnaker.Population):
        return group
    handle = getattr(group, "native_handle", None)
    if handle is not None:
        return handle
    parent = getattr(group, "grandparent", None)
    if parent is None:
        raise UnsupportedError(f"{group.label}: an assembly cannot be an end of a projection to "
                               "sPyNNaker's own cells; connect its populations one by one")
    indices = np.asarray(group.index_in_grandparent(np.arange(group.size)))
    if np.any(np.diff(indices) != 1):
        raise UnsupportedError(f"{group.label}: sPyNNaker connects views of neighbouring cells "
                               "only, population[a:b]")
    return parent.native_handle[int(indices[0]):int(indices[-1]) + 1]


def check_synapse(synapse: Any, post: Any, label: str | None) -> None:
    """Raise :class:`NetworkError` for synapses that learn onto cells that do not."""
    if getattr(synapse, "optimizer", None) is not None or hasattr(synapse, "symmetric"):
        celltype = type(getattr(post, "celltype", post)).__name__
        raise NetworkError(f"{label or 'projection'}: {type(synapse).__name__} leads to "
                           f"{celltype} ({post.label}), one of sPyNNaker's own cells, which does "
                           "not learn with e-prop; use StaticSynapse, or EPropLIF or EPropALIF "
                           "cells")


class NativeProjection(spynnaker.SpiNNakerProjection):
    """A projection to sPyNNaker's own cells. It is numbered among all projections, for its seed."""

    def __init__(self, simulation: Any, pre: Any, post: Any, connector: Any, synapse_type: Any,
                 *arguments: Any, **others: Any) -> None:
        # in the order of PyNN's Projection
        others.update(zip(("source", "receptor_type", "space", "label"), arguments, strict=False))
        label = others.get("label")
        check_synapse(synapse_type, post, label)
        draws = Draws(simulation.options.seed, len(simulation.projections))
        connector, synapse_type = expanded(pre, post, connector, synapse_type, label, draws,
                                           simulation.options, others.get("space"))
        super().__init__(native_group(pre), native_group(post), to_connector(connector, label),
                         to_synapse(synapse_type), **others)
        simulation.projections.append(_Counted(len(simulation.projections)))


class _Counted:
    """Stands for a projection of sPyNNaker's in the list of projections, to keep its number."""

    is_feedback = False
    label = "a projection of sPyNNaker"
    shortest_delay = np.inf

    def __init__(self, index: int) -> None:
        self.index = index
        self.bundles: list[Any] = []
        self.synapse_type = PyNNStaticSynapse.__new__(PyNNStaticSynapse)

    def __len__(self) -> int:
        return 0
