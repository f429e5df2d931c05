"""Populations and projections of sPyNNaker's own cells, and how they meet ours."""

from typing import Any

import neo
import numpy as np
import spynnaker.pyNN as spynnaker
from pyNN import connectors as pynn
from pyNN.common.populations import BasePopulation
from pyNN.recording import get_io
from pyNN.standardmodels.cells import SpikeSourceArray
from pyNN.standardmodels.synapses import StaticSynapse as PyNNStaticSynapse

from pynn_eprop.errors import NetworkError, UnsupportedError


class Unknown(SpikeSourceArray):
    """What the network description takes cells of sPyNNaker for: spikes come from them."""


class StockEnd(BasePopulation):
    """A population of sPyNNaker as the beginning of a projection to ours.

    ``values``, ``initial`` and so on are those of ``common.populations.CellArrays``.
    """

    is_source = False
    bias_learns = False
    bias_is_new = False
    injected: tuple = ()

    def __init__(self, population: Any, index: int) -> None:
        self.stock = population
        self.index = index
        self.label = population.label
        self.size = population.size
        self.celltype = Unknown()
        self.vertex = population._vertex
        self.target_start = 0
        self.all_cells = np.arange(self.size)

    @property
    def positions(self) -> np.ndarray:
        """(3, cells), in um."""
        return np.asarray(self.stock.positions)


def check_goes_on_in_pauses(what: str, matters: bool, simulation: Any) -> None:
    """Raise :class:`UnsupportedError` for ``what`` if it ``matters`` that pauses are left out.

    Where e-prop cells have intervals, the chip pauses after each; script time does not contain it,
    unless it is machine time.
    """
    if matters and simulation.options.interval_steps is not None \
            and not simulation.machine_options.machine_time:
        raise UnsupportedError(
            f"{what} would go on in the pauses that the chip needs after each interval, which "
            "script time does not contain; with setup(machine_time=True, pause=...) it does")


class StockPopulation(spynnaker.Population):
    """A population of sPyNNaker whose data are given in script time.

    Its cells also run during the pauses that the e-prop cells need after an interval; what they
    do there is left out of the data, unless script time is machine time.
    """

    def __init__(self, simulation: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._simulation = simulation
        self._forgotten = (0, 0)    # resets before, and the script step, of get_data(clear=True)
        self.eprop_end = StockEnd(self, len(simulation.populations))
        simulation.populations.append(self.eprop_end)

    def get_data(self, variables: Any = "all", gather: bool = True, clear: bool = False, *,
                 annotations: dict[str, Any] | None = None) -> neo.Block:
        """The recorded data, in script time.

        With ``clear`` they are not given again. sPyNNaker keeps them, as it would forget what lies
        ahead of script time, too.
        """
        with self._simulation.begin().data_of_stock_cells():
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
        """Spikes of each cell, those in pauses left out."""
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
    made = _made(connector)
    if made is None:
        raise UnsupportedError(f"{label or 'projection'}: {type(connector).__name__} is not a "
                               "connector that sPyNNaker's own cells can have")
    return made


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


def stock_group(group: Any) -> Any:
    """sPyNNaker's population, or view, for one of ours. Raises :class:`UnsupportedError`."""
    if isinstance(group, spynnaker.PopulationBase if hasattr(spynnaker, "PopulationBase")
                  else spynnaker.Population):
        return group
    handle = getattr(group, "stock_handle", None)
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
    return parent.stock_handle[int(indices[0]):int(indices[-1]) + 1]


def check_synapse(synapse: Any, post: Any, label: str | None) -> None:
    """Raise :class:`NetworkError` for synapses that learn onto cells that do not."""
    if getattr(synapse, "optimizer", None) is not None or hasattr(synapse, "symmetric"):
        celltype = type(getattr(post, "celltype", post)).__name__
        raise NetworkError(f"{label or 'projection'}: {type(synapse).__name__} leads to "
                           f"{celltype} ({post.label}), one of sPyNNaker's own cells, which does "
                           "not learn with e-prop; use StaticSynapse, or EPropLIF or EPropALIF "
                           "cells")


class StockProjection(spynnaker.SpiNNakerProjection):
    """A projection to sPyNNaker's own cells. It counts among all, as seeds do."""

    def __init__(self, simulation: Any, pre: Any, post: Any, connector: Any, synapse_type: Any,
                 **others: Any) -> None:
        label = others.get("label")
        check_synapse(synapse_type, post, label)
        super().__init__(stock_group(pre), stock_group(post), to_connector(connector, label),
                         to_synapse(synapse_type), **others)
        simulation.projections.append(_Counted(len(simulation.projections)))


class _Counted:
    """The place of a projection that is none of ours."""

    is_feedback = False
    label = "a projection of sPyNNaker"
    shortest_delay = np.inf

    def __init__(self, index: int) -> None:
        self.index = index
        self.blocks: list[Any] = []
        self.synapse_type = PyNNStaticSynapse.__new__(PyNNStaticSynapse)

    def __len__(self) -> int:
        return 0
