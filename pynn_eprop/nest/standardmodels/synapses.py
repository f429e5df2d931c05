"""The synapse types that learn or teach."""

from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.nest import simulator

EPropSynapse = of_backend(common.EPropSynapse, __name__, _simulator=simulator)
LearningSignal = of_backend(common.LearningSignal, __name__)
