"""Synapses of a projection as the engine stores them: blocks of one delay, dense or sparse."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.models.network import Projection

DENSE_SHARE = 0.25
"""A block with at least this share of all pairs connected is stored as a matrix."""


@dataclass(frozen=True)
class Block:
    """Part of a projection whose synapses share a delay.

    order: which synapses of the projection these are, in the order of ``position``.
    position: the place of each in the engine's array: (pre, post) row by row if dense, else the
    compressed rows. size: length of that array.
    row_start, column: compressed rows of the synapses (sparse) or of the missing pairs (dense).
    """

    delay: int
    dense: bool
    order: np.ndarray
    position: np.ndarray
    size: int
    row_start: np.ndarray
    column: np.ndarray

    def pack(self, values: np.ndarray) -> np.ndarray:
        """Values of the projection's synapses, as the engine's array."""
        out = np.zeros(self.size)
        out[self.position] = values[self.order]
        return out

    def unpack(self, array: np.ndarray, out: np.ndarray) -> None:
        """Write the engine's array to the projection's synapses in ``out``."""
        out[self.order] = array[self.position]


def _row_start(rows: np.ndarray, n_rows: int) -> np.ndarray:
    return np.concatenate(([0], np.cumsum(np.bincount(rows, minlength=n_rows)))).astype(np.int64)


def _block(delay: int, order: np.ndarray, pre: np.ndarray, post: np.ndarray, n_pre: int,
           n_post: int) -> Block:
    pair = pre.astype(np.int64) * n_post + post
    if len(pair) >= DENSE_SHARE * n_pre * n_post:
        connected = np.zeros(n_pre * n_post, dtype=bool)
        connected[pair] = True
        if np.count_nonzero(connected) == len(pair):  # no pair twice
            missing = np.flatnonzero(~connected)
            return Block(delay, True, order, pair, n_pre * n_post,
                         _row_start(missing // n_post, n_pre),
                         (missing % n_post).astype(np.int32))
    if np.any(pair[1:] < pair[:-1]):
        by_pair = np.argsort(pair, kind="stable")
        order, pre, post = order[by_pair], pre[by_pair], post[by_pair]
    return Block(delay, False, order, np.arange(len(pair)), len(pair), _row_start(pre, n_pre),
                 post.astype(np.int32))


def split(projection: Projection, n_pre: int, n_post: int) -> list[Block]:
    """The blocks of a projection, by ascending delay."""
    delay = np.asarray(projection.delay)
    blocks = []
    for value in np.unique(delay):
        order = np.flatnonzero(delay == value)
        blocks.append(_block(int(value), order, np.asarray(projection.pre_index)[order],
                             np.asarray(projection.post_index)[order], n_pre, n_post))
    return blocks
