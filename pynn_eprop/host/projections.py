"""Projection: the synapses between two groups of cells, held as arrays."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any

from pyNN import common
from pyNN.models import BaseSynapseType
from pyNN.space import Space

from pynn_eprop.common.checks import check_is_ours, check_takes_input
from pynn_eprop.common.projections import SynapseArrays
from pynn_eprop.host import simulator
from pynn_eprop.host.standardmodels.synapses import SYNAPSE_TYPES, StaticSynapse

_EVERYWHERE = Space()


class Projection(SynapseArrays, common.Projection):
    __doc__ = common.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def __init__(self, presynaptic_neurons: Any, postsynaptic_neurons: Any, connector: Any,
                 synapse_type: Any = None, source: Any = None, receptor_type: str | None = None,
                 space: Space = _EVERYWHERE, label: str | None = None) -> None:
        if isinstance(postsynaptic_neurons, (common.BasePopulation, common.Assembly)):
            check_takes_input(postsynaptic_neurons, label)
        check_is_ours(synapse_type, BaseSynapseType, SYNAPSE_TYPES, "synapse type")
        super().__init__(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
                         source, receptor_type, space, label)
        self._expand(connector)
