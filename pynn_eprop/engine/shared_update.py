"""The end of an update whose trials several processes have run, each its own, on an engine.

A gradient is one chain of additions: trial by trial, within a trial spike by spike. Process r goes
on with the chains where process r - 1 has ended, piece by piece, so that the others work on other
pieces meanwhile. The additions and their order, and so all bits of the sum, are those of one
process with all trials.
"""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Protocol

import numpy as np

from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.engine.variables import check
from pynn_eprop.models.cells import AnalogSources, Readouts, SpikingCells
from pynn_eprop.models.network import Network

_PIECES = 4                     # for each process, so that few wait for the first piece
_SMALLEST, _LARGEST = 2 ** 12, 2 ** 24      # synapses of a piece


class Chain(Protocol):
    """The processes that go on with a sum one after the other."""

    rank: int
    size: int

    def total(self, counts: np.ndarray) -> np.ndarray:
        """The sum of all processes' counts."""
        ...

    def receive(self, buffer: np.ndarray) -> None:
        """Fill a buffer with that of the process before."""
        ...

    def send(self, buffer: np.ndarray) -> Any:
        """Begin to send a buffer to the process after."""
        ...

    def sent(self, requests: list[Any]) -> None:
        """Wait until buffers are sent."""
        ...

    def broadcast(self, buffer: np.ndarray, root: int) -> None:
        """Fill the buffers of all with that of one process."""
        ...


def sum_gradients(engine: Any, network: Network, blocks: list[tuple[int, int, int]],
                  chain: Chain, steps: int, trials: int) -> None:
    """Turn the trials that wait in each process' engine into the gradients of the update.

    blocks: (number, presynaptic population, synapses) of those that learn. steps x trials: the
    steps of all trials of the update, with trials 1 if some are shorter than the others.
    """
    sizes = [population.size + 1 for population in network.of_kind(SpikingCells).values()]
    counts = np.zeros(max(sum(sizes), 1), dtype=np.int64)
    check(lib.eprop_share_counts(engine, ffi.from_buffer("int64_t[]", counts)))
    counts = chain.total(counts)
    check(lib.eprop_share_begin(engine, steps, trials, ffi.from_buffer("int64_t[]", counts)))
    buffers, requests = [], []
    for buffer, add in _sums(engine, network, blocks, chain.size):
        if chain.rank == 0:
            buffer[:] = 0
        else:
            chain.receive(buffer)
        add()
        if chain.rank < chain.size - 1:
            requests.append(chain.send(buffer))
        buffers.append(buffer)
    chain.sent(requests)
    for buffer in buffers:
        chain.broadcast(buffer, chain.size - 1)
    check(lib.eprop_share_end(engine))


def _sums(engine: Any, network: Network, blocks: list[tuple[int, int, int]], processes: int
          ) -> Iterator[tuple[np.ndarray, Callable[[], None]]]:
    """The memory of each piece of the sums, and what adds the engine's own trials to it."""
    synapses = sum(size for _, _, size in blocks)
    piece = min(max(synapses // (_PIECES * processes), _SMALLEST), _LARGEST)
    for block, pre, size in blocks:
        rows = network.populations[pre].size
        whole = isinstance(network.populations[pre], AnalogSources)
        count = rows if whole else max(min(rows * piece // max(size, 1), rows), 1)
        for first in range(0, rows, count):
            taken = min(count, rows - first)
            buffer = _memory(lib.eprop_share_rows, engine, block, first, taken)
            if len(buffer):
                yield buffer, partial(_add, lib.eprop_share_add, engine, block, first, taken)
    for index in network.of_kind(Readouts):
        buffer = _memory(lib.eprop_share_biases, engine, index)
        if len(buffer):
            yield buffer, partial(_add, lib.eprop_share_add_biases, engine, index)


def _add(add: Any, engine: Any, *where: int) -> None:
    check(add(engine, *where))


def _memory(find: Any, engine: Any, *where: int) -> np.ndarray:
    """Memory of the engine as bytes."""
    data, size = ffi.new("void **"), ffi.new("int64_t *")
    check(find(engine, *where, data, size))
    return np.frombuffer(ffi.buffer(data[0], size[0]), np.uint8) if size[0] \
        else np.zeros(0, np.uint8)
