"""The current sources of this backend."""

from pynn_eprop.in_process.standardmodels.electrodes import current_sources_of
from pynn_eprop.jax import simulator

ACSource, DCSource, NoisyCurrentSource, StepCurrentSource = current_sources_of(__name__, simulator)
