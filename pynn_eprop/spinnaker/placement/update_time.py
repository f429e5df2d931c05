"""The time that cores take at the end of intervals, estimated for a rate, and the pauses for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pynn_eprop.common.records.logs import Log, SampledLog
from pynn_eprop.errors import SetupError
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import Network, Settings
from pynn_eprop.spinnaker.memory.layout import MINIMUM_PAUSE
from pynn_eprop.spinnaker.memory.rows import RowBlock, Rows, state_bytes
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement.budget import Buffers, spikes_of_interval
from pynn_eprop.spinnaker.placement.cores import Core

# Instructions, fitted to 739 updates of random networks on emulated cores, then rounded.
_FILTER_STEP, _FILTER_GROUP, _FILTER, _ADAPTATION = 180, 85, 21, 32
_CLOPATH = 25       # more of a cell; tests/fixed/instructions.csv, and its row of F
_SCALED, _SIGNAL, _SUMMED = 12, 6, 30       # of a readout: a step, a cell; several signals
_READOUT_STEP, _READOUT, _BIAS = 120, 40, 800
_FEEDBACK_WORDS = 2048                      # of B at a time, as in signals.c
_SORT, _SPIKE, _SOURCE = 1400, 33, 60       # spikes by source: each go, its spikes, its sources
_LOOK = 30                                  # of a spike's source at a block
_SPIKE_LANE, _SPIKE_SPARSE, _SPIKE_ROW = 3.1, 13.0, 18
_VISIT, _VISIT_SPARSE = 280, 45             # of a row; of each synapse of a sparse one
_ROW_WORDS = 2      # that say where a sparse row is
_VALUE, _VALUE_STEP = 9.0, 60               # of an analog input: a synapse, and a row, at each step
_ADAM, _SGD, _ROW = 130, 90, 190
_RECORDED_STEP, _RECORDED, _RECORDED_SIGNAL, _RECORDED_ERROR = 150, 150, 20, 40
_CYCLES, _WORD, _MHZ = 1.75, 32, 200.0
"""Cycles of an instruction on average, and of a word that a core reads from SDRAM without DMA, both
fitted to the emulated board's model of the ARM968E-S; clock rate."""
_MARGIN = 1.5
"""Pause for an estimate. The model took at most 1.1 times the estimate of 61 updates of random
networks at their own rate, and 0.76 times in the median."""
_SDRAM_BYTES_PER_US = 600.0
"""Rate of a chip, for all its cores together."""
_CORES_OF_CHIP = 16


@dataclass(frozen=True)
class Pauses:
    """Machine steps after an interval without and with an update."""

    trial: int
    update: int


@dataclass(frozen=True)
class UpdateTime:
    """The time of a core's work at the end of intervals, in microseconds.

    recording: of learning signals, after each interval. backward: of one interval. optimizer: of
    an update. trials: intervals of an update. kept: whether intervals stay in the log until then.
    """

    recording: float
    backward: float
    optimizer: float
    trials: int
    kept: bool

    @property
    def trial_us(self) -> float:
        """Work after an interval without an update."""
        return self.recording + (self.backward if self.trials > 1 and not self.kept else 0.0)

    @property
    def update_us(self) -> float:
        """Work after an interval with an update."""
        return self.recording + self.backward * (self.trials if self.kept else 1) + self.optimizer


def backward_us(network: Network, core: Core, buffers: Buffers, max_rate: float,
                cores: int) -> float:
    """Time of the backward pass of one interval, in microseconds. cores: that share SDRAM."""
    rows, n_sources = core.rows, core.n_sources
    learning = [block for block in rows.blocks if block.kind and block.rows]
    analog = [block for block in learning
              if network.projections[block.projection].pre in core.values]
    plastic = [block for block in learning if block not in analog]
    spikes = spikes_of_interval(network, n_sources, max_rate)
    steps = network.settings.interval_steps or 0
    # goes of sorting: as many as rows of F and spikes fit; bursts make more of them
    by_rows = math.ceil(steps * rows.lanes / max(buffers.filter_words, 1))
    by_spikes = spikes / buffers.spikes_sorted(n_sources)
    goes, even = by_rows + by_spikes, max(by_rows, by_spikes)
    passes = -(-n_sources // buffers.sources_sorted(n_sources))
    instructions, words = _filter(network, core, steps), 0.0
    for delay in {block.delay for block in plastic}:
        arriving = spikes * max(steps - delay + 1, 0) / max(steps, 1)
        blocks = sum(block.delay == delay for block in rows.blocks)
        instructions += passes * arriving * _SPIKE + goes * (passes * _SORT + n_sources * _SOURCE) \
            + min(goes * n_sources, arriving) * blocks * _LOOK
        words += passes * arriving
    transferred = 0.0
    for block in plastic:
        arriving = spikes * block.rows / max(n_sources, 1)
        visits = min(goes * block.rows, arriving)
        instructions += _gather(block, arriving, visits)
        words += _ROW_WORDS * visits * block.sparse
        transferred += min(even * block.rows, arriving) * block.places / block.rows * 16
    for block in analog:    # as if values changed at every step
        instructions += steps * (block.places * _VALUE + block.rows * _VALUE_STEP) \
            + by_rows * block.rows * _VISIT
        transferred += by_rows * block.places * 16
    return _together(instructions, words, transferred, cores)


def _filter(network: Network, core: Core, steps: int) -> float:
    """Instructions of the backward filter of an interval."""
    lanes = core.rows.lanes
    if core.population in network.of_kind(Readouts):
        return steps * (_READOUT_STEP + lanes * _READOUT) + lanes * _BIAS
    signals, in_all = max(len(core.heard), 1), sum(core.heard)
    tile = lanes
    while tile > 8 and tile * in_all > _FEEDBACK_WORDS:
        tile -= 8
    tiles = -(-core.size // tile)
    adapts = "a" in network.populations[core.population].initial_values()
    clopath = core.binary == "eprop_clopath"
    of_cell = _FILTER + _ADAPTATION * adapts + _CLOPATH * clopath + _SIGNAL * in_all \
        + (_SUMMED * signals if signals > 1 else 0)
    return steps * (tiles * (_FILTER_STEP * signals + _SCALED * in_all)
                    + core.n_groups * _FILTER_GROUP + lanes * of_cell)


def _gather(block: RowBlock, spikes: float, visits: float) -> float:
    """Instructions to add the rows of F that spikes meet to a block's gradients."""
    lanes = block.places / block.rows
    if block.sparse:
        return spikes * (_SPIKE_ROW + lanes * _SPIKE_SPARSE) \
            + visits * (_VISIT + lanes * _VISIT_SPARSE)
    return spikes * (_SPIKE_ROW + lanes * _SPIKE_LANE) + visits * _VISIT


def _together(instructions: float, words: float, transferred: float, cores: int) -> float:
    """Microseconds of instructions, words from SDRAM, and bytes by DMA that ``cores`` share.

    A core works while bytes move, but not all the time: the longer of the two counts, and if they
    are as long as each other a quarter more.
    """
    share = _SDRAM_BYTES_PER_US / min(cores, _CORES_OF_CHIP)
    return math.cbrt(_us(instructions, words) ** 3 + (transferred / share) ** 3)


def _us(instructions: float, words: float) -> float:
    return (instructions * _CYCLES + words * _WORD) / _MHZ


def signal_record_us(network: Network, core: Core, logs: Mapping[int, Mapping[str, Log]]) -> float:
    """Time to record the learning signals of cells of a core, at the end of an interval."""
    log = logs.get(core.population, {}).get("learning_signal")
    if not isinstance(log, SampledLog):
        return 0.0
    signals = core.heard
    readouts = sum(signals)
    cells = min(core.size, len(log.cells))
    steps = network.settings.interval_steps or 0
    return steps * _us(_RECORDED_STEP * (1 + len(signals))
                       + cells * (_RECORDED + _RECORDED_SIGNAL * readouts)
                       + _RECORDED_ERROR * readouts, readouts * (1 + cells))


def optimizer_us(rows: Rows, cores: int) -> float:
    """Time of the optimiser's step, in microseconds; ``cores`` as for :func:`backward_us`."""
    plastic = [block for block in rows.blocks if block.kind]
    instructions = sum(block.places * (_SGD if block.kind == 1 else _ADAM) + block.rows * _ROW
                       for block in plastic)
    words = _ROW_WORDS * sum(block.rows for block in plastic if block.sparse)
    transferred = sum(block.places * (2 * state_bytes(block.kind) + 4) for block in plastic)
    return _together(instructions, words, transferred, cores)


def pauses(settings: Settings, times: Sequence[UpdateTime], options: SpinnakerOptions) -> Pauses:
    """The pauses that suffice for all cores.

    With a time_scale_factor a step, and so a pause, lasts for longer than script time says. If
    script time contains the pauses, all are equal, and as given. Raises :class:`SetupError` for a
    pause that is too short, or that is missing there.
    """
    timestep = settings.timestep
    if not times:
        return Pauses(*(options.pause_in_script(timestep),) * 2)
    trial_us = max(time.trial_us for time in times)
    update_us = max(time.update_us for time in times)
    given_ms, step_us = options.pause, timestep * 1000.0 * options.time_scale_factor
    estimated = Pauses(_steps(trial_us, step_us), _steps(max(update_us, trial_us), step_us))
    if given_ms is None:
        if options.machine_time:
            raise SetupError(
                "setup(): machine_time=True with update_interval needs pause=..., which script "
                "time then contains after each interval; an update of this network takes about "
                f"{estimated.update * timestep:g} ms at {_assumed(options)}: give that, or more")
        return estimated
    steps = math.floor(given_ms / timestep + 1e-9)
    if steps < MINIMUM_PAUSE:
        raise SetupError(f"setup(): pause={given_ms:g} ms is too short; an interval is over "
                         f"when {MINIMUM_PAUSE * timestep:g} ms have passed")
    if steps * step_us < update_us + MINIMUM_PAUSE * step_us:
        need = update_us / 1000.0 / options.time_scale_factor + MINIMUM_PAUSE * timestep
        raise SetupError(
            f"setup(): pause={given_ms:g} ms is too short: an update takes about {need:.1f} ms "
            f"at {_assumed(options)}; give a longer pause or a lower max_rate")
    # a longer pause that was asked for helps only if there is work
    same = options.machine_time or trial_us > 0.0
    return Pauses(steps if same else min(steps, estimated.trial), steps)


def _assumed(options: SpinnakerOptions) -> str:
    factor = options.time_scale_factor
    return f"max_rate={options.max_rate:g} Hz" + (
        f" and time_scale_factor={factor:g}" if factor != 1 else "")


def _steps(us: float, step_us: float) -> int:
    return MINIMUM_PAUSE + math.ceil(_MARGIN * us / step_us)
