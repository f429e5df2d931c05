"""PyNN's procedural interface: create, connect, record, set."""

from pynn_eprop.common.script.procedural_api import FUNCTIONS, build_procedural_api
from pynn_eprop.jax import simulator
from pynn_eprop.jax.populations import Population
from pynn_eprop.jax.projections import Projection
from pynn_eprop.jax.standardmodels.synapses import StaticSynapse

__all__ = [*FUNCTIONS]

connect, create, record, record_gsyn, record_v, set = build_procedural_api(
    simulator, Population, Projection, StaticSynapse)
