"""The synapse types that this backend adds to PyNN's Brian2 backend."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from pyNN.brian2.standardmodels import synapses as parent
from pyNN.standardmodels import synapses as stock

from pynn_eprop.brian2 import simulator
from pynn_eprop.common.standardmodels import synapses as common

StaticSynapse = parent.StaticSynapse


class EPropSynapse(common.EPropSynapse):
    __doc__: str | None = common.EPropSynapse.__doc__
    _simulator = simulator


class LearningSignal(common.LearningSignal):
    __doc__: str | None = common.LearningSignal.__doc__


# onto e-prop cells and readouts
SYNAPSE_TYPES: tuple[type, ...] = (EPropSynapse, LearningSignal, stock.StaticSynapse)
