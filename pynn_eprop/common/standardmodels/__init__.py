"""PyNN cell and synapse types that backends derive their own from, as PyNN's own backends do."""

from pynn_eprop.common.standardmodels.cells import (
    AnalogSource,
    EPropALIF,
    EPropArtificial,
    EPropCurrLIF,
    EPropLIF,
    EPropLSTM,
    EPropReadout,
)
from pynn_eprop.common.standardmodels.synapses import EPropSynapse, LearningSignal

__all__ = ["AnalogSource", "EPropALIF", "EPropArtificial", "EPropCurrLIF", "EPropLIF",
           "EPropLSTM", "EPropReadout", "EPropSynapse", "LearningSignal"]
