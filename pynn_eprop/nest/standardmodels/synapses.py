"""The synapse types that learn or teach."""
# ruff: noqa: D101 (docstrings come from the parameter tables)

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.nest import simulator


class EPropSynapse(common.EPropSynapse):
    __doc__: str | None = common.EPropSynapse.__doc__
    _simulator = simulator


class LearningSignal(common.LearningSignal):
    __doc__: str | None = common.LearningSignal.__doc__
