"""The machine vertex of a core: its memory, keys, recordings and provenance."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from pacman.model.graphs.common import Slice
from pacman.model.graphs.machine import MachineVertex
from pacman.model.placements import Placement
from pacman.model.resources import MultiRegionSDRAM
from spinn_front_end_common.abstract_models import (
    AbstractGeneratesDataSpecification,
    AbstractHasAssociatedBinary,
)
from spinn_front_end_common.interface.buffer_management.buffer_models import (
    AbstractReceiveBuffersToHost,
)
from spinn_front_end_common.interface.buffer_management.recording_utilities import (
    get_recording_data_constant_size,
    get_recording_header_array,
    get_recording_header_size,
)
from spinn_front_end_common.interface.buffer_management.storage_objects import BufferDatabase
from spinn_front_end_common.interface.ds import DataSpecificationGenerator
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
from spinnman.model.enums import ExecutableType
from spynnaker.pyNN.data import SpynnakerDataView

from pynn_eprop.errors import SimulationError
from pynn_eprop.spinnaker.memory.layout import Channel, Provenance, Region
from pynn_eprop.spinnaker.placement.keys import PARTITIONS, kind_of
from pynn_eprop.spinnaker.transfer.bulk import Content, Place, read_many, write_many
from pynn_eprop.spinnaker.transfer.regions import addresses

ROUNDING_BYTES = 256
"""Bytes of the machine's heap beyond the sizes asked for: native cells that record are given
all that is left, to the last byte."""
COMMON_COUNTERS = ("packets_not_sent", "callbacks_lost", "dma_refused", "user_events_refused",
                   "ticks_overrun", "most_ticks_waiting")
"""Names of the counters in the first words of every core's provenance."""
_RECORDED = 100     # a name for the SDRAM that a core takes for recording, beside its regions


class EPropMachineVertex(MachineVertex, AbstractGeneratesDataSpecification,
                         AbstractHasAssociatedBinary, AbstractReceiveBuffersToHost,
                         ProvidesProvenanceDataFromMachineImpl):
    """The vertex of one core. ``core``: its plan (``placement.cores.Core``)."""

    def __init__(self, app_vertex: Any, core: Any, part: Slice) -> None:
        super().__init__(f"{app_vertex.label}{part}", app_vertex, part)
        self.core = core
        # the last extraction of each channel, by database: a reset begins another
        self._taken: dict[tuple[str, Channel], int] = {}
        self.addresses: list[int] = []      # of its regions, once loaded and located

    # --- what it needs ---

    @property
    def sdram_required(self) -> MultiRegionSDRAM:
        """Memory by region, and for recordings."""
        sdram = MultiRegionSDRAM()
        for region, size in self._sizes().items():
            # a core's text is in SDRAM, too, which only the larger figure counts
            sdram.add_cost(int(region),
                           SYSTEM_BYTES_REQUIREMENT if region is Region.SYSTEM else size)
        sdram.add_cost(_RECORDED, get_recording_data_constant_size(len(Channel))
                       + sum(self.core.recorded_bytes.values()) + ROUNDING_BYTES)
        return sdram

    def _sizes(self) -> dict[Region, int]:
        return {
            Region.SYSTEM: SIMULATION_N_BYTES,
            Region.RECORDING: get_recording_header_size(len(Channel)),
            Region.PROVENANCE: self.get_provenance_data_size(len(Provenance)),
            **self.core.region_bytes,
        }

    def get_n_keys_for_partition(self, partition_id: str) -> int:
        """Keys of one kind of packet, a power of two, steps included."""
        return int(self.core.n_keys(kind_of(partition_id)))

    def get_binary_file_name(self) -> str:
        """File name of the application."""
        return f"{self.core.binary}.aplx"

    def get_binary_start_type(self) -> ExecutableType:
        """Runs, pauses and resumes as sPyNNaker's own do."""
        return ExecutableType.USES_SIMULATION_INTERFACE

    # --- its memory ---

    def generate_data_specification(self, spec: DataSpecificationGenerator,
                                    placement: Placement) -> None:
        """Reserve the regions and write their initial contents."""
        self.addresses = []
        infos = SpynnakerDataView.get_routing_infos()
        own = {kind: infos.get_key_from(self, name) for kind, name in PARTITIONS.items()
               if name in infos.get_partitions_from(self)}
        contents = self.core.contents(own, _on_several_chips())
        contents[Region.SYSTEM] = get_simulation_header_array(self.get_binary_file_name())
        contents[Region.RECORDING] = get_recording_header_array(
            [self.core.recorded_bytes.get(channel, 0) for channel in Channel])
        for region, size in self._sizes().items():
            if not size:
                continue
            spec.reserve_memory_region(int(region), size, region.name)
            words = contents.get(region)
            if isinstance(words, (bytes, bytearray)):
                words = np.frombuffer(bytes(words), dtype="<u4")
            if words is not None and len(words):
                spec.switch_write_focus(int(region))
                spec.write_array(words)
        spec.end_specification()

    def place(self, region: Region, size: int | None = None) -> Place:
        """The first ``size`` bytes of a region of the machine's memory, or all, once loaded."""
        locate([self])
        placement = SpynnakerDataView.get_placement_of_vertex(self)
        return Place(placement.x, placement.y, self.addresses[region],
                     self._sizes()[region] if size is None else size)

    def read(self, region: Region, size: int | None = None) -> bytes:
        """The first ``size`` bytes of a region of the machine's memory, or all."""
        return read_many([self.place(region, size)])[0]

    def write(self, region: Region, data: bytes) -> None:
        """Replace the beginning of a region of the machine's memory."""
        write_regions([(self, region, data)])

    # --- recordings and provenance ---

    def get_recorded_region_ids(self) -> list[int]:
        """Numbers of the channels that are recorded."""
        return [int(channel) for channel, size in self.core.recorded_bytes.items() if size]

    def get_recording_region_base_address(self, placement: Placement) -> int:
        """Address of the core's table of its recordings."""
        return self.place(Region.RECORDING).address

    def take_recording(self, channel: Channel) -> bytes:
        """The bytes that a channel recorded since the last call. sPyNNaker then forgets them."""
        placement = SpynnakerDataView.get_placement_of_vertex(self)
        place = placement.x, placement.y, placement.p, int(channel)
        data = b""
        with BufferDatabase() as database:
            key = database.default_database_file(), channel
            last = database.get_last_extraction_id()
            for extraction in range(self._taken.get(key, 0) + 1, last + 1):
                with suppress(LookupError):     # nothing was extracted for this channel
                    part, missing = database.get_recording_by_extraction_id(*place, extraction)
                    data += bytes(part)
                    if missing:
                        raise SimulationError(
                            f"{self.core.label}: the recording of {channel.name.lower()} lost "
                            "data: the memory for it was full")
            # sPyNNaker counts cleared data as missing, so they are never to be read again
            database.clear_recording_region(*place)
        self._taken[key] = last
        return data

    def read_provenance(self) -> np.ndarray:
        """The counters at the end of the last run, in the order of ``layout.Provenance``."""
        return provenance(self.read(Region.PROVENANCE))

    @property
    def _provenance_region_id(self) -> int:
        return int(Region.PROVENANCE)

    @property
    def _n_additional_data_items(self) -> int:
        return len(Provenance)

    def parse_extra_provenance_items(self, label: str, x: int, y: int, p: int,
                                     provenance_data: Any) -> None:
        """Write the counters into sPyNNaker's database, if its configuration asks for them."""
        with ProvenanceWriter() as database:
            for item, value in zip(Provenance, provenance_data, strict=True):
                database.insert_core(x, y, p, item.name.lower(), int(value))


Wanted = tuple[EPropMachineVertex, Region, int | None]
"""The first bytes (None: all) of a region of a core."""


def locate(vertices: Iterable[EPropMachineVertex]) -> None:
    """Find where the regions of some cores are, once for each loading."""
    unknown = [vertex for vertex in dict.fromkeys(vertices) if not vertex.addresses]
    if unknown:
        placements = [SpynnakerDataView.get_placement_of_vertex(vertex) for vertex in unknown]
        for vertex, found in zip(unknown, addresses(placements, len(Region)), strict=True):
            vertex.addresses = found


def places_of(wanted: Sequence[Wanted]) -> list[Place]:
    """Where the first bytes (None: all) of regions of many cores are."""
    locate(vertex for vertex, _, _ in wanted)
    return [vertex.place(region, size) for vertex, region, size in wanted]


def write_regions(contents: Sequence[tuple[EPropMachineVertex, Region, bytes]]) -> None:
    """Replace the beginning of regions of many cores at once. Raises as :func:`read_many`."""
    locate(vertex for vertex, _, _ in contents)
    write_many([Content(*vertex.place(region)[:3], data) for vertex, region, data in contents])


def counters(data: bytes) -> list[int]:
    """``COMMON_COUNTERS`` and ``layout.Provenance``, as a core last wrote them, of PROVENANCE."""
    return [int(word) for word in np.frombuffer(data, "<u4")]


def provenance(data: bytes) -> np.ndarray:
    """The counters at the end of the last run, in the order of ``layout.Provenance``."""
    words = np.frombuffer(data, "<u4")
    return words[len(words) - len(Provenance):].astype(np.uint64)
def _on_several_chips() -> bool:
    """Whether cores of ours are on more than one chip."""
    places = ((placement.x, placement.y) for placement in
              SpynnakerDataView.iterate_placements_by_vertex_type(EPropMachineVertex))
    first = next(places)
    return any(place != first for place in places)
