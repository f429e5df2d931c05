"""Partners drawn without a look at all that are possible, for projections of very many pairs.

PyNN shuffles all possible partners of each cell, or draws a number for each pair: the time is that
of the pairs. Here it is that of the connections: a cell's partners are drawn one by one, and drawn
again if it has them already, until it has its number of different ones. Each set of so many
partners is as likely as any other, as after a shuffle.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from pyNN.random import AbstractRNG

MANY_PAIRS = 100_000_000
"""Projections with more pairs of cells than this draw without looking at each pair."""

BLOCK = 4_000_000      # connections, or random numbers, at a time


def draws_sparsely(n_pre: int, n_post: int, most: float, possible: int) -> bool:
    """Whether a projection is drawn here: one of many pairs, whose cells have few of the partners.

    ``most``: the most partners of a cell. With more than half of the ``possible`` ones, shuffles
    cost little more than the connections do.
    """
    return n_pre * n_post > MANY_PAIRS and 2 * most <= possible


def sparse_pairs(numbers: np.ndarray, partners: int, own: np.ndarray, rng: AbstractRNG,
                 n_post: int, owners_are_post: bool,
                 callback: Callable[[float], Any] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Pre and post indices, int32, sorted by pre, then post, of connections drawn at random.

    numbers: of different partners of each owner, the cells on one side. partners: how many cells
    there are on the other side. own: the partner that is the owner itself and is not drawn, or -1.
    callback: is given the share that is done, the last half of which is sorting.
    """
    def keys(owner: np.ndarray) -> np.ndarray:
        """One pair for each of these owners as pre n_post + post, without self-connections."""
        drawn = rng.next(len(owner), "uniform_int", {"low": 0, "high": partners})
        partner = np.asarray(drawn, dtype=np.int64)
        allowed = partner != own[owner]
        if not np.all(allowed):
            owner, partner = owner[allowed], partner[allowed]
        return partner * n_post + owner if owners_are_post else owner * np.int64(n_post) + partner

    def owners(made: np.ndarray) -> np.ndarray:
        return made % n_post if owners_are_post else made // n_post

    found = _different(_drawn(numbers, keys, callback))
    missing = numbers - _counts(found, owners, len(numbers))
    while np.any(missing):
        more = _different(_drawn(missing, keys))
        place = np.searchsorted(found, more)
        is_new = found[np.minimum(place, len(found) - 1)] != more if len(found) else place == 0
        found = np.insert(found, place[is_new], more[is_new])
        missing -= _counts(more[is_new], owners, len(numbers))
    return split_keys(found, n_post)


def _drawn(numbers: np.ndarray, keys: Callable[[np.ndarray], np.ndarray],
           callback: Callable[[float], Any] | None = None) -> np.ndarray:
    """Keys of so many draws for each owner, in blocks of owners."""
    ends = np.cumsum(numbers)
    made = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.int64)
    first = used = 0
    while first < len(numbers):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(np.searchsorted(ends, before + BLOCK, side="right")))
        block = keys(np.repeat(np.arange(first, last), numbers[first:last]))
        made[used:used + len(block)] = block
        used += len(block)
        first = last
        if callback is not None:
            callback(0.5 * int(ends[last - 1]) / max(len(made), 1))
    return made[:used]


def _different(keys: np.ndarray) -> np.ndarray:
    """The keys sorted, each once; sorts in place."""
    keys.sort()
    first = np.append(True, keys[1:] != keys[:-1])[:len(keys)]
    return keys if np.all(first) else keys[first]


def _counts(keys: np.ndarray, owners: Callable[[np.ndarray], np.ndarray], size: int) -> np.ndarray:
    counts = np.zeros(size, dtype=np.int64)
    for start in range(0, len(keys), BLOCK):
        counts += np.bincount(owners(keys[start:start + BLOCK]), minlength=size)
    return counts


def pair_keys(pre: np.ndarray, post: np.ndarray, n_post: int) -> np.ndarray:
    """The pairs as numbers pre n_post + post, int64."""
    keys = pre.astype(np.int64)
    keys *= n_post
    keys += post
    return keys


def split_keys(keys: np.ndarray, n_post: int) -> tuple[np.ndarray, np.ndarray]:
    """The reverse of :func:`pair_keys`, int32."""
    pre, post = (np.empty(len(keys), dtype=np.int32) for _ in range(2))
    for start in range(0, len(keys), BLOCK):
        part = slice(start, start + BLOCK)
        row = keys[part] // n_post          # several times as fast as np.divmod
        pre[part] = row
        row *= n_post
        np.subtract(keys[part], row, out=post[part], casting="same_kind")
    return pre, post
