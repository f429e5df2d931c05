"""A population's division into cores, as it was planned."""

from collections.abc import Sequence
from typing import Any

from pacman.model.graphs.common import Slice
from pacman.model.graphs.machine import MachineVertex
from pacman.model.partitioner_splitters import AbstractSplitterCommon


class PlannedSplitter(AbstractSplitterCommon):
    """One machine vertex for each core of the plan; all send, and all receive everything."""

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

    def machine_vertices_for_recording(self, variable_to_record: str) -> Sequence[MachineVertex]:
        """Cores that record."""
        return list(self.governed_app_vertex.machine_vertices)

    def reset_called(self) -> None:
        """Nothing is kept here."""
