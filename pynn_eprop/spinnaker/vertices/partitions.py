"""Partitions of keys: what a population sends, each kind with a key block of its own."""

from typing import Any

from pacman.model.graphs.application import ApplicationEdge
from spynnaker.pyNN.data import SpynnakerDataView
from spynnaker.pyNN.utilities.constants import SPIKE_PARTITION_ID

from pynn_eprop.spinnaker.memory.layout import KeyKind

PARTITIONS = {
    KeyKind.SPIKE: SPIKE_PARTITION_ID,
    KeyKind.SIGNAL: "EPROP_LEARNING_SIGNAL",
    KeyKind.FEEDBACK: "EPROP_FORWARD_WEIGHTS",
}


def kind_of(partition: str) -> KeyKind:
    """What a partition carries."""
    return next(kind for kind, name in PARTITIONS.items() if name == partition)


def add_edge(pre: Any, post: Any, kind: KeyKind) -> None:
    """Let packets of one kind go from one application vertex to another, once."""
    partition = PARTITIONS[kind]
    for known in SpynnakerDataView.get_outgoing_edge_partitions_starting_at_vertex(pre):
        if known.identifier == partition \
                and any(edge.post_vertex is post for edge in known.edges):
            return
    SpynnakerDataView.add_edge(ApplicationEdge(pre, post), partition)
