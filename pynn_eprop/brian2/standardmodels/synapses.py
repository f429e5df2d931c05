"""The synapse types that this backend adds to PyNN's Brian2 backend."""

from pyNN.brian2.standardmodels import synapses as parent
from pyNN.standardmodels import synapses as stock

from pynn_eprop.brian2 import simulator
from pynn_eprop.common.standardmodels import synapses as common
from pynn_eprop.common.standardmodels.of_backend import of_backend

StaticSynapse = parent.StaticSynapse
EPropSynapse = of_backend(common.EPropSynapse, __name__, _simulator=simulator)
LearningSignal = of_backend(common.LearningSignal, __name__)

# onto e-prop cells and readouts
SYNAPSE_TYPES: tuple[type, ...] = (EPropSynapse, LearningSignal, stock.StaticSynapse)
