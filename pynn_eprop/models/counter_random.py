"""Counter-based random numbers: Philox4x32-10, the same bits in NumPy, C and on the chip.

Salmon, Moraes, Dror and Shaw (2011), "Parallel random numbers: as easy as 1, 2, 3". Every number
is a pure function of a key and a counter, and so does not depend on how many were drawn before.

The key is (seed, index) with the index of the population, projection or current source that
draws. The last counter word is the purpose (:class:`Draw`), so that equal indices of different
kinds of object do not share numbers.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike

WORDS = 4
_ROUNDS = 10
_MULTIPLIERS = (np.uint64(0xD2511F53), np.uint64(0xCD9E8D57))
_WEYL = (0x9E3779B9, 0xBB67AE85)
_LOW = np.uint64(0xFFFFFFFF)
_SHIFT = np.uint64(32)
_NORMAL_TERMS = 12
_HALF_WORD = 0x10000


class Draw(IntEnum):
    """Last counter word: the purpose of a number. A normal uses this word and the next."""

    LEARNING_SIGNAL = 0
    POISSON = 2
    NOISE = 4
    SEED = 6


def philox(counter: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike],
           key: tuple[int, int]) -> np.ndarray:
    """Four random 32-bit words for each counter.

    ``counter``: four arrays of words (0..2^32 - 1) that broadcast to one shape; ``key``: two
    words. Returns uint32 of shape (4, *shape).
    """
    c0, c1, c2, c3 = (np.asarray(word).astype(np.uint64) for word in counter)
    k0, k1 = key
    for _ in range(_ROUNDS):
        first = c0 * _MULTIPLIERS[0]
        second = c2 * _MULTIPLIERS[1]
        c0 = (second >> _SHIFT) ^ c1 ^ np.uint64(k0)
        c2 = (first >> _SHIFT) ^ c3 ^ np.uint64(k1)
        c1 = second & _LOW
        c3 = first & _LOW
        k0, k1 = (k0 + _WEYL[0]) & 0xFFFFFFFF, (k1 + _WEYL[1]) & 0xFFFFFFFF
    return np.stack(np.broadcast_arrays(c0, c1, c2, c3)).astype(np.uint32)


def normal(counter: tuple[ArrayLike, ArrayLike, ArrayLike], draw: Draw,
           key: tuple[int, int]) -> np.ndarray:
    """Numbers of mean 0 and variance 1 that integer arithmetic reproduces exactly.

    Twelve 16-bit uniforms (six words from the blocks ``draw`` and ``draw + 1``, low half first)
    are added and centred, and divided by 2^16: exact in float64, float32 and fixed point, never
    beyond +-6. ``counter``: three arrays of words that broadcast. Returns float64 of their shape.
    """
    words = np.concatenate([philox((*counter, int(draw)), key),
                            philox((*counter, int(draw) + 1), key)])[:_NORMAL_TERMS // 2]
    total = np.sum(words & np.uint32(_HALF_WORD - 1), axis=0, dtype=np.int64)
    total += np.sum(words >> np.uint32(16), axis=0, dtype=np.int64)
    return np.asarray((total - _NORMAL_TERMS * (_HALF_WORD - 1) // 2) / float(_HALF_WORD))


def uniform_of_steps(first: int, last: int, cells: np.ndarray, draw: Draw,
                     key: tuple[int, int]) -> np.ndarray:
    """One uniform in (0, 1) for each global step and cell, shape (last - first + 1, cells).

    Step s and cell c get word s mod 4 of the counter (c, s div 4 in two words, draw), as
    (word + 1/2) / 2^32.
    """
    blocks = np.arange(first // WORDS, last // WORDS + 1, dtype=np.uint64)[:, np.newaxis]
    cells = np.asarray(cells, dtype=np.uint64)[np.newaxis, :]
    words = philox((cells, blocks & _LOW, blocks >> _SHIFT, int(draw)), key)
    by_step = np.moveaxis(words, 0, 1).reshape(-1, cells.size)
    offset = first % WORDS
    return (by_step[offset:offset + last - first + 1] + 0.5) / 2.0 ** 32


def derived_seed(seed: int, index: int, purpose: int, repeat: int = 0) -> int:
    """A 32-bit seed for a generator of PyNN's, from the seed of the run.

    ``repeat``: how many draws for this purpose there were before.
    """
    return int(philox((purpose, repeat, 0, int(Draw.SEED)), (seed, index))[0])
