"""The synapse types of projections to e-prop cells and readouts."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any, ClassVar

from pyNN.standardmodels import synapses as stock

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.common.standardmodels.tables import same_names
from pynn_eprop.spinnaker.simulator import state


class _ShortestDelay:
    """What a delay of None means."""

    def _get_minimum_delay(self) -> float:
        return state.simulation.options.shortest_delay


class EPropSynapse(_ShortestDelay, common.EPropSynapse):
    __doc__: str | None = common.EPropSynapse.__doc__


class LearningSignal(common.LearningSignal):
    __doc__: str | None = common.LearningSignal.__doc__


class StaticSynapse(_ShortestDelay, stock.StaticSynapse):
    __doc__ = stock.StaticSynapse.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(stock.StaticSynapse.default_parameters)


SYNAPSE_TYPES: tuple[type, ...] = (EPropSynapse, LearningSignal, StaticSynapse)
