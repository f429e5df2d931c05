"""PyNN's procedural interface: create, connect, record, set."""

from typing import Any

from pyNN import common
from pyNN.common.procedural_api import set
from pyNN.connectors import FixedProbabilityConnector

from pynn_eprop.spinnaker import simulator
from pynn_eprop.spinnaker.populations import Population
from pynn_eprop.spinnaker.projections import Projection
from pynn_eprop.spinnaker.standardmodels.synapses import StaticSynapse

__all__ = ["connect", "create", "record", "record_gsyn", "record_v", "set"]

create = common.build_create(Population)

connect = common.build_connect(Projection, FixedProbabilityConnector, StaticSynapse)

record = common.build_record(simulator)


def record_v(source: Any, filename: str) -> None:
    """Record the membrane potential to a file."""
    record(["v"], source, filename)


def record_gsyn(source: Any, filename: str) -> None:
    """Record synaptic conductances to a file; only sPyNNaker's own cells have any."""
    record(["gsyn_exc", "gsyn_inh"], source, filename)
