"""Projection: PyNN's onto its own cells, arrays onto cells and readouts that learn."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any

from pyNN.brian2 import projections as parent
from pyNN.models import BaseSynapseType
from pyNN.space import Space

from pynn_eprop.brian2 import simulator
from pynn_eprop.brian2.standardmodels.synapses import SYNAPSE_TYPES, StaticSynapse
from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import check_projection
from pynn_eprop.common.expansion.connectivity import none_for_zero
from pynn_eprop.common.expansion.groups import members
from pynn_eprop.common.script.checks import check_analog, check_takes_input
from pynn_eprop.common.script.parent_backend import ProjectionOfParent
from pynn_eprop.common.script.projections import SynapseArrays
from pynn_eprop.common.standardmodels import EPropReadout, EPropSynapse, LearningSignal
from pynn_eprop.common.standardmodels.cells import EPropCell
from pynn_eprop.errors import NetworkError, UnsupportedError

_EVERYWHERE = Space()


class Projection(ProjectionOfParent, parent.Projection):
    __doc__ = parent.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse
    is_stock = True
    is_feedback = False

    def __new__(cls, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                synapse_type: Any = None, *args: Any, **kwargs: Any) -> "Projection":
        """A projection of arrays to e-prop cells or readouts, PyNN's to others."""
        check_projection(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
                         kwargs.get("space", _EVERYWHERE), kwargs.get("label"))
        check_takes_input(postsynaptic_neurons, kwargs.get("label"))
        learn = [isinstance(member.population.celltype, (EPropCell, EPropReadout))
                 for member in members(postsynaptic_neurons)]
        if any(learn) and not all(learn):
            raise NetworkError(
                f"{kwargs.get('label') or 'projection'}: leads to cells that learn with e-prop "
                "and to others; make one projection for each")
        return object.__new__(_ArrayProjection if any(learn) else cls)

    def __init__(self, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                 synapse_type: Any = None, source: Any = None, receptor_type: str | None = None,
                 space: Space = _EVERYWHERE, label: str | None = None) -> None:
        if isinstance(synapse_type, (EPropSynapse, LearningSignal)):
            raise NetworkError(
                f"{label or 'projection'}: {type(synapse_type).__name__} leads to cells or "
                "readouts that learn with e-prop; use StaticSynapse for others")
        check_analog([member.population for member in members(presynaptic_neurons)],
                     [member.population for member in members(postsynaptic_neurons)],
                     label or "projection")
        for member in members(presynaptic_neurons):
            if isinstance(member.population.celltype, EPropReadout):
                raise NetworkError(
                    f"{label or 'projection'}: readouts ({member.population.label}) do not "
                    "spike; a LearningSignal is all that can lead from them")
        simulation = simulator.state.simulation
        with all_or_nothing(*simulator.state.changeable()):
            super().__init__(presynaptic_neurons, postsynaptic_neurons, none_for_zero(connector),
                             synapse_type, source, receptor_type, space or _EVERYWHERE, label)
            for groups in self._brian2_synapses.values():
                for synapses in groups.values():
                    if not len(synapses):
                        synapses.connect(False)     # or Brian2 warns that it was not called
            self.index = len(simulation.projections)
            self._let_spikes_arrive_in_order()
            self.bundles: list[Any] = []
            self.sources = {member.population.index for member in members(self.pre)}
            simulation.projections.append(self)

    def _number(self) -> int:
        return len(simulator.state.simulation.projections)

    def _let_spikes_arrive_in_order(self) -> None:
        """Let projections add to a cell in the order in which they were made.

        Otherwise Brian2 orders them by names that depend on earlier networks of the process, so
        that sums would be rounded differently in each.
        """
        for of_pre in self._brian2_synapses.values():
            for synapses in of_pre.values():
                for pathway in synapses._pathways:
                    pathway.order = self.index


class _ArrayProjection(SynapseArrays, Projection):
    """Synapses onto e-prop cells or readouts."""

    is_stock = False
    is_feedback = SynapseArrays.is_feedback     # a property, which Projection's constant would hide

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        if isinstance(synapse_type, BaseSynapseType) \
                and not isinstance(synapse_type, SYNAPSE_TYPES):
            kind, own = type(synapse_type), [each.__name__ for each in SYNAPSE_TYPES]
            raise UnsupportedError(
                f"{kind.__module__}.{kind.__name__} cannot lead to cells or readouts that learn "
                f"with e-prop; choose one of {own}")
