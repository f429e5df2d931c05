"""Recording channels of a core: which cells, how much memory, and what the bytes mean."""

import math
from collections.abc import Mapping

import numpy as np

from pynn_eprop.common.recordings import Log, LossLog, SampledLog, SpikeLog
from pynn_eprop.engine.fixed_constants import ENTROPY_LOSS_BITS
from pynn_eprop.fixed.formats import Formats, slope_bits
from pynn_eprop.fixed.numbers import ADAPTATION_BITS, STATE_BITS
from pynn_eprop.models.network import Network, Readouts, SpikingCells
from pynn_eprop.spinnaker.image_cells import loss_of
from pynn_eprop.spinnaker.layout import LOSS_RECORD, SAMPLING, Channel, Loss
from pynn_eprop.spinnaker.partition import Part
from pynn_eprop.spinnaker.takings import Rows

CHANNELS = {
    "spikes": Channel.SPIKES, "v": Channel.V, "a": Channel.A, "h": Channel.H,
    "learning_signal": Channel.LEARNING_SIGNAL, "y": Channel.Y, "error": Channel.ERROR,
    "loss": Channel.LOSS,
}
AHEAD = 8
"""Steps that a core may have recorded beyond the stretch."""


def core_period(log: Log, network: Network, pause: int) -> int:
    """Every how many steps a core records what a log wants.

    A core counts steps of its own intervals; multiples of what is returned are there what they are
    in script time, which may begin at a later interval, and contains ``pause`` steps after each.
    """
    if not isinstance(log, SampledLog):
        return 1
    return math.gcd(log.every, network.settings.interval_steps or 0, pause)


class Samples:
    """What a core records, from the logs of its population. pause: see :func:`core_period`."""

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

    def decode(self, channel: Channel, data: bytes) -> Rows:
        """Records as rows: core's global steps (of LOSS: intervals), and integers."""
        kind = self._record(channel)
        records = np.frombuffer(data, kind, len(data) // kind.itemsize)
        if channel is Channel.LOSS:
            return Rows(records["interval"].astype(np.int64), records["loss"][:, np.newaxis])
        steps = records["step"].astype(np.int64)
        if channel is Channel.SPIKES:
            bits = np.unpackbits(records["bits"], axis=1, bitorder="little")
            return Rows(steps, bits[:, :self._part.size])
        return Rows(steps, records["values"])

    def nothing(self, channel: Channel) -> Rows:
        """No records."""
        columns = self._part.size if channel is Channel.SPIKES else len(self._cells[channel])
        return Rows(np.zeros(0, np.int64), np.zeros((0, columns), np.int64))

    def records(self, channel: Channel) -> bool:
        """Whether the core records the channel."""
        return len(self._cells.get(channel, ())) > 0


def scale_bits(network: Network, formats: Formats, population: int, channel: Channel) -> int:
    """Bits after the point of a channel's integers."""
    described = network.populations[population]
    if channel is Channel.A:
        return ADAPTATION_BITS
    if channel is Channel.H:
        assert isinstance(described, SpikingCells)
        return slope_bits(described)
    if channel is Channel.LEARNING_SIGNAL:
        return formats.signal_bits[population]
    return STATE_BITS


def losses(readouts: Readouts, sums: np.ndarray) -> np.ndarray:
    """Losses of intervals from the sums that cores record."""
    if loss_of(readouts) is Loss.SQUARED:
        return np.asarray(0.5 * np.ldexp(sums.astype(float), -2 * STATE_BITS))
    return np.asarray(np.ldexp(sums.astype(float), -ENTROPY_LOSS_BITS))
