"""What a core needs: memory of its own, SDRAM, and time; estimates are for a rate given."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pynn_eprop.common.recordings import Log, SampledLog
from pynn_eprop.errors import NetworkError, SetupError
from pynn_eprop.models.network import Network, Settings, SpikingCells
from pynn_eprop.spinnaker.image_rows import Rows, round_up, state_bytes
from pynn_eprop.spinnaker.layout import CELL_GROUP, MINIMUM_PAUSE
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.partition import Part

DTCM_BYTES = 64 * 1024
_FIXED_DTCM = 8 * 1024          # stacks, tables, variables, heads of blocks of memory
_LANE_BYTES = 104               # state, parameters, arrivals, filters
_FEEDBACK_BYTES = 8 * 1024      # of B, at a time
_PACKET_BYTES, _HELD_BYTES = 12, 8      # a place of the receive buffer, a spike that is held
_LEAST_RING = 256
_SORTED_SOURCES = 4096          # of which as many spikes are sorted at once
_SOURCES_AT_ONCE = 512          # whose spikes are sorted; more with a longer receive buffer
_ENTRY_BYTES = 512              # of the log, at a time
_LEAST_FILTER_ROWS = 4
_MOST_FILTER_ROWS = 512
SDRAM_BYTES = 110 * 2 ** 20
"""Of a chip, for applications."""

# Instructions of updates (fitted to docs/evidence/spinnaker/networks.md), and how many cycles an
# instruction takes on the whole: loads, branches, and waiting for SDRAM.
_STEP, _FILTER, _SIGNAL, _READOUT = 300, 36, 9, 25
_SOURCE, _SPIKE, _SPIKE_LANE, _SPIKE_SPARSE = 16, 28, 2.3, 7.5
_VISIT, _VISIT_LANE = 280, 8
_ADAM, _SGD = 130, 45
_CYCLES, _MHZ = 1.6, 200.0
_MARGIN = 1.5
_SDRAM_BYTES_PER_US = 600.0
"""Of a chip, for all its cores together."""
_CORES_OF_CHIP = 16

@dataclass(frozen=True)
class Buffers:
    """Places of a core's buffers in its own memory, as in core_setup."""

    ring_words: int
    held_bytes: int
    filter_words: int
    used: int


def buffers(network: Network, population: int, rows: Rows, n_sources: int, n_keys: int,
            readouts: Sequence[int], learns: bool, n_groups: int, max_rate: float) -> Buffers:
    """Divide a core's own memory. Raises :class:`NetworkError` where it does not do.

    readouts: of each learning signal that reaches the core. learns: weights or biases.
    n_groups: of cells.
    """
    lanes = rows.lanes
    ring = _LEAST_RING
    while ring < min(n_sources + 64, 1024):
        ring *= 2
    needed = _FIXED_DTCM + n_keys * 36 + len(rows.blocks) * 64 \
        + n_groups * CELL_GROUP.dtype.itemsize
    needed += lanes * (_LANE_BYTES + 4 * len(readouts)) + sum(100 * count for count in readouts)
    needed += min(4 * lanes * sum(readouts), _FEEDBACK_BYTES)
    needed += 5 * rows.forward_bytes + 2 * rows.state_bytes + _ENTRY_BYTES
    needed += sum(block.rows for block in rows.blocks if block.kind) // 8 + 64
    while True:
        left = DTCM_BYTES - needed - ring * (_PACKET_BYTES + _HELD_BYTES)
        if left >= 4 * lanes * _LEAST_FILTER_ROWS or (not learns and left >= 0):
            break
        if ring == _LEAST_RING:
            label = network.populations[population].label
            least = DTCM_BYTES - left + (4 * lanes * _LEAST_FILTER_ROWS if learns else 0)
            raise NetworkError(
                f"{label}: a core needs {least} bytes of its own memory, and has "
                f"{DTCM_BYTES}; use a smaller setup(neurons_per_core=...)")
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


def backward_us(network: Network, population: int, rows: Rows, n_sources: int, max_rate: float,
                filter_words: int, cores: int) -> float:
    """Time of the backward pass of one interval, in microseconds. cores: that do it together."""
    steps = network.settings.interval_steps or 0
    spikes = spikes_of_interval(network, n_sources, max_rate)
    readouts = sum(network.populations[signal.source].size
                   for signal in network.learning_signals if signal.target == population)
    per_lane = _FILTER + _SIGNAL * readouts \
        if isinstance(network.populations[population], SpikingCells) else _READOUT
    stretches = math.ceil(steps * rows.lanes / max(filter_words, 1))
    instructions = float(steps * (_STEP + rows.lanes * per_lane))
    delays = {block.delay for block in rows.blocks if block.kind}
    passes = -(-n_sources // _SOURCES_AT_ONCE)
    instructions += len(delays) * (passes * spikes * _SPIKE + stretches * n_sources * _SOURCE)
    transferred = 0.0
    for block in rows.blocks:
        if not block.kind or not block.rows:
            continue
        lanes = block.places / block.rows
        share = spikes * block.rows / max(n_sources, 1)
        visits = min(stretches * block.rows, share)
        instructions += share * lanes * (_SPIKE_SPARSE if block.sparse else _SPIKE_LANE)
        instructions += visits * (_VISIT + _VISIT_LANE * lanes)
        transferred += visits * lanes * 16
    return _longer(instructions, transferred, cores)


def _longer(instructions: float, transferred: float, cores: int) -> float:
    """Microseconds of the instructions, or of the bytes where these take longer."""
    share = _SDRAM_BYTES_PER_US / min(cores, _CORES_OF_CHIP)
    return max(instructions * _CYCLES / _MHZ, transferred / share)


def signal_record_us(network: Network, part: Part, logs: Mapping[int, Mapping[str, Log]]) -> float:
    """Time to record the learning signals of cells of a core, at the end of an interval."""
    log = logs.get(part.population, {}).get("learning_signal")
    if not isinstance(log, SampledLog):
        return 0.0
    readouts = sum(network.populations[signal.source].size
                   for signal in network.learning_signals if signal.target == part.population)
    cells = min(part.size, len(log.cells))
    steps = network.settings.interval_steps or 0
    return steps * (cells * (150.0 + 20.0 * readouts) + 40.0 * readouts) * _CYCLES / _MHZ


def optimizer_us(rows: Rows, cores: int) -> float:
    """Time of the optimiser's step, in microseconds; ``cores`` as for :func:`backward_us`."""
    plastic = [block for block in rows.blocks if block.kind]
    instructions = sum(block.places * (_SGD if block.kind == 1 else _ADAM)
                       + block.rows * _VISIT for block in plastic)
    transferred = sum(block.places * (2 * state_bytes(block.kind) + 4) for block in plastic)
    return _longer(instructions, transferred, cores)


@dataclass(frozen=True)
class Pauses:
    """Machine steps after an interval without and with an update."""

    trial: int
    update: int


@dataclass(frozen=True)
class UpdateTime:
    """What a core does at the end of intervals, in microseconds.

    backward: of one interval. optimizer: of an update. trials: intervals of an update. kept:
    whether intervals stay in the log until the update.
    """

    backward: float
    optimizer: float
    trials: int
    kept: bool

    @property
    def trial_us(self) -> float:
        """Work after an interval without an update."""
        return self.backward if self.trials > 1 and not self.kept else 0.0

    @property
    def update_us(self) -> float:
        """Work after an interval with an update."""
        return self.backward * (self.trials if self.kept else 1) + self.optimizer


def pauses(settings: Settings, times: Sequence[UpdateTime], options: SpinnakerOptions) -> Pauses:
    """The pauses that suffice for all cores.

    Where script time contains the pauses, all are equal, and as given. Raises :class:`SetupError`
    for a pause that is too short, or that is missing there.
    """
    timestep = settings.timestep
    if not times:
        return Pauses(*(options.pause_in_script(timestep),) * 2)
    trial_us = max(time.trial_us for time in times)
    update_us = max(time.update_us for time in times)
    given_ms, step_us = options.pause, timestep * 1000.0
    estimated = Pauses(_steps(trial_us, step_us), _steps(max(update_us, trial_us), step_us))
    if given_ms is None:
        if options.machine_time:
            raise SetupError(
                "setup(): machine_time=True with update_interval needs pause=..., which script "
                "time then contains after each interval; an update of this network takes about "
                f"{estimated.update * timestep:g} ms at max_rate={options.max_rate:g} Hz: give "
                "that, or more")
        return estimated
    steps = math.floor(given_ms / timestep + 1e-9)
    if steps < MINIMUM_PAUSE:
        raise SetupError(f"setup(): pause={given_ms:g} ms is too short; an interval is over "
                         f"when {MINIMUM_PAUSE * timestep:g} ms have passed")
    if steps * step_us < update_us + MINIMUM_PAUSE * step_us:
        need = update_us / 1000.0 + MINIMUM_PAUSE * timestep
        raise SetupError(
            f"setup(): pause={given_ms:g} ms is too short: an update takes about {need:.1f} ms "
            f"at max_rate={options.max_rate:g} Hz; give a longer pause or a lower max_rate")
    return Pauses(steps if options.machine_time else min(steps, estimated.trial), steps)


def _steps(us: float, step_us: float) -> int:
    return MINIMUM_PAUSE + math.ceil(_MARGIN * us / step_us)


def log_bytes(network: Network, population: int, lanes: int, capacity: int, slots: int,
              max_delay: int) -> int:
    """Region LOG: for each slot spikes, the start of each step, and what the population keeps."""
    steps = network.settings.interval_steps or 0
    starts = steps + 2 if steps else max_delay + 4
    kept = 0
    if steps and isinstance(network.populations[population], SpikingCells):
        readouts = [network.populations[signal.source].size
                    for signal in network.learning_signals if signal.target == population]
        kept = round_up(2 * (steps + 1) * lanes, 8)
        kept += sum(4 * (steps + 1) * round_up(count, 2) for count in readouts)
    elif steps:
        kept = 4 * (steps + 1) * lanes
    slot = round_up(capacity * 4, 8) + round_up(starts * 4, 8) + round_up(kept, 8)
    return slots * slot

