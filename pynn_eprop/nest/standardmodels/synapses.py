"""The synapse types that learn or teach."""
# ruff: noqa: D101 (docstrings come from the parameter tables)

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.nest.simulator import state


class EPropSynapse(common.EPropSynapse):
    __doc__: str | None = common.EPropSynapse.__doc__

    def _get_minimum_delay(self) -> float:
        """What a delay of None means."""
        simulation = state.simulation
        return state.dt if simulation is None else simulation.options.shortest_delay


class LearningSignal(common.LearningSignal):
    __doc__: str | None = common.LearningSignal.__doc__
