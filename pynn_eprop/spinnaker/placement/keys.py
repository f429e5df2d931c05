"""The key blocks that reach a population, from sPyNNaker's routing information."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spynnaker.pyNN.data import SpynnakerDataView

from pynn_eprop.models.network import Network, SymmetricFeedback
from pynn_eprop.spinnaker.memory.layout import KeyKind
from pynn_eprop.spinnaker.vertices.partitions import PARTITIONS


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


def incoming_keys(network: Network, populations: Sequence[Any], target: int) -> list[KeyBlock]:
    """All key blocks that projections and learning signals bring to a population."""
    found = []
    for source in sorted({projection.pre for projection in network.projections
                          if projection.post == target}):
        found += _blocks(populations[source], KeyKind.SPIKE, source, -1)
    for index, signal in enumerate(network.learning_signals):
        if signal.target != target:
            continue
        found += _blocks(populations[signal.source], KeyKind.SIGNAL, signal.source, index)
        if isinstance(signal.feedback, SymmetricFeedback):
            found += _blocks(populations[signal.source], KeyKind.FEEDBACK, signal.source, index)
    return found


def _blocks(population: Any, kind: KeyKind, source: int, signal: int) -> list[KeyBlock]:
    infos, partition = SpynnakerDataView.get_routing_infos(), PARTITIONS[kind]
    blocks = []
    for vertex in population.vertex.splitter.get_out_going_vertices(partition):
        info = infos.get_info_from(vertex, partition)
        part = vertex.vertex_slice
        blocks.append(KeyBlock(kind, source, int(info.key), int(info.mask),
                               int(population.vertex.n_colour_bits), int(part.lo_atom),
                               int(part.n_atoms), signal))
    return blocks
