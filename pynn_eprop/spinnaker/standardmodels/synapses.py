"""The synapse types of projections to e-prop cells and readouts."""

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.spinnaker import simulator

EPropSynapse = of_backend(common.EPropSynapse, __name__, _simulator=simulator)
LearningSignal = of_backend(common.LearningSignal, __name__)
StaticSynapse = of_backend(common.StaticSynapse, __name__, _simulator=simulator)

SYNAPSE_TYPES: tuple[type, ...] = (EPropSynapse, LearningSignal, StaticSynapse)
