"""Projection: the synapses between two groups of cells, held as arrays."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any

from pyNN import common
from pyNN.models import BaseSynapseType
from pyNN.space import Space

from pynn_eprop.common.checks import check_takes_input
from pynn_eprop.common.projections import SynapseArrays
from pynn_eprop.errors import UnsupportedError
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
        _check_synapse_type(synapse_type)
        super().__init__(presynaptic_neurons, postsynaptic_neurons, connector, synapse_type,
                         source, receptor_type, space, label)
        self._expand(connector)


def _check_synapse_type(synapse_type: Any) -> None:
    """Raise :class:`UnsupportedError` for a synapse type of another backend."""
    if isinstance(synapse_type, BaseSynapseType) and not isinstance(synapse_type, SYNAPSE_TYPES):
        kind, own = type(synapse_type), [each.__name__ for each in SYNAPSE_TYPES]
        raise UnsupportedError(f"{kind.__module__}.{kind.__name__} is not a synapse type of this "
                               f"backend; choose one of {own}")
