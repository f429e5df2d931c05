"""Spike sources: sPyNNaker's source binary, with spikes that are made for each stretch of a run."""

from collections.abc import Callable
from typing import Any

import numpy as np
from pacman.model.graphs.common import Slice
from pacman.model.partitioner_splitters import SplitterFixedLegacy
from pacman.model.resources import ConstantSDRAM
from spinn_front_end_common.interface.buffer_management.recording_utilities import (
    get_recording_data_constant_size,
    get_recording_header_size,
)
from spinn_front_end_common.interface.buffer_management.storage_objects import (
    BufferedSendingRegion,
)
from spinn_front_end_common.interface.ds import DataSpecificationGenerator
from spinn_front_end_common.utilities.constants import (
    SIMULATION_N_BYTES,
    SYSTEM_BYTES_REQUIREMENT,
)
from spynnaker.pyNN.data import SpynnakerDataView
from spynnaker.pyNN.models.spike_source.spike_source_array_machine_vertex import (
    SpikeSourceArrayMachineVertex,
)
from spynnaker.pyNN.models.spike_source.spike_source_array_vertex import SpikeSourceArrayVertex

from pynn_eprop.spinnaker.vertices.machine import ROUNDING_BYTES

Spikes = tuple[np.ndarray, np.ndarray]

CELLS_PER_CORE = 512
LEAST_BYTES = 4096
_MESSAGE_BYTES = 16     # of a message without its keys, at most
_KEYS_PER_MESSAGE = 64
_SLACK = 512            # a message is not begun if less is left


def buffer_bytes(steps: np.ndarray) -> int:
    """Memory for the messages of spikes at ``steps``, one entry per spike."""
    _, counts = np.unique(steps, return_counts=True)
    messages = int(np.sum(-(-counts // _KEYS_PER_MESSAGE)))
    return messages * _MESSAGE_BYTES + 4 * len(steps) + _SLACK


class SourceVertex(SpikeSourceArrayVertex):
    """Sources whose spikes come from ``provide(first, last)``.

    ``provide``: the spikes with first <= machine step < last as (machine steps, cells), sorted by
    step. buffer_bytes: memory of each core for the spikes of a stretch, fixed before the run.
    """

    def __init__(self, label: str, size: int) -> None:
        nothing: Any = None     # neither spikes nor a model of sPyNNaker belong to it
        super().__init__(size, nothing, label, min(size, CELLS_PER_CORE), nothing,
                         SplitterFixedLegacy(), None)
        self.provide: Callable[[int, int], Spikes] = lambda _first, _last: (
            np.zeros(0, np.int64), np.zeros(0, np.int64))
        self.buffer_bytes = LEAST_BYTES

    def _check_spike_density(self, spike_times: Any) -> None:
        """Give no warning: the spikes come later."""

    def get_sdram_used_by_atoms(self, vertex_slice: Slice) -> ConstantSDRAM:
        """Memory of a core."""
        return source_sdram(self.buffer_bytes)

    def create_machine_vertex(self, vertex_slice: Slice, sdram: Any,
                              label: str | None = None) -> "SourceMachineVertex":
        """The vertex of one core."""
        return SourceMachineVertex(label, vertex_slice, self)


def source_sdram(size: int) -> ConstantSDRAM:
    """Memory of a core with a buffer of ``size`` bytes."""
    vertex = SpikeSourceArrayMachineVertex
    return ConstantSDRAM(
        SYSTEM_BYTES_REQUIREMENT + vertex._CONFIGURATION_REGION_SIZE
        + get_recording_header_size(1) + get_recording_data_constant_size(1)
        + vertex.get_provenance_data_size(5) + size + ROUNDING_BYTES)


class SourceMachineVertex(SpikeSourceArrayMachineVertex):
    """One core of sources."""

    def __init__(self, label: str | None, vertex_slice: Slice, app_vertex: SourceVertex) -> None:
        super().__init__(label=label, vertex_slice=vertex_slice, app_vertex=app_vertex,
                         eieio_params=app_vertex._eieio_params, send_buffer_times=None)
        self._send_buffer = BufferedSendingRegion()
        self._send_buffer_times = np.zeros(0, dtype=np.int64)
        self._send_buffer_size = app_vertex.buffer_bytes
        self._send_buffers = {self._Regions.SEND_BUFFER: self._send_buffer}

    @property
    def sdram_required(self) -> ConstantSDRAM:
        """Memory of the core."""
        return source_sdram(self._send_buffer_size)

    def _reserve_regions(self, spec: DataSpecificationGenerator) -> None:
        regions = self._Regions
        for region, size in ((regions.SYSTEM, SIMULATION_N_BYTES),
                             (regions.CONFIGURATION, self._CONFIGURATION_REGION_SIZE),
                             (regions.RECORDING, get_recording_header_size(1)),
                             (regions.SEND_BUFFER, self._send_buffer_size)):
            spec.reserve_memory_region(region=region, size=size, label=region.name)
        self.reserve_provenance_data_region(spec)

    def _fill_send_buffer(self) -> None:
        first = SpynnakerDataView.get_first_machine_time_step()
        last = SpynnakerDataView.get_current_run_timesteps()
        if (self._first_machine_time_step, self._run_until_timesteps) == (first, last):
            return
        self._first_machine_time_step, self._run_until_timesteps = first, last
        buffer: Any = self._send_buffer
        population: Any = self.app_vertex
        buffer.clear()
        steps, cells = population.provide(first, last)
        part, bits = self.vertex_slice, population.n_colour_bits
        here = (cells >= part.lo_atom) & (cells <= part.hi_atom)
        steps, cells = steps[here], cells[here] - part.lo_atom
        keys = (self._virtual_key or 0) + (cells.astype(np.int64) << bits) \
            + (steps & ((1 << bits) - 1))
        starts = np.flatnonzero(np.diff(steps, prepend=-1))
        ends = np.append(starts, len(steps))[1:]
        for low, high in zip(starts, ends, strict=True):
            buffer.add_keys(int(steps[low]), keys[low:high].tolist())
