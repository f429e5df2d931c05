"""Projection: the synapses between two groups of cells, held as arrays."""


from typing import Any

import spynnaker.pyNN as spynnaker
from pyNN import common
from pyNN import connectors as pynn
from pyNN.models import BaseSynapseType
from pyNN.space import Space
from spynnaker.pyNN.models.neural_projections.connectors import AbstractConnector
from spynnaker.pyNN.models.neuron.synapse_dynamics import AbstractSynapseDynamics

from pynn_eprop.common.arguments.calls import GROUPS, check_projection
from pynn_eprop.common.expansion.groups import members
from pynn_eprop.common.script.checks import check_analog
from pynn_eprop.common.script.projections import SynapseArrays
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.spinnaker import simulator
from pynn_eprop.spinnaker.memory.layout import KeyKind
from pynn_eprop.spinnaker.native import (
    NativePopulation,
    NativeProjection,
    check_goes_on_in_pauses,
    refuse_keywords,
)
from pynn_eprop.spinnaker.standardmodels.synapses import SYNAPSE_TYPES, StaticSynapse

_EVERYWHERE = Space()
_NATIVE_GROUPS = (spynnaker.Population, spynnaker.PopulationView)

CONNECTORS = (
    "AllToAllConnector", "OneToOneConnector", "FixedProbabilityConnector",
    "FixedNumberPreConnector", "FixedNumberPostConnector", "FixedTotalNumberConnector",
    "FromListConnector", "FromFileConnector", "ArrayConnector", "CloneConnector",
    "DistanceDependentProbabilityConnector", "IndexBasedProbabilityConnector",
    "DisplacementDependentProbabilityConnector", "SmallWorldConnector", "CSAConnector",
)


OF_SPYNNAKER = {
    "download_synapses": "e-prop cells' synapses are made on the host",
    "partition_id": "keys are given by what a projection carries",
}


class Projection(SynapseArrays, common.Projection):
    """Synapses onto e-prop cells or readouts, or a learning signal, expanded on the host.

    Onto sPyNNaker's own cells the call gives a projection of sPyNNaker. Otherwise as PyNN's.
    """

    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __new__(cls, presynaptic_neurons: Any = None, postsynaptic_neurons: Any = None,
                connector: Any = None, synapse_type: Any = None, *arguments: Any,
                **keywords: Any) -> Any:
        """A projection of ours or of sPyNNaker, depending on the cells that it leads to."""
        cls._check_arguments(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
                             keywords.get("space", _EVERYWHERE), keywords.get("label"))
        if isinstance(postsynaptic_neurons, (spynnaker.Population, spynnaker.PopulationView)):
            if isinstance(presynaptic_neurons, GROUPS):
                check_analog([each.population for each in members(presynaptic_neurons)],
                             [postsynaptic_neurons], keywords.get("label") or "projection")
            check_goes_on_in_pauses(f"the learning of {type(synapse_type).__name__}",
                                    getattr(synapse_type, "changes_during_run", False),
                                    simulator.state.simulation)
            return NativeProjection(simulator.state.simulation, presynaptic_neurons,
                                   postsynaptic_neurons, connector, synapse_type, *arguments,
                                   **keywords)
        refuse_keywords("Projection", keywords, OF_SPYNNAKER)
        return super().__new__(cls)

    @staticmethod
    def _check_arguments(pre: Any, post: Any, connector: Any, synapse_type: Any, space: Any,
                         label: str | None) -> None:
        check_projection(pre, post, connector, synapse_type, space, label,
                         (*GROUPS, *_NATIVE_GROUPS), (pynn.Connector, AbstractConnector),
                         (BaseSynapseType, AbstractSynapseDynamics))

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        _check_synapse_type(synapse_type)
        _check_connector(connector, label)

    def _end(self, group: Any, label: str | None) -> Any:
        return _our_end(group, label)

    def _expand(self, connector: Any) -> None:
        super()._expand(connector)
        for pre in members(self.pre):
            for post in members(self.post):
                self._simulation.connect(pre.population, post.population, self._kinds())

    def _kinds(self) -> tuple[KeyKind, ...]:
        if not self.is_feedback:
            return (KeyKind.SPIKE,)
        symmetric = (KeyKind.FEEDBACK,) if self.synapse_type.symmetric else ()
        return (KeyKind.SIGNAL, *symmetric)


def _our_end(group: Any, label: str | None) -> Any:
    """The beginning of a projection; a :class:`NativeEnd` for a population of sPyNNaker."""
    if isinstance(group, NativePopulation):
        return group.eprop_end
    if isinstance(group, (spynnaker.Population, spynnaker.PopulationView)):
        raise UnsupportedError(f"{label or 'projection'}: {type(group).__name__} {group.label} "
                               "cannot project to e-prop cells; use a whole population, and a "
                               "FromListConnector for some of its cells")
    return group


def _check_synapse_type(synapse_type: Any) -> None:
    """Raise :class:`UnsupportedError` for a synapse type that e-prop cells cannot have."""
    if synapse_type is None or isinstance(synapse_type, SYNAPSE_TYPES):
        return
    kind, own = type(synapse_type), [each.__name__ for each in SYNAPSE_TYPES]
    if isinstance(synapse_type, BaseSynapseType) or kind.__module__.startswith("spynnaker"):
        raise UnsupportedError(f"{kind.__module__}.{kind.__name__} is not a synapse type that "
                               f"e-prop cells can have; choose one of {own}")


def _check_connector(connector: Any, label: str | None) -> None:
    """Raise :class:`UnsupportedError` for a connector that is not expanded here."""
    if not isinstance(connector, pynn.Connector):
        raise UnsupportedError(
            f"{label or 'projection'}: {type(connector).__module__}.{type(connector).__name__} is "
            f"not a connector that e-prop cells can have; choose one of {list(CONNECTORS)} of this "
            "module")
