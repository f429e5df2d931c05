"""The memory that a core needs, its own (DTCM) and SDRAM, estimated for a given rate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pynn_eprop.errors import NetworkError
from pynn_eprop.models.cells import Readouts, SpikingCells
from pynn_eprop.models.network import Network
from pynn_eprop.spinnaker.memory.lanes import round_up
from pynn_eprop.spinnaker.memory.layout import CELL_GROUP, CLOPATH, VALUE_SOURCE
from pynn_eprop.spinnaker.memory.rows import Rows
from pynn_eprop.spinnaker.memory.values import log_bytes as values_log_bytes
from pynn_eprop.spinnaker.memory.values import row_bytes

DTCM_BYTES = 64 * 1024
_FIXED_DTCM = 9216              # stacks, tables, variables, heads of blocks of memory; and what the
                                # official libraries take for messages and events
_LANE_BYTES = 104               # state, parameters, arrivals, filters
_READOUT_BYTES = 112            # likewise, of a readout
_BLOCK_BYTES, _FRAME_BYTES = 68, 32     # a block of synapses, one from an analog source
_SIGNAL_BYTES = 192             # a learning signal, without its arrays
_FEEDBACK_BYTES = 8 * 1024      # of B, at a time, for 8 cells at least
_PACKET_BYTES, _HELD_BYTES = 12, 8      # a place of the receive buffer, a spike that is held
_LEAST_RING = 256
_SORTED_SOURCES = 4096          # of which as many spikes are sorted at once
_ENTRY_BYTES = 512              # of the log, at a time
_LEAST_FILTER_ROWS = 4
_MOST_FILTER_ROWS = 512
SDRAM_BYTES = 110 * 2 ** 20
"""SDRAM of a chip, for applications."""


@dataclass(frozen=True)
class Buffers:
    """Places of a core's buffers in its own memory, as in core_setup."""

    ring_words: int
    held_bytes: int
    filter_words: int
    used: int

    def sources_sorted(self, n_sources: int) -> int:
        """Sources whose spikes are sorted in one go (find_memory in gradient.c)."""
        return max(min(n_sources, self.held_bytes // 4), 1)

    def spikes_sorted(self, n_sources: int) -> int:
        """Spikes that are sorted in one go."""
        return max(self.held_bytes // 2 - min(n_sources, self.held_bytes // 4), 1)


def rule_bytes(lanes: int, n_groups: int) -> int:
    """Bytes of the rule of Clopath et al.: constants, filtered potentials and a row of slopes."""
    return n_groups * CLOPATH.dtype.itemsize + 6 * lanes + 24


def buffers(network: Network, population: int, rows: Rows, n_sources: int, n_keys: int,
            readouts: Sequence[int], sent: int, learns: bool, of_rule: int, n_groups: int,
            max_rate: float, values: Sequence[int] = ()) -> Buffers:
    """Divide a core's own memory. Raises :class:`NetworkError` if it is too small.

    readouts: how many are heard of each learning signal. sent: packets of errors and of mirrored
    weights that may wait in the receive buffer, which must have room for them. learns: weights or
    biases. of_rule: bytes of a rule with memory of its own. n_groups: of cells. values: analog
    sources that reach it.
    """
    lanes = rows.lanes
    least = _LEAST_RING
    while least < sent + 64:
        least *= 2
    ring = least            # places are taken from the rows of F, so signals alone get 512 at most
    while ring < min(n_sources + 64, 1024) or ring < min(n_sources + sent + 32, 512):
        ring *= 2
    needed = _FIXED_DTCM + n_keys * 44 + len(rows.blocks) * _BLOCK_BYTES \
        + n_groups * CELL_GROUP.dtype.itemsize + of_rule
    of_lane = _READOUT_BYTES if population in network.of_kind(Readouts) else _LANE_BYTES
    needed += lanes * (of_lane + 4 * len(readouts)) \
        + sum(100 * count + _SIGNAL_BYTES for count in readouts)
    needed += min(4 * lanes * sum(readouts), max(_FEEDBACK_BYTES, 32 * sum(readouts)))
    needed += 5 * rows.forward_bytes + 2 * rows.state_bytes + _ENTRY_BYTES
    needed += sum(block.rows for block in rows.blocks if block.kind) // 8 + 64
    if values:
        needed += 2 * max(row_bytes(network.populations[index].size) for index in values) \
            + len(values) * VALUE_SOURCE.dtype.itemsize + sum(
                _FRAME_BYTES + 4 * lanes * (network.projections[block.projection].pre in values)
                for block in rows.blocks)
    while True:
        left = DTCM_BYTES - needed - ring * (_PACKET_BYTES + _HELD_BYTES)
        if left >= 4 * lanes * _LEAST_FILTER_ROWS or (not learns and left >= 0):
            break
        if ring == least:
            required = DTCM_BYTES - left + (4 * lanes * _LEAST_FILTER_ROWS if learns else 0)
            crowded = ring > _LEAST_RING
            waiting = f", {ring * (_PACKET_BYTES + _HELD_BYTES)} of them for {sent} errors and " \
                "mirrored weights that may come at once" if crowded else ""
            cure = ", fewer readouts or longer intervals" if crowded else ""
            raise NetworkError(
                f"{network.populations[population].label}: a core needs {required} bytes of its "
                f"own memory{waiting}, and has {DTCM_BYTES}; "
                f"use a smaller setup(neurons_per_core=...){cure}")
        ring //= 2
    held = ring * _HELD_BYTES
    if learns:
        held += _more_to_sort(network, n_sources, max_rate, held, left, 4 * lanes)
    used = DTCM_BYTES - left + held - ring * _HELD_BYTES
    most = 4 * lanes * _MOST_FILTER_ROWS
    filters = min(DTCM_BYTES - used, most) // (4 * lanes) * lanes if learns else 0
    return Buffers(ring, held, filters, used + 4 * filters)


def _more_to_sort(network: Network, n_sources: int, max_rate: float, held: int, left: int,
                  row: int) -> int:
    """Bytes by which the memory for sorting grows at the cost of rows of F, a multiple of 8.

    So that the spikes that the rows meet can be sorted in one go, at half the highest rate.
    """
    per_step = 2 * n_sources * network.settings.timestep * 1e-3 * max_rate / 2
    sources = 2 * min(n_sources, _SORTED_SOURCES)
    rows = max(left + held - sources, 0) / (row + per_step)
    wanted = math.ceil(sources + min(rows, _MOST_FILTER_ROWS) * per_step) - held
    return max(min(wanted, left - row * _LEAST_FILTER_ROWS), 0) // 8 * 8


def spikes_of_interval(network: Network, n_sources: int, max_rate: float) -> int:
    """Spikes that a core hears in an interval when all its sources fire at ``max_rate`` (Hz)."""
    steps = network.settings.interval_steps or 1
    return math.ceil(n_sources * steps * network.settings.timestep * 1e-3 * max_rate)


def log_bytes(network: Network, population: int, lanes: int, capacity: int, slots: int,
              max_delay: int, readouts: Sequence[int] = (), values: Sequence[int] = ()) -> int:
    """Region LOG: for each slot spikes, the start of each step, what the population keeps, values.

    readouts: how many are heard of each learning signal. values: analog sources that reach it.
    """
    steps = network.settings.interval_steps or 0
    starts = steps + 2 if steps else max_delay + 4
    kept = 0
    if steps and population in network.of_kind(SpikingCells):
        kept = round_up(2 * (steps + 1) * lanes, 8)
        kept += sum(4 * (steps + 1) * round_up(count, 2) for count in readouts)
    elif steps:
        kept = 4 * (steps + 1) * lanes
    slot = round_up(capacity * 4, 8) + round_up(starts * 4, 8) + round_up(kept, 8) \
        + values_log_bytes(network, values)
    return slots * slot
