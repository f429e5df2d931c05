"""Keys of packets: the kinds that a population sends, and the key blocks that reach one.

Each kind has a partition of its own in sPyNNaker's graph, and so a key block of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pacman.model.graphs.application import ApplicationEdge
from spynnaker.pyNN.data import SpynnakerDataView
from spynnaker.pyNN.utilities.constants import SPIKE_PARTITION_ID

from pynn_eprop.models.network import Network, SymmetricFeedback
from pynn_eprop.spinnaker.memory.layout import KeyKind

PARTITIONS = {
    KeyKind.SPIKE: SPIKE_PARTITION_ID,
    KeyKind.SIGNAL: "EPROP_LEARNING_SIGNAL",
    KeyKind.FEEDBACK: "EPROP_FORWARD_WEIGHTS",
}


def kind_of(partition: str) -> KeyKind:
    """The kind of packet that a partition carries."""
    return next(kind for kind, name in PARTITIONS.items() if name == partition)


def add_edge(pre: Any, post: Any, kind: KeyKind) -> None:
    """Add an edge for packets of one kind between application vertices, unless there is one."""
    partition = PARTITIONS[kind]
    for known in SpynnakerDataView.get_outgoing_edge_partitions_starting_at_vertex(pre):
        if known.identifier == partition \
                and any(edge.post_vertex is post for edge in known.edges):
            return
    SpynnakerDataView.add_edge(ApplicationEdge(pre, post), partition)


@dataclass(frozen=True)
class KeyBlock:
    """Keys of one sending core.

    source: index of the sending population. first: its first cell there. signal: index among the
    network's learning signals, or -1 for spikes.
    """

    kind: KeyKind
    source: int
    key: int
    mask: int
    colour_bits: int
    first: int
    count: int
    signal: int = -1


def incoming_keys(network: Network, populations: Sequence[Any], core: Any) -> list[KeyBlock]:
    """All key blocks that projections and learning signals bring to a core."""
    found, target = [], core.population
    for source in sorted({projection.pre for projection in network.projections
                          if projection.post == target
                          and not network.populations[projection.pre].emits_values}):
        kind = KeyKind.OTHER_SPIKE if hasattr(populations[source], "native") else KeyKind.SPIKE
        found += _blocks(populations[source], kind, source, -1)
    for index, signal in enumerate(network.learning_signals):
        if signal.target != target:
            continue
        found += [block for block in _blocks(populations[signal.source], KeyKind.SIGNAL,
                                             signal.source, index)
                  if core.hears(signal.source, range(block.first, block.first + block.count))]
        if isinstance(signal.feedback, SymmetricFeedback):
            found += _blocks(populations[signal.source], KeyKind.FEEDBACK, signal.source, index)
    return found


def _blocks(population: Any, kind: KeyKind, source: int, signal: int) -> list[KeyBlock]:
    infos = SpynnakerDataView.get_routing_infos()
    partition = PARTITIONS[KeyKind.SPIKE if kind is KeyKind.OTHER_SPIKE else kind]
    blocks = []
    for vertex in population.vertex.splitter.get_out_going_vertices(partition):
        info = infos.get_info_from(vertex, partition)
        part = vertex.vertex_slice
        blocks.append(KeyBlock(kind, source, int(info.key), int(info.mask),
                               int(population.vertex.n_colour_bits), int(part.lo_atom),
                               int(part.n_atoms), signal))
    return blocks
