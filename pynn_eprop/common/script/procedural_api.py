"""PyNN's functions that make and record: create, connect, record, set."""

from collections.abc import Callable
from typing import Any

from pyNN.common import build_connect, build_create, build_record
from pyNN.common.procedural_api import set
from pyNN.connectors import FixedProbabilityConnector

FUNCTIONS = ("connect", "create", "record", "record_gsyn", "record_v", "set")
"""Functions of a backend's ``procedural_api`` module."""


def build_procedural_api(simulator: Any, population_class: type, projection_class: type,
                         static_synapse_class: type) -> tuple[Callable[..., Any], ...]:
    """The functions named by :data:`FUNCTIONS`, in that order, for the classes of a backend."""
    record = build_record(simulator)

    def record_gsyn(source: Any, filename: str) -> None:
        """Record synaptic conductances to a file, of cells that have any."""
        record(["gsyn_exc", "gsyn_inh"], source, filename)

    def record_v(source: Any, filename: str) -> None:
        """Record the membrane potential to a file."""
        record(["v"], source, filename)

    connect = build_connect(projection_class, FixedProbabilityConnector, static_synapse_class)
    return connect, build_create(population_class), record, record_gsyn, record_v, set
