"""Synapses of a projection as the engine stores them: blocks of one delay, dense or sparse."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.models.network import Projection
from pynn_eprop.models.pairs import is_sorted

DENSE_SHARE = 0.25
"""A block with at least this share of all pairs connected is stored as a matrix."""


@dataclass(frozen=True)
class Block:
    """Part of a projection whose synapses share a delay.

    order: which synapses of the projection these are, in the order of the array or of ``pairs``;
    None for all, in their order.
    size: length of the engine's array: (pre, post) row by row if dense, else the compressed rows.
    pairs: of a dense block with missing pairs, pre and post index of each; None if the synapses are
    the whole array.
    row_start, column: compressed rows of the synapses (sparse) or of the missing pairs (dense).
    """

    delay: int
    dense: bool
    order: np.ndarray | None
    size: int
    pairs: tuple[np.ndarray, np.ndarray] | None
    row_start: np.ndarray
    column: np.ndarray

    def pack(self, values: np.ndarray) -> np.ndarray:
        """Values of the projection's synapses, as the engine's array; no copy if they are that."""
        own = values if self.order is None else values[self.order]
        if self.pairs is None:
            return own
        out = np.zeros(self.size)
        self._matrix(out)[self.pairs] = own
        return out

    def _matrix(self, array: np.ndarray) -> np.ndarray:
        """A dense block's array as (pre, post)."""
        return array.reshape(len(self.row_start) - 1, -1)

    def unpack(self, array: np.ndarray, out: np.ndarray) -> None:
        """Write the engine's array to the projection's synapses in ``out``."""
        own = array if self.pairs is None else self._matrix(array)[self.pairs]
        if self.order is None:
            out[:] = own
        else:
            out[self.order] = own


def _row_start(rows: np.ndarray, n_rows: int) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n_rows)))).astype(np.int64)


def _block(delay: int, order: np.ndarray | None, pre: np.ndarray, post: np.ndarray, n_pre: int,
           n_post: int) -> Block:
    if len(pre) >= DENSE_SHARE * n_pre * n_post:
        missing = np.ones((n_pre, n_post), dtype=bool)
        missing[pre, post] = False
        rows, columns = np.nonzero(missing)
        if missing.size - len(rows) == len(pre):  # no pair twice
            pairs = (pre, post) if len(rows) or not is_sorted(pre, post) else None
            return Block(delay, True, order, missing.size, pairs, _row_start(rows, n_pre),
                         columns.astype(np.int32))
    if not is_sorted(pre, post):
        by_pair = np.lexsort((post, pre))
        order = by_pair if order is None else order[by_pair]
        pre, post = pre[by_pair], post[by_pair]
    return Block(delay, False, order, len(pre), None, _row_start(pre, n_pre),
                 post.astype(np.int32, copy=False))


def split(projection: Projection, n_pre: int, n_post: int) -> list[Block]:
    """The blocks of a projection, by ascending delay."""
    pre, post = np.asarray(projection.pre_index), np.asarray(projection.post_index)
    delay = np.asarray(projection.delay)
    values = delay[:1] if delay.strides == (0,) else np.unique(delay)
    if len(values) == 1:
        return [_block(int(values[0]), None, pre, post, n_pre, n_post)]
    blocks = []
    for value in values:
        order = np.flatnonzero(delay == value)
        blocks.append(_block(int(value), order, pre[order], post[order], n_pre, n_post))
    return blocks
