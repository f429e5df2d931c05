"""The application vertex of a population of e-prop cells or readouts, divided as it was planned."""

from collections.abc import Sequence
from typing import Any

from pacman.model.graphs import AbstractVertex
from pacman.model.graphs.application import ApplicationVertex
from pacman.model.graphs.common import Slice
from pacman.model.graphs.machine import MachineVertex
from pacman.model.partitioner_splitters import AbstractSplitterCommon
from spynnaker.pyNN.models.common import PopulationApplicationVertex

from pynn_eprop.spinnaker.memory.layout import COLOUR_BITS, KeyKind
from pynn_eprop.spinnaker.placement.keys import PARTITIONS
from pynn_eprop.spinnaker.vertices.machine import EPropMachineVertex


class EPropVertex(PopulationApplicationVertex):
    """The vertex of a population of ours in sPyNNaker's graph.

    cores: its cores as planned, known when a run begins.
    """

    def __init__(self, label: str, size: int) -> None:
        super().__init__(label, size, PlannedSplitter())
        self._size = size
        self.cores: list[Any] = []

    @property
    def n_atoms(self) -> int:
        """Number of cells."""
        return self._size

    def get_max_atoms_per_core(self) -> int:
        """Cells of each core but the last, by which sPyNNaker's cells find the rows of a spike."""
        return max((core.size for core in self.cores), default=self._size)

    @property
    def n_colour_bits(self) -> int:
        """Number of low bits of each key, which hold the step."""
        return COLOUR_BITS

    def create_machine_vertex(self, core: Any, part: Slice) -> EPropMachineVertex:
        """The vertex of one core."""
        return EPropMachineVertex(self, core, part)

    def get_recording_variables(self) -> list[str]:
        """An empty list for sPyNNaker's own database: our recorder reads our regions."""
        return []

    def get_recordable_variables(self) -> list[str]:
        """An empty list, see :meth:`get_recording_variables`."""
        return []


class PlannedSplitter(AbstractSplitterCommon):
    """One machine vertex for each core of the plan.

    All send, and all receive everything but the learning signals that reach none of their cells.
    """

    def _slices(self) -> list[Slice]:
        return [Slice(core.first, core.first + core.size - 1)
                for core in self.governed_app_vertex.cores]

    def create_machine_vertices(self, chip_counter: Any) -> None:
        """Make the machine vertices, and count their cores and memory."""
        vertex = self.governed_app_vertex
        for core, part in zip(vertex.cores, self._slices(), strict=True):
            machine_vertex = vertex.create_machine_vertex(core, part)
            chip_counter.add_core(machine_vertex.sdram_required)
            vertex.remember_machine_vertex(machine_vertex)

    def get_out_going_slices(self) -> Sequence[Slice]:
        """Cells of each core."""
        return self._slices()

    def get_in_coming_slices(self) -> Sequence[Slice]:
        """Cells of each core."""
        return self._slices()

    def get_out_going_vertices(self, partition_id: str) -> Sequence[MachineVertex]:
        """Cores that send."""
        return list(self.governed_app_vertex.machine_vertices)

    def get_in_coming_vertices(self, partition_id: str) -> Sequence[MachineVertex]:
        """Cores that receive."""
        return list(self.governed_app_vertex.machine_vertices)

    def get_source_specific_in_coming_vertices(
            self, source_vertex: ApplicationVertex, partition_id: str
    ) -> Sequence[tuple[MachineVertex, Sequence[AbstractVertex]]]:
        """Cores that receive, each with those that send to it."""
        receiving = self.governed_app_vertex.machine_vertices
        if partition_id != PARTITIONS[KeyKind.SIGNAL]:
            return [(vertex, [source_vertex]) for vertex in receiving]
        sending: Sequence[Any] = source_vertex.splitter.get_out_going_vertices(partition_id)
        return [(vertex, heard) for vertex in receiving if (heard := [
            each for each in sending if vertex.core.hears(
                each.core.population, range(each.core.first, each.core.first + each.core.size))])]

    def machine_vertices_for_recording(self, variable_to_record: str) -> Sequence[MachineVertex]:
        """Cores that record."""
        return list(self.governed_app_vertex.machine_vertices)

    def reset_called(self) -> None:
        """Do nothing: no state is kept here."""
