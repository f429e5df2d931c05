"""PyNN's procedural interface: create, connect, record, set."""

from pynn_eprop.brainscales import simulator
from pynn_eprop.brainscales.populations import Population
from pynn_eprop.brainscales.projections import Projection
from pynn_eprop.brainscales.standardmodels.synapses import StaticSynapse
from pynn_eprop.common.script.procedural_api import FUNCTIONS, build_procedural_api

__all__ = [*FUNCTIONS]

connect, create, record, record_gsyn, record_v, set = build_procedural_api(
    simulator, Population, Projection, StaticSynapse)
