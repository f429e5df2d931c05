"""The test application as a vertex of unmodified sPyNNaker."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from pacman.model.graphs.application.abstract import AbstractOneAppOneMachineVertex
from pacman.model.graphs.machine import MachineVertex
from pacman.model.partitioner_splitters import SplitterOneAppOneMachine
from pacman.model.resources import AbstractSDRAM, MultiRegionSDRAM, VariableSDRAM
from spinn_front_end_common.abstract_models import (
    AbstractGeneratesDataSpecification,
    AbstractHasAssociatedBinary,
)
from spinn_front_end_common.data import FecDataView
from spinn_front_end_common.interface.buffer_management.buffer_models import (
    AbstractReceiveBuffersToHost,
)
from spinn_front_end_common.interface.buffer_management.recording_utilities import (
    get_recording_data_constant_size,
    get_recording_header_array,
    get_recording_header_size,
)
from spinn_front_end_common.interface.provenance import (
    ProvenanceWriter,
    ProvidesProvenanceDataFromMachineImpl,
)
from spinn_front_end_common.interface.simulation.simulation_utilities import (
    get_simulation_header_array,
)
from spinn_front_end_common.utilities.constants import (
    SIMULATION_N_BYTES,
    SYSTEM_BYTES_REQUIREMENT,
)
from spinn_front_end_common.utilities.helpful_functions import (
    locate_memory_region_for_placement,
)
from spinnman.model.enums import ExecutableType

from tests.runtime.exerciser import EVENT, ROW_WORDS, STEP, Settings

SYSTEM, RECORDING, PROVENANCE, SETTINGS, ROWS = range(5)
PARTITION = "packets"
EVENTS_A_STEP = 8
PROVENANCE_NAMES = ("packets", "payloads", "transfers", "runs", "events lost")


class ExerciserMachineVertex(MachineVertex, AbstractGeneratesDataSpecification,  # type: ignore[misc]
                             AbstractHasAssociatedBinary, AbstractReceiveBuffersToHost,
                             ProvidesProvenanceDataFromMachineImpl):
    """One core with the test application."""

    def __init__(self, label: str, app_vertex: Any, settings: dict[str, Any]) -> None:
        super().__init__(label, app_vertex)
        self.settings = settings
        self.provenance: dict[str, int] = {}

    def get_binary_file_name(self) -> str:
        return "exerciser.aplx"

    def get_binary_start_type(self) -> ExecutableType:
        return ExecutableType.USES_SIMULATION_INTERFACE

    def get_n_keys_for_partition(self, partition_id: str) -> int:
        return 2

    @staticmethod
    def bytes_a_step() -> tuple[int, int]:
        return STEP.itemsize, EVENT.itemsize * EVENTS_A_STEP

    @property
    def sdram_required(self) -> AbstractSDRAM:
        sdram = MultiRegionSDRAM()
        sdram.add_cost(SYSTEM, SYSTEM_BYTES_REQUIREMENT)
        sdram.add_cost(RECORDING, get_recording_header_size(2)
                       + get_recording_data_constant_size(2))
        sdram.add_cost(PROVENANCE, self.get_provenance_data_size(len(PROVENANCE_NAMES)))
        sdram.add_cost(SETTINGS, len(Settings().words()))
        sdram.add_cost(ROWS, 8 * ROW_WORDS * 4)
        sdram.nest(100, VariableSDRAM(0, sum(self.bytes_a_step())))
        return sdram

    def generate_data_specification(self, spec: Any, placement: Any) -> None:
        steps = FecDataView.get_max_run_time_steps()
        key = FecDataView.get_routing_infos().get_key_from(self, PARTITION)
        contents = {
            SYSTEM: np.array(get_simulation_header_array(self.get_binary_file_name()), "<u4"),
            RECORDING: np.array(get_recording_header_array(
                [size * steps for size in self.bytes_a_step()]), "<u4"),
            SETTINGS: np.frombuffer(Settings(key=key, **self.settings).words(), "<u4"),
            ROWS: np.arange(8 * ROW_WORDS, dtype="<u4")}
        sizes = {SYSTEM: SIMULATION_N_BYTES, RECORDING: get_recording_header_size(2)}
        for region, words in contents.items():
            spec.reserve_memory_region(region, sizes.get(region, words.nbytes))
            spec.switch_write_focus(region)
            spec.write_array(words)
        self.reserve_provenance_data_region(spec)
        spec.end_specification()

    def get_recorded_region_ids(self) -> list[int]:
        return [0, 1]

    def get_recording_region_base_address(self, placement: Any) -> int:
        return int(locate_memory_region_for_placement(placement, RECORDING))

    @property
    def _provenance_region_id(self) -> int:
        return PROVENANCE

    @property
    def _n_additional_data_items(self) -> int:
        return len(PROVENANCE_NAMES)

    def parse_extra_provenance_items(self, label: str, x: int, y: int, p: int,
                                     provenance_data: Sequence[int]) -> None:
        self.provenance = dict(zip(PROVENANCE_NAMES, map(int, provenance_data), strict=True))
        with ProvenanceWriter() as writer:
            for name, value in self.provenance.items():
                writer.insert_core(x, y, p, name, value)

    def _recorded(self, region: int) -> tuple[bytes, bool]:
        placement = FecDataView.get_placement_of_vertex(self)
        data, missing = FecDataView.get_buffer_manager().get_recording(placement, region)
        return bytes(data), bool(missing)

    def steps(self) -> np.ndarray:
        """Records of all steps since the last reset."""
        data, missing = self._recorded(0)
        assert not missing
        return np.frombuffer(data, STEP)

    def events(self) -> np.ndarray:
        """Records of all events since the last reset."""
        data, missing = self._recorded(1)
        assert not missing
        return np.frombuffer(data, EVENT)


class Exerciser(AbstractOneAppOneMachineVertex):  # type: ignore[misc]
    """The test application on one core."""

    def __init__(self, label: str, **settings: Any) -> None:
        super().__init__(ExerciserMachineVertex(label, self, settings), label)
        self.splitter = SplitterOneAppOneMachine()
