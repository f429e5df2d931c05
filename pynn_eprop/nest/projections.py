"""Projection: the synapses between two groups of cells.

With update intervals, projections to cells that learn and readouts are kept as arrays, and NEST
makes their synapses when it first runs; all others are PyNN's NEST backend's.
"""
# ruff: noqa: D101 (docstrings come from PyNN)

from typing import Any

from pyNN.nest import projections as parent
from pyNN.nest.standardmodels.synapses import StaticSynapse
from pyNN.parameters import ParameterSpace
from pyNN.space import Space

from pynn_eprop.common.arguments.calls import check_projection
from pynn_eprop.common.expansion.connectivity import none_for_zero
from pynn_eprop.common.expansion.groups import members
from pynn_eprop.common.script.parent_backend import ProjectionOfParent
from pynn_eprop.common.script.projections import SynapseArrays
from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.nest import simulator
from pynn_eprop.nest.populations import ArrayPopulation
from pynn_eprop.nest.refusals import typed
from pynn_eprop.nest.standardmodels.cells import LEARNING_CELLS
from pynn_eprop.nest.standardmodels.synapses import EPropSynapse, LearningSignal

_EVERYWHERE = Space()


class Projection(ProjectionOfParent, parent.Projection):
    __doc__ = parent.Projection.__doc__
    _simulator = simulator

    def __new__(cls, pre: Any = None, post: Any = None, connector: Any = None,
                synapse_type: Any = None, *_args: Any, **options: Any) -> "Projection":
        """A projection of arrays, or one that PyNN keeps.

        Raises :class:`NetworkError` for synapses that learn without intervals.
        """
        synapse_type = options.get("synapse_type", synapse_type)
        post = options.get("postsynaptic_neurons", post)
        check_projection(options.get("presynaptic_neurons", pre), post,
                         options.get("connector", connector), synapse_type,
                         options.get("space", _EVERYWHERE), options.get("label"))
        learns = isinstance(synapse_type, (EPropSynapse, LearningSignal))
        if simulator.state.simulation is None:
            if learns:
                raise NetworkError(f"{type(synapse_type).__name__}: synapses learn at the end of "
                                   "intervals; give setup(update_interval=...)")
            return object.__new__(cls)
        kept = learns or any(
            isinstance(member.population.celltype, LEARNING_CELLS) for member in members(post))
        return object.__new__(ArrayProjection if kept and cls is Projection else cls)

    def __init__(self, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                 synapse_type: Any = None, source: Any = None, receptor_type: str | None = None,
                 space: Space = _EVERYWHERE, label: str | None = None) -> None:
        if simulator.state.simulation is not None:
            simulator.state.simulation.structure_changes(f"{label or 'a projection'} is added")
        with typed(label or "a projection", NetworkError):
            super().__init__(presynaptic_neurons, postsynaptic_neurons, none_for_zero(connector),
                             synapse_type, source, receptor_type, space or _EVERYWHERE, label)
        simulator.state.projections_made += 1

    def __len__(self) -> int:
        """Number of connections; PyNN's method fails for a projection to an assembly."""
        return len(self.nest_connections)

    def _number(self) -> int:
        return int(simulator.state.projections_made)

    def _set_attributes(self, parameter_space: ParameterSpace) -> None:
        with typed(self.label, NetworkError):
            super()._set_attributes(parameter_space)


class ArrayProjection(SynapseArrays, Projection):
    """Synapses to cells that learn or readouts."""

    _number = Projection._number

    def _expand(self, connector: Any) -> None:
        super()._expand(connector)
        simulator.state.projections_made += 1

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        known = (EPropSynapse, LearningSignal, StaticSynapse)
        if synapse_type is not None and not isinstance(synapse_type, known):
            raise UnsupportedError(f"{type(synapse_type).__name__} to cells that learn: choose one "
                                   f"of {[each.__name__ for each in known]}")

    def _check_cells(self) -> None:
        for member in members(self.post):
            if not isinstance(member.population.celltype, LEARNING_CELLS):
                raise NetworkError(
                    f"{self.label}: {type(member.population.celltype).__name__} "
                    f"({member.population.label}) does not learn; connect it by a projection of "
                    "its own, with StaticSynapse")

    def _check_belongs(self) -> None:
        """Raise :class:`NetworkError` for ends that do not learn or are of an earlier network."""
        self._check_cells()
        known = self._simulation.populations
        for member in (*members(self.pre), *members(self.post)):
            population = member.population
            if isinstance(population, ArrayPopulation) and (
                    population.index >= len(known) or known[population.index] is not population):
                raise NetworkError(f"{self.label}: {population.label} belongs to a network that a "
                                   "later setup() ended; make it again")
