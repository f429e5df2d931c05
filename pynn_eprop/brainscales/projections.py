"""Projection: the synapses between two groups of cells, held as arrays."""

from pynn_eprop.brainscales import simulator
from pynn_eprop.brainscales.standardmodels.synapses import SYNAPSE_TYPES, StaticSynapse
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.in_process import projections as shared

Projection = of_backend(shared.Projection, __name__, _simulator=simulator,
                        _static_synapse_class=StaticSynapse, _synapse_types=SYNAPSE_TYPES)
