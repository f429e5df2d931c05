"""Synapses of a core: blocks of rows in its memory, and the weights and gradients in them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.engine.blocks import DENSE_SHARE
from pynn_eprop.engine.fixed_constants import to_fixed, weight_factor, wire_weights
from pynn_eprop.fixed.formats import Formats, filter_bits
from pynn_eprop.fixed.numbers import MASTER_SHIFT
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers import ScheduledOptimizer
from pynn_eprop.models.optimizers.kernels import KERNELS
from pynn_eprop.spinnaker.memory.lanes import LANES, Part, round_up
from pynn_eprop.spinnaker.memory.layout import ANALOG_SOURCE, BLOCK, STATE_ROW
from pynn_eprop.spinnaker.memory.numbers import Learner

ROW_GROUP = 4
"""The length of sparse rows is filled up to a multiple of this."""


def state_bytes(kind: int) -> int:
    """Learning state of one synapse."""
    return sum(np.dtype(ctype).itemsize for _, ctype in STATE_ROW[kind]) if kind else 0


@dataclass
class RowBlock:
    """The synapses of a projection with one delay onto the cells of one core.

    order: which synapses of the projection. row, lane: where each stands. place: its index among
    all places of the block, row by row. starts: sparse rows' first places, (rows + 1,). lane_of:
    the lane of every place of a sparse block. The offsets are those of layout.BLOCK.
    """

    projection: int
    delay: int
    first_source: int
    rows: int
    sparse: bool
    kind: int
    order: np.ndarray
    row: np.ndarray
    lane: np.ndarray
    place: np.ndarray
    places: int
    multiplicity: int
    starts: np.ndarray | None = None
    lane_of: np.ndarray | None = None
    optimizer: int = 0
    offsets: dict[str, int] = field(default_factory=dict)

    def longest(self, lanes: int) -> int:
        """Most places of a row."""
        if self.starts is None:
            return lanes
        return int(np.max(np.diff(self.starts), initial=0))


class Rows:
    """Region ROWS of one core, and its table of blocks.

    lanes: as in core_setup. sources: number of the first cell of each population that sends.
    values: analog sources, in the order of their numbers. blocks: by ascending delay, those without
    synapses left out. given: weights by projection as they were last given, (synapses of the
    projection,).
    """

    def __init__(self, network: Network, formats: Formats, part: Part,
                 sources: dict[int, int], values: Sequence[int] = ()) -> None:
        self._network, self._formats, self.part = network, formats, part
        self._values = values
        sources = {**sources, **dict.fromkeys(values, ANALOG_SOURCE)}
        self.given: dict[int, np.ndarray] = {}
        found = [block for index, projection in enumerate(network.projections)
                 if projection.post == part.population
                 for block in _blocks(network, index, part, sources)]
        self.blocks = sorted(found, key=lambda block: block.delay)
        sparse = any(block.sparse for block in self.blocks)
        self.lanes = round_up(part.size + sparse, LANES)
        for number, block in enumerate([each for each in self.blocks if each.kind]):
            block.optimizer = number
        self.n_plastic = sum(block.kind != 0 for block in self.blocks)
        self.size = 0
        for block in self.blocks:
            self._finish(block)

    def _finish(self, block: RowBlock) -> None:
        """Sizes and offsets, once the number of lanes is known."""
        if block.starts is None:
            block.place = block.row * self.lanes + block.lane
            block.places = block.rows * self.lanes
            block.offsets["weight"] = self._take(2 * block.places)
            block.offsets["holes"] = 0
            if block.kind and len(block.order) < block.rows * self.part.size:
                block.offsets["holes"] = self._take(4 * block.rows * -(-self.lanes // 32))
        else:
            block.offsets["row_start"] = self._take(4 * len(block.starts))
            block.offsets["weight"] = self._take(4 * block.places)
        block.offsets["state"] = self._take(block.places * state_bytes(block.kind))

    def _take(self, count: int) -> int:
        if self.size == 0:
            self.size = 8      # offset 0 says "none"
        offset, self.size = self.size, self.size + round_up(count, 8)
        return offset

    def begin(self, network: Network) -> None:
        """Take the initial weights of ``network``, whose synapses are the same."""
        self._network, self.given = network, {}

    # --- the table of blocks ---

    @property
    def forward_bytes(self) -> int:
        """Bytes of the longest row of weights."""
        return round_up(max((block.longest(self.lanes) * (4 if block.sparse else 2)
                             for block in self.blocks), default=8), 8)

    @property
    def state_bytes(self) -> int:
        """Bytes of the longest row of learning state."""
        return round_up(max((block.longest(self.lanes) * state_bytes(block.kind)
                             for block in self.blocks), default=8), 8) or 8

    @property
    def synapses(self) -> int:
        """Number of places in all blocks."""
        return sum(block.places for block in self.blocks)

    def table(self) -> np.ndarray:
        """Region BLOCKS."""
        table = np.zeros(len(self.blocks), BLOCK.dtype)
        for entry, block in zip(table, self.blocks, strict=True):
            projection = self._network.projections[block.projection]
            factor = weight_factor(self._formats, block.projection)
            entry["first_source"], entry["rows"] = block.first_source, block.rows
            entry["delay"], entry["sparse"] = block.delay, block.sparse
            entry["kind"], entry["optimizer"] = block.kind, block.optimizer
            entry["bounded"] = bool(np.isfinite(projection.w_min) or np.isfinite(projection.w_max))
            entry["factor"], entry["share"] = factor, factor * block.multiplicity
            if projection.pre in self._values:
                bits = self._formats.signal_bits[projection.pre]
                entry["analog"] = 1 + self._values.index(projection.pre)
                entry["value_bits"] = bits
                entry["arrival_bits"] = self._formats.weight_bits[block.projection] + bits
            for name, offset in block.offsets.items():
                entry[name] = offset
        return table

    def learners(self) -> list[Learner]:
        """Optimisers of the plastic blocks, in the order of their constants."""
        return [learner(self._network, self._formats, block.projection)
                for block in self.blocks if block.kind]

    # --- contents ---

    def initial(self) -> bytearray:
        """The region as a core begins with it."""
        data = bytearray(self.size)
        for block in self.blocks:
            if block.starts is not None and block.lane_of is not None:
                _put(data, block.offsets["row_start"], block.starts.astype("<u4"))
                words = block.lane_of.astype(np.uint32) << 16
                _put(data, block.offsets["weight"], words.astype("<u4"))
            elif block.offsets["holes"]:
                _put(data, block.offsets["holes"], self._holes(block))
        for index in {block.projection for block in self.blocks}:
            self._put_weights(data, index, np.asarray(self._network.projections[index].weight))
        return data

    def _holes(self, block: RowBlock) -> np.ndarray:
        missing = np.zeros((block.rows, 32 * -(-self.lanes // 32)), dtype=bool)
        missing[:, :self.part.size] = True
        missing[block.row, block.lane] = False
        return np.packbits(missing, axis=1, bitorder="little").view("<u4")

    def put_weights(self, data: bytearray, projection: int, weight: np.ndarray) -> None:
        """Write weights of a projection, (synapses,), and their masters."""
        self.given[projection] = np.array(weight, dtype=float)
        self._put_weights(data, projection, weight)

    def _put_weights(self, data: bytearray, projection: int, weight: np.ndarray) -> None:
        bits = self._formats.weight_bits[projection] + MASTER_SHIFT
        for block in self._of(projection):
            master = to_fixed(np.asarray(weight, dtype=float)[block.order], bits)
            wire = wire_weights(master)
            offset = block.offsets["weight"]
            if block.sparse:
                words = np.frombuffer(data, "<u4", block.places, offset).copy()
                words[block.place] = (words[block.place] & 0xffff0000) | wire.view(np.uint16)
            else:
                words = np.frombuffer(data, "<i2", block.places, offset).copy()
                words[block.place] = wire
            _put(data, offset, words)
            if block.kind:
                masters = self._view(data, block, "master")
                masters[self._at(block, "master")] = master

    def weights(self, data: bytes, projection: int, out: np.ndarray) -> None:
        """Read weights into ``out``, (synapses of the projection,)."""
        bits = self._formats.weight_bits[projection] + MASTER_SHIFT
        for block in self._of(projection):
            if block.kind:
                values = self._view(data, block, "master")[self._at(block, "master")]
            else:
                values = self._static(data, block, bits)
            out[block.order] = np.ldexp(values.astype(float), -bits)

    def _static(self, data: bytes, block: RowBlock, bits: int) -> np.ndarray:
        """Masters of weights that do not learn: as they were given, if memory holds those."""
        given = self.given.get(block.projection,
                                self._network.projections[block.projection].weight)
        master = to_fixed(np.asarray(given, dtype=float)[block.order], bits)
        ctype = "<u4" if block.sparse else "<i2"
        held = np.frombuffer(data, ctype, block.places, block.offsets["weight"])[block.place]
        held = held.astype(np.uint16).view(np.int16)
        return np.where(wire_weights(master) == held, master, held.astype(np.int32) << 16)

    def gradient(self, data: bytes, projection: int, bits: int, out: np.ndarray) -> None:
        """Read gradients of the last update into ``out``; ``bits`` after their point."""
        for block in self._of(projection):
            values = self._view(data, block, "gradient")[self._at(block, "gradient")]
            out[block.order] = np.ldexp(values.astype(float), -bits)

    def weight_offset(self, block: RowBlock, synapses: np.ndarray) -> np.ndarray:
        """Offsets of the wire weights of some of the block's synapses in the region."""
        return block.offsets["weight"] + block.place[synapses] * (4 if block.sparse else 2)

    def _of(self, projection: int) -> Sequence[RowBlock]:
        return [block for block in self.blocks if block.projection == projection]

    def _view(self, data: bytes | bytearray, block: RowBlock, name: str) -> np.ndarray:
        """The block's learning state as an array of a field's type."""
        ctype = dict(STATE_ROW[block.kind])[name]
        count = block.places * state_bytes(block.kind) // np.dtype(ctype).itemsize
        return np.frombuffer(data, ctype, count, block.offsets["state"])

    def _at(self, block: RowBlock, name: str) -> np.ndarray:
        """Indices of a field of the block's synapses in :meth:`_view`."""
        before = 0
        for other, ctype in STATE_ROW[block.kind]:
            size = np.dtype(ctype).itemsize
            if other == name:
                break
            before += size
        per_place = state_bytes(block.kind)
        if block.starts is None:
            first, count = block.row * self.lanes, np.full(len(block.row), self.lanes)
        else:
            first = block.starts[block.row]
            count = block.starts[block.row + 1] - first
        offset = first * per_place + count * before + (block.place - first) * size
        return np.asarray(offset // size)


def learner(network: Network, formats: Formats, projection: int) -> Learner:
    """The optimiser of a plastic projection with its formats."""
    described = network.projections[projection]
    assert isinstance(described.optimizer, ScheduledOptimizer)
    return Learner(described.optimizer, described.w_min, described.w_max,
                   formats.weight_bits[projection] + MASTER_SHIFT,
                   filter_bits(network, formats, described.post))


def _put(data: bytearray, offset: int, values: np.ndarray) -> None:
    raw = values.tobytes()
    data[offset:offset + len(raw)] = raw


def _blocks(network: Network, index: int, part: Part, sources: dict[int, int]) -> list[RowBlock]:
    projection = network.projections[index]
    post = np.asarray(projection.post_index)
    here = np.flatnonzero((post >= part.first) & (post < part.first + part.size))
    delays = np.broadcast_to(np.asarray(projection.delay), post.shape)
    kind = 0
    if projection.optimizer is not None and network.settings.interval_steps is not None:
        kind = KERNELS[type(projection.optimizer)]
    found = []
    for delay in np.unique(delays[here]):
        order = here[delays[here] == delay]
        found.append(_block(network, index, int(delay), kind, order, part, sources))
    return found


def _block(network: Network, index: int, delay: int, kind: int, order: np.ndarray, part: Part,
           sources: dict[int, int]) -> RowBlock:
    projection = network.projections[index]
    rows = network.populations[projection.pre].size
    row = np.asarray(projection.pre_index)[order].astype(np.int64)
    lane = np.asarray(projection.post_index)[order].astype(np.int64) - part.first
    pair = row * part.size + lane
    if np.any(pair[1:] < pair[:-1]):
        by_pair = np.argsort(pair, kind="stable")
        order, row, lane, pair = order[by_pair], row[by_pair], lane[by_pair], pair[by_pair]
    repeated = np.flatnonzero(np.diff(pair) != 0)
    runs = np.diff(np.concatenate([[-1], repeated, [len(pair) - 1]]))
    multiplicity = int(np.max(runs, initial=1))
    common = {"projection": index, "delay": delay, "first_source": sources[projection.pre],
              "rows": rows, "kind": kind, "order": order, "row": row, "lane": lane,
              "multiplicity": multiplicity}
    if multiplicity == 1 and len(pair) >= DENSE_SHARE * rows * part.size:
        return RowBlock(sparse=False, place=pair, places=0, **common)
    counts = np.bincount(row, minlength=rows)
    starts = np.concatenate([[0], np.cumsum(-(-counts // ROW_GROUP) * ROW_GROUP)])
    first = np.concatenate([[0], np.cumsum(counts)])
    place = starts[row] + np.arange(len(row)) - first[row]
    # places that are filled up lead to the last lane, which is no cell
    lane_of = np.full(starts[-1], round_up(part.size + 1, LANES) - 1)
    lane_of[place] = lane
    return RowBlock(sparse=True, place=place, places=int(starts[-1]), starts=starts,
                    lane_of=lane_of, **common)
