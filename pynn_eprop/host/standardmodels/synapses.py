"""The synapse types of this backend."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.host import simulator


class EPropSynapse(common.EPropSynapse):
    __doc__: str | None = common.EPropSynapse.__doc__
    _simulator = simulator


class LearningSignal(common.LearningSignal):
    __doc__: str | None = common.LearningSignal.__doc__


class StaticSynapse(common.StaticSynapse):
    __doc__ = common.StaticSynapse.__doc__
    _simulator = simulator


SYNAPSE_TYPES: tuple[type, ...] = (EPropSynapse, LearningSignal, StaticSynapse)
