"""Recordings of our cores, read at once when sPyNNaker collects those of all cores.

sPyNNaker asks core by core, three times and once more for each channel. What our cores recorded is
read before it asks, and it finds the answers here.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np
from spinn_front_end_common.data import FecDataView
from spinn_front_end_common.interface.buffer_management.buffer_manager import BufferManager
from spinn_front_end_common.interface.buffer_management.recording_utilities import (
    get_recording_header_size,
)
from spinn_utilities.config_holder import get_config_bool

from pynn_eprop.spinnaker.memory.layout import Channel, Region
from pynn_eprop.spinnaker.transfer.bulk import NO_ANSWER, Place, read_many
from pynn_eprop.spinnaker.vertices.machine import EPropMachineVertex, places_of

SMALL_BYTES = 4096
"""With sPyNNaker's advanced monitors, which are quicker, longer recordings are left to them."""
_ENTRY = np.dtype([("space", "<u4"), ("size_and_missing", "<u4"), ("address", "<u4")])
"""Of each channel, behind the number of channels (``recording.h`` of SpiNNFrontEndCommon)."""
_SIZE = 0x7fffffff


@contextmanager
def collected_at_once() -> Iterator[None]:
    """Let sPyNNaker find what our cores recorded read already."""
    manager: Any = BufferManager
    original = manager.extract_data, manager._request_data, manager._get_region_information
    known: dict[Place, bytes] = {}

    def extract_data(self: Any) -> None:
        known.clear()
        if self._java_caller is None:
            with suppress(*NO_ANSWER):      # then sPyNNaker finds out itself
                known.update(_read(bool(get_config_bool("Machine",
                                                        "enable_advanced_monitor_support"))))
        original[0](self)
        known.clear()

    def _request_data(self: Any, x: int, y: int, address: int, length: int) -> bytes:
        data = known.get(Place(x, y, address, length))
        return original[1](self, x, y, address, length) if data is None else data

    def _get_region_information(self: Any, address: int, x: int, y: int) -> list[tuple]:
        table = known.get(Place(x, y, address, get_recording_header_size(len(Channel))))
        return original[2](self, address, x, y) if table is None else [
            (size, address, missing) for size, address, missing in _entries(table)]

    manager.extract_data, manager._request_data = extract_data, _request_data
    manager._get_region_information = _get_region_information
    try:
        yield
    finally:
        manager.extract_data, manager._request_data, manager._get_region_information = original


def _read(monitors: bool) -> dict[Place, bytes]:
    vertices: list[Any] = [
        place.vertex for place in FecDataView.iterate_placements_by_vertex_type(EPropMachineVertex)]
    size = get_recording_header_size(len(Channel))
    places = places_of([(vertex, Region.RECORDING, size) for vertex in vertices])
    tables = read_many(places)
    recorded = []
    for vertex, place, table in zip(vertices, places, tables, strict=True):
        entries = _entries(table)
        for channel in vertex.get_recorded_region_ids():
            length, address, _ = entries[channel]
            if length <= SMALL_BYTES or not monitors:
                recorded.append(Place(place.x, place.y, address, length))
    return dict(zip([*places, *recorded], [*tables, *read_many(recorded)], strict=True))


def _entries(table: bytes) -> list[tuple[int, int, bool]]:
    """Size, address and whether something is missing, of each channel."""
    return [(int(size) & _SIZE, int(address), bool(int(size) & ~_SIZE))
            for _, size, address in np.frombuffer(table[4:], _ENTRY)]
