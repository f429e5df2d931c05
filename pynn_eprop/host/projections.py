"""Projection: the synapses between two groups of cells, held as arrays."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any

from pyNN import common
from pyNN.models import BaseSynapseType

from pynn_eprop.common.script.checks import check_is_ours
from pynn_eprop.common.script.projections import SynapseArrays
from pynn_eprop.host import simulator
from pynn_eprop.host.standardmodels.synapses import SYNAPSE_TYPES, StaticSynapse


class Projection(SynapseArrays, common.Projection):
    __doc__ = common.Projection.__doc__
    _simulator = simulator
    _static_synapse_class = StaticSynapse

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        check_is_ours(synapse_type, BaseSynapseType, SYNAPSE_TYPES, "synapse type")
