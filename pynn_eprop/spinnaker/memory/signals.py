"""Region SIGNALS: feedback weights of cells, and the weights that readouts send to them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pynn_eprop.engine.fixed_constants import (
    feedback_shift,
    feedback_unit,
    to_decay,
    to_fixed,
    wire_weights,
)
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.fixed.formats import Formats
from pynn_eprop.fixed.numbers import MASTER_SHIFT
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import (
    LearningSignal,
    Network,
    SymmetricFeedback,
    WindowedFeedback,
)
from pynn_eprop.models.time_grid import decay
from pynn_eprop.spinnaker.memory.cells import loss_of
from pynn_eprop.spinnaker.memory.lanes import Part, round_up
from pynn_eprop.spinnaker.memory.layout import MIRROR_ROW, SIGNAL
from pynn_eprop.spinnaker.memory.rows import Rows


@dataclass(frozen=True)
class Mirrored:
    """The forward weights that a readout population sends, in the order of sending.

    signal: index of the learning signal that each is for. cell, readout: its place in B. offset:
    where it lies in ROWS of the readouts' core. synapse: of the forward projection.
    """

    signal: np.ndarray
    cell: np.ndarray
    readout: np.ndarray
    offset: np.ndarray
    synapse: np.ndarray

    def __len__(self) -> int:
        return len(self.signal)


def check_signals(network: Network) -> None:
    """Raise :class:`UnsupportedError` for two signals with the same ends: they would share keys."""
    ends = [(signal.source, signal.target) for signal in network.learning_signals]
    for signal, end in zip(network.learning_signals, ends, strict=True):
        if ends.count(end) > 1:
            raise UnsupportedError(f"{signal.label}: several learning signals lead from the same "
                                   "readouts to the same cells; on SpiNNaker one can, so add up "
                                   "their weights")


def mirrored(network: Network, readouts: int, rows: Rows) -> Mirrored:
    """The weights that the core of a readout population sends to symmetric signals.

    None without intervals: nothing learns, and no learning signal is recorded.
    """
    parts: dict[str, list[np.ndarray]] = {name: [] for name in (
        "signal", "cell", "readout", "offset", "synapse")}
    for index, signal in enumerate(network.learning_signals):
        if signal.source != readouts or not isinstance(signal.feedback, SymmetricFeedback) \
                or network.settings.interval_steps is None:
            continue
        for block in rows.blocks:
            if block.projection == signal.feedback.projection:
                every = np.arange(len(block.order))
                parts["signal"].append(np.full(len(every), index))
                parts["cell"].append(block.row)
                parts["readout"].append(block.lane)
                parts["offset"].append(rows.weight_offset(block, every))
                parts["synapse"].append(block.order)
    joined = {name: np.concatenate([np.zeros(0, np.int64), *arrays]).astype(np.int64)
              for name, arrays in parts.items()}
    # equal places next to each other
    order = np.lexsort((joined["readout"], joined["cell"], joined["signal"]))
    return Mirrored(**{name: array[order] for name, array in joined.items()})


def mirror_region(sent: Mirrored) -> bytes:
    """Region SIGNALS of a readouts' core."""
    table = np.zeros(len(sent), MIRROR_ROW.dtype)
    table["weight"] = sent.offset
    return table.tobytes()


def incoming(network: Network, population: int) -> list[int]:
    """Indices of the learning signals that reach a population, in the order of SIGNALS."""
    return [index for index, signal in enumerate(network.learning_signals)
            if signal.target == population]


def heard_of(signal: LearningSignal, part: Part, readouts: int) -> tuple[int, int]:
    """The first readout that reaches cells of a core, and how many up to the last one.

    At least one, as sPyNNaker cannot route an edge that reaches no core. With symmetric feedback,
    whose weights come later, it is all of them.
    """
    if isinstance(signal.feedback, SymmetricFeedback):
        return 0, readouts
    weight = np.asarray(signal.feedback.weight)[..., part.first:part.first + part.size, :]
    reaching = np.flatnonzero(weight.reshape(-1, readouts).any(axis=0))
    if not len(reaching):
        return 0, 1
    return int(reaching[0]), int(reaching[-1] - reaching[0] + 1)


class SignalsImage:
    """Region SIGNALS of a core of cells. ``sent``: mirrored weights by readout population."""

    def __init__(self, network: Network, formats: Formats, part: Part, lanes: int,
                 sent: dict[int, Mirrored]) -> None:
        self._network, self._formats, self._part = network, formats, part
        self._lanes, self._sent = lanes, sent
        self.signals = incoming(network, part.population)
        self.heard = [heard_of(network.learning_signals[index], part,
                               network.populations[network.learning_signals[index].source].size)
                      for index in self.signals]
        self._offsets, size = [], len(self.signals) * SIGNAL.dtype.itemsize
        for index, (_, count) in zip(self.signals, self.heard, strict=True):
            signal = network.learning_signals[index]
            windows = signal.feedback.weight.shape[0] \
                if isinstance(signal.feedback, WindowedFeedback) else 1
            places = len(sent[signal.source]) if isinstance(signal.feedback, SymmetricFeedback) \
                else 0
            feedback = round_up(size, 8)
            mirrored_at = feedback + 4 * windows * lanes * count
            self._offsets.append((feedback, mirrored_at))
            size = mirrored_at + 4 * places
        self.size = round_up(size, 8)

    def hears(self, readouts: Sequence[int]) -> bool:
        """Whether signals of some populations reach the core."""
        return any(self._network.learning_signals[index].source in readouts
                   for index in self.signals)

    def hears_of(self, readouts: int, part: range) -> bool:
        """Whether signals of some of a population's readouts reach the core."""
        return any(self._network.learning_signals[index].source == readouts
                   and first < part.stop and part.start < first + count
                   for index, (first, count) in zip(self.signals, self.heard, strict=True))

    def change(self, network: Network) -> None:
        """Take the parameters of ``network``, whose learning signals are the same."""
        self._network = network

    def constants(self) -> bytes:
        """The parameters, with which the region begins; feedback weights are behind them."""
        return self.region()[:len(self.signals) * SIGNAL.dtype.itemsize]

    def region(self) -> bytes:
        """The region's bytes; symmetric feedback begins with the initial weights."""
        data = bytearray(self.size)
        table = np.zeros(len(self.signals), SIGNAL.dtype)
        for entry, index, (first, count), (feedback, mirrored_at) in zip(
                table, self.signals, self.heard, self._offsets, strict=True):
            signal = self._network.learning_signals[index]
            source = self._network.of_kind(Readouts)[signal.source]
            entry["readouts"], entry["first"] = count, first
            if loss_of(source):
                entry["kappa"] = to_decay(decay(self._network.settings.timestep, source.tau_m))
            entry["shift"] = feedback_shift(self._formats, index, signal.target)
            entry["windows"], entry["window_steps"] = 1, 1
            entry["feedback"] = feedback
            chosen = slice(self._part.first, self._part.first + self._part.size)
            if isinstance(signal.feedback, SymmetricFeedback):
                entry["unit"] = self._unit(index)
                entry["mirrored"] = mirrored_at
                matrix = self._symmetric(index)[np.newaxis, chosen]
                _put(data, mirrored_at, self._places(index))
            else:
                weight = np.asarray(signal.feedback.weight, dtype=float)
                if isinstance(signal.feedback, WindowedFeedback):
                    entry["windows"] = len(weight)
                    entry["window_steps"] = signal.feedback.window_steps
                else:
                    weight = weight[np.newaxis]
                matrix = to_fixed(weight[:, chosen], self._formats.feedback_bits[index])
            full = np.zeros((len(matrix), self._lanes, count), "<i4")
            full[:, :self._part.size] = matrix[:, :, first:first + count]
            _put(data, feedback, full)
        _put(data, 0, table)
        return bytes(data)

    def _unit(self, index: int) -> int:
        feedback = self._network.learning_signals[index].feedback
        assert isinstance(feedback, SymmetricFeedback)
        return feedback_unit(self._formats, index, feedback.projection)

    def _symmetric(self, index: int) -> np.ndarray:
        """B of a symmetric signal from the initial weights, (cells, readouts)."""
        signal = self._network.learning_signals[index]
        assert isinstance(signal.feedback, SymmetricFeedback)
        forward = self._network.projections[signal.feedback.projection]
        bits = self._formats.weight_bits[signal.feedback.projection] + MASTER_SHIFT
        wire = wire_weights(to_fixed(forward.weight, bits)).astype(np.int64)
        matrix = np.zeros((self._network.populations[signal.target].size,
                           self._network.populations[signal.source].size), np.int64)
        np.add.at(matrix, (forward.pre_index, forward.post_index), self._unit(index) * wire)
        return matrix

    def _places(self, index: int) -> np.ndarray:
        """For each weight that is sent: place in B << 1 | whether it is the first there, or -1."""
        signal = self._network.learning_signals[index]
        sent = self._sent[signal.source]
        readouts = self._network.populations[signal.source].size
        cell = sent.cell - self._part.first
        here = (sent.signal == index) & (cell >= 0) & (cell < self._part.size)
        place = cell * readouts + sent.readout
        first = np.ones(len(place), dtype=bool)
        first[1:] = (place[1:] != place[:-1]) | (sent.signal[1:] != sent.signal[:-1])
        return np.where(here, place << 1 | first, -1).astype("<i4")


def _put(data: bytearray, offset: int, values: np.ndarray) -> None:
    raw = values.tobytes()
    data[offset:offset + len(raw)] = raw
