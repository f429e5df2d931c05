"""Region TALLIES: what a core sent and heard until the ends of intervals, and its marks."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.spinnaker.memory.layout import MARK, TALLY, Provenance, Tally

MOST_BYTES = 256 * 1024
"""Memory for a core's rows at most; with more intervals than rows, a row is as of several."""
_WORDS = TALLY.dtype.itemsize // 4
PAIR = np.zeros(2, np.uint32)
"""A tally as an array: how many, and the sum of their marks, both modulo 2^32."""


def marks(packets: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Marks of packets, uint32. packets: base key and number of each; see ``layout.TALLY``."""
    x = (packets.astype(np.uint64) + steps.astype(np.uint64) * np.uint64(MARK)) & 0xFFFFFFFF
    return ((x * x) & 0xFFFFFFFF).astype(np.uint32)


def tally(packets: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """The tally (2,) of packets."""
    total = int(np.sum(marks(packets, steps), dtype=np.uint64)) & 0xFFFFFFFF
    return np.array([len(packets), total], np.uint32)


def sums(provenance: np.ndarray) -> np.ndarray:
    """The tallies of a core's provenance, (6, 2): two of what it sent, and four by ``KeyKind``."""
    return provenance[Provenance.SENT:Provenance.WEIGHTS_HEARD_SUM + 1].astype(
        np.uint32).reshape(-1, 2)


def row_bytes(n_keys: int) -> int:
    """Bytes of a row."""
    return 4 * _WORDS * (Tally.HEARD + n_keys)


def region_bytes(most_keys: int, intervals: int) -> int:
    """Bytes of the region, for that many key blocks and intervals between two stops at most."""
    return max(min(MOST_BYTES, intervals * row_bytes(most_keys)), row_bytes(most_keys))


@dataclass(frozen=True)
class Rows:
    """The rows of a core's region. count: how many fit. shift: 2^shift intervals belong to one."""

    n_keys: int
    count: int
    shift: int

    @classmethod
    def that_fit(cls, n_keys: int, size: int, intervals: int) -> "Rows":
        """The rows of a region of ``size`` bytes for a number of intervals between two stops."""
        count = size // row_bytes(n_keys)
        shift = 0
        while intervals - 1 >> shift >= count:
            shift += 1
        return cls(n_keys, count, shift)

    def bytes_of(self, intervals: int) -> int:
        """Bytes of the rows of the first ``intervals`` intervals of a run."""
        return row_bytes(self.n_keys) * self.row(intervals - 1) + row_bytes(self.n_keys)

    def row(self, interval: int) -> int:
        """The row of an interval of a run, counted from 0."""
        return interval >> self.shift

    def read(self, data: bytes) -> np.ndarray:
        """Tallies in the bytes of rows, (rows, Tally.HEARD + n_keys, 2)."""
        return np.frombuffer(data, "<u4").reshape(-1, Tally.HEARD + self.n_keys, 2)
