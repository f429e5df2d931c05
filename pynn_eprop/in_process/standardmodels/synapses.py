"""The synapse types of backends whose machine runs in this process."""

from types import ModuleType

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.common.standardmodels.of_backend import of_backend


def synapse_types_of(module: str, simulator: ModuleType) -> tuple[type, ...]:
    """Synapses that learn, learning signals and synapses that do not learn, as a backend's own."""
    return (of_backend(common.EPropSynapse, module, _simulator=simulator),
            of_backend(common.LearningSignal, module),
            of_backend(common.StaticSynapse, module, _simulator=simulator))
