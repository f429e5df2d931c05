"""The synapse types of this backend."""

from pynn_eprop.brainscales import simulator
from pynn_eprop.in_process.standardmodels.synapses import synapse_types_of

SYNAPSE_TYPES = synapse_types_of(__name__, simulator)
EPropSynapse, LearningSignal, StaticSynapse = SYNAPSE_TYPES
