"""PyNN's procedural interface: create, connect, record, set."""

from pynn_eprop.brian2 import simulator
from pynn_eprop.brian2.populations import Population
from pynn_eprop.brian2.projections import Projection
from pynn_eprop.brian2.standardmodels.synapses import StaticSynapse
from pynn_eprop.common.script.procedural_api import FUNCTIONS, build_procedural_api

__all__ = [*FUNCTIONS]

connect, create, record, record_gsyn, record_v, set = build_procedural_api(
    simulator, Population, Projection, StaticSynapse)
