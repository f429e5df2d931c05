"""PyNN's procedural interface: create, connect, record, set."""

from typing import Any

from pyNN import common
from pyNN.common.procedural_api import set
from pyNN.connectors import FixedProbabilityConnector
from pyNN.nest.standardmodels.synapses import StaticSynapse

from pynn_eprop.nest import simulator
from pynn_eprop.nest.populations import Population
from pynn_eprop.nest.projections import Projection

__all__ = ["connect", "create", "record", "record_gsyn", "record_v", "set"]

create = common.build_create(Population)

connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)

record = common.build_record(simulator)


def record_v(source: Any, filename: str) -> None:
    """Record the membrane potential to a file."""
    record(["v"], source, filename)


def record_gsyn(source: Any, filename: str) -> None:
    """Record synaptic conductances to a file."""
    record(["gsyn_exc", "gsyn_inh"], source, filename)
