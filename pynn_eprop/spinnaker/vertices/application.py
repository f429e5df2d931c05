"""The application vertex of a population of e-prop cells or readouts."""

from typing import Any

from pacman.model.graphs.common import Slice
from spynnaker.pyNN.models.common import PopulationApplicationVertex

from pynn_eprop.spinnaker.memory.layout import COLOUR_BITS
from pynn_eprop.spinnaker.vertices.machine import EPropMachineVertex
from pynn_eprop.spinnaker.vertices.splitter import PlannedSplitter


class EPropVertex(PopulationApplicationVertex):
    """What stands for a population of ours in sPyNNaker's graph.

    cores: its cores as planned, known when a run begins.
    """

    def __init__(self, label: str, size: int) -> None:
        super().__init__(label, size, PlannedSplitter())
        self._size = size
        self.cores: list[Any] = []

    @property
    def n_atoms(self) -> int:
        """Cells."""
        return self._size

    def get_max_atoms_per_core(self) -> int:
        """Cells of each core but the last: sPyNNaker's cells find the rows of a spike by it."""
        return max((core.size for core in self.cores), default=self._size)

    @property
    def n_colour_bits(self) -> int:
        """Low bits of each key, that hold the step."""
        return COLOUR_BITS

    def create_machine_vertex(self, core: Any, part: Slice) -> EPropMachineVertex:
        """The vertex of one core."""
        return EPropMachineVertex(self, core, part)

    def get_recording_variables(self) -> list[str]:
        """None that sPyNNaker's own database knows: our recorder reads our regions."""
        return []

    def get_recordable_variables(self) -> list[str]:
        """None, see :meth:`get_recording_variables`."""
        return []
