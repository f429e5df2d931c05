"""PyNN's procedural interface: create, connect, record, set."""

from pyNN.nest.standardmodels.synapses import StaticSynapse

from pynn_eprop.common.script.procedural_api import FUNCTIONS, build_procedural_api
from pynn_eprop.nest import simulator
from pynn_eprop.nest.populations import Population
from pynn_eprop.nest.projections import Projection

__all__ = [*FUNCTIONS]

connect, create, record, record_gsyn, record_v, set = build_procedural_api(
    simulator, Population, Projection, StaticSynapse)
