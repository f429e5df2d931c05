"""Recordings of cores: their channels, memory for them, and the records of a stretch of a run."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pynn_eprop.common.records.logs import Log, LossLog, SampledLog, SpikeLog
from pynn_eprop.common.run.timeline import Timeline
from pynn_eprop.engine.fixed_constants import ENTROPY_LOSS_BITS
from pynn_eprop.errors import SimulationError
from pynn_eprop.fixed.formats import Formats, slope_bits
from pynn_eprop.fixed.numbers import ADAPTATION_BITS, STATE_BITS
from pynn_eprop.models.cells import LIFCells, Readouts
from pynn_eprop.models.network import Network
from pynn_eprop.spinnaker.memory.cells import loss_of
from pynn_eprop.spinnaker.memory.lanes import Part
from pynn_eprop.spinnaker.memory.layout import LOSS_RECORD, SAMPLING, Channel, Loss

CHANNELS = {
    "spikes": Channel.SPIKES, "v": Channel.V, "a": Channel.A, "h": Channel.H,
    "learning_signal": Channel.LEARNING_SIGNAL, "y": Channel.Y, "error": Channel.ERROR,
    "loss": Channel.LOSS,
}
AHEAD = 8
"""Steps beyond the stretch that a core may record."""


def core_period(log: Log, network: Network, pause: int) -> int:
    """The period, in steps, at which a core records for a log.

    A core counts the steps of its own intervals; the log's samples are at multiples of the period
    in this count, too, although script time may have begun earlier and contains ``pause`` steps
    after each interval.
    """
    if not isinstance(log, SampledLog):
        return 1
    return math.gcd(log.every, network.settings.interval_steps or 0, pause)


@dataclass
class Records:
    """Values (records, columns) at script steps (records,); of spikes, columns are cells."""

    steps: np.ndarray
    values: np.ndarray


class RecordingChannels:
    """The channels of a core, for the logs of its population. pause: see :func:`core_period`."""

    def __init__(self, network: Network, part: Part, logs: Mapping[str, Log], pause: int) -> None:
        self._part = part
        self._cells: dict[Channel, np.ndarray] = {}
        self._every: dict[Channel, int] = {}
        for variable, log in logs.items():
            if variable not in CHANNELS:
                continue        # targets are known to the host
            channel = CHANNELS[variable]
            cells = np.asarray(log.cells) - part.first
            if isinstance(log, (SpikeLog, LossLog)):
                cells = np.arange(part.size)
            self._cells[channel] = cells[(cells >= 0) & (cells < part.size)]
            self._every[channel] = core_period(log, network, pause)
        self._words = -(-part.size // 32)

    def region(self) -> bytes:
        """Region SAMPLES."""
        table, numbers = np.zeros(len(Channel), SAMPLING.dtype), []
        first = 0
        for channel, cells in self._cells.items():
            entry = table[int(channel)]
            entry["enabled"], entry["every"] = len(cells) > 0, self._every[channel]
            entry["count"], entry["first"] = len(cells), first
            numbers.append(cells.astype("<u4"))
            first += len(cells)
        return table.tobytes() + b"".join(part.tobytes() for part in numbers)

    def record_bytes(self, channel: Channel) -> int:
        """Bytes of one record."""
        return self._record(channel).itemsize

    def _record(self, channel: Channel) -> np.dtype:
        if channel is Channel.LOSS:
            return LOSS_RECORD.dtype
        if channel is Channel.SPIKES:
            return np.dtype([("step", "<u4"), ("bits", "u1", (4 * self._words,))])
        return np.dtype([("step", "<u4"), ("values", "<i4", (len(self._cells[channel]),))])

    def channel_bytes(self, network: Network, steps: int) -> dict[Channel, int]:
        """Memory of each channel for ``steps`` script steps."""
        interval = network.settings.interval_steps or 1
        sizes = {}
        for channel, cells in self._cells.items():
            records = steps // self._every[channel] + AHEAD
            if channel is Channel.LOSS:
                records = steps // interval + 2
            if channel is Channel.LEARNING_SIGNAL:
                records += interval // self._every[channel]
            sizes[channel] = self.record_bytes(channel) * records if len(cells) else 0
        return sizes

    def decode(self, channel: Channel, data: bytes) -> Records:
        """Records in a channel's bytes: integers at the core's global steps (LOSS: intervals)."""
        kind = self._record(channel)
        records = np.frombuffer(data, kind, len(data) // kind.itemsize)
        if channel is Channel.LOSS:
            return Records(records["interval"].astype(np.int64), records["loss"][:, np.newaxis])
        steps = records["step"].astype(np.int64)
        if channel is Channel.SPIKES:
            bits = np.unpackbits(records["bits"], axis=1, bitorder="little")
            return Records(steps, bits[:, :self._part.size])
        return Records(steps, records["values"])

    def nothing(self, channel: Channel) -> Records:
        """No records."""
        columns = self._part.size if channel is Channel.SPIKES else len(self._cells[channel])
        return Records(np.zeros(0, np.int64), np.zeros((0, columns), np.int64))

    def records(self, channel: Channel) -> bool:
        """Whether the core records the channel."""
        return len(self._cells.get(channel, ())) > 0


def scale_bits(network: Network, formats: Formats, population: int, channel: Channel) -> int:
    """Bits after the point of a channel's integers."""
    if channel is Channel.A:
        return ADAPTATION_BITS
    if channel is Channel.H:
        return slope_bits(network.of_kind(LIFCells)[population])
    if channel is Channel.LEARNING_SIGNAL:
        return formats.signal_bits[population]
    return STATE_BITS


def losses(readouts: Readouts, sums: np.ndarray) -> np.ndarray:
    """Losses of intervals from the sums that cores record."""
    if loss_of(readouts) is Loss.SQUARED:
        return np.asarray(0.5 * np.ldexp(sums.astype(float), -2 * STATE_BITS))
    return np.asarray(np.ldexp(sums.astype(float), -ENTROPY_LOSS_BITS))


def joined(parts: Sequence[Records]) -> Records:
    """The records of all cores side by side; 0 for a core that has none."""
    if len(parts) == 1:
        return Records(parts[0].steps, parts[0].values)
    steps = np.unique(np.concatenate([part.steps for part in parts]))
    columns = []
    for part in parts:
        values = np.zeros((len(steps), part.values.shape[1]), dtype=part.values.dtype)
        values[np.searchsorted(steps, part.steps)] = part.values
        columns.append(values)
    return Records(steps, np.concatenate(columns, axis=1))


def after(earlier: Records | None, records: Records) -> Records:
    """``records``, appended to those that an earlier stretch gave ahead of script time."""
    if earlier is None or not len(earlier.steps):
        return records
    return Records(np.concatenate([earlier.steps, records.steps]),
                   np.concatenate([earlier.values, records.values]))


def split(records: Records, last: int) -> tuple[Records, Records]:
    """Records up to script step ``last``, and those ahead of it."""
    count = int(np.searchsorted(records.steps, last, side="right"))
    return Records(records.steps[:count], records.values[:count]), \
        Records(records.steps[count:], records.values[count:])


def spikes(records: Records, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of some cells as (steps, cells), sorted by step."""
    row, column = np.nonzero(records.values[:, cells])
    return records.steps[row].astype(np.int64), cells[column]


def samples(records: Records, log: SampledLog, last: int, timeline: Timeline,
            label: str) -> np.ndarray:
    """Samples for a log up to script step ``last``, (samples, cells).

    Learning signals come when their interval is over. Integers as float; NaN in pauses. Raises
    :class:`SimulationError` if cores left samples out.
    """
    if log.variable == "learning_signal" and not timeline.starts_interval(last):
        last -= last % timeline.period
    wanted = np.arange(log.first + len(log.values()) * log.every, last + 1, log.every)
    within = timeline.within_intervals(wanted)
    due = records.steps % log.every == 0
    records = Records(records.steps[due], records.values[due])
    expected = wanted[within]
    if not np.array_equal(records.steps, expected):
        missing = np.setdiff1d(expected, records.steps)
        raise SimulationError(f"{label}: the recording of {log.variable} lacks the sample of step "
                              f"{int(missing[0])}; the memory for recordings was too small")
    values = np.full((len(wanted), records.values.shape[1]), np.nan)
    values[within] = records.values
    return values
