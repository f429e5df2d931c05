"""Projection, which each backend has as its own: synapses between two groups, held as arrays."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any, ClassVar

from pyNN import common
from pyNN.models import BaseSynapseType

from pynn_eprop.common.script.checks import check_is_ours
from pynn_eprop.common.script.projections import SynapseArrays


class Projection(SynapseArrays, common.Projection):
    __doc__ = common.Projection.__doc__
    _synapse_types: ClassVar[tuple[type, ...]]

    def _check_types(self, connector: Any, synapse_type: Any, label: str | None) -> None:
        check_is_ours(synapse_type, BaseSynapseType, self._synapse_types, "synapse type")
