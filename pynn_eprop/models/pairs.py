"""Index pairs of many synapses, looked at in parts, so that it takes no memory."""

import numpy as np

_PART = 1_000_000


def is_sorted(pre: np.ndarray, post: np.ndarray) -> bool:
    """Whether pairs of indices, both (synapses,), are sorted by pre, then post."""
    for start in range(0, len(pre), _PART):
        first, second = (side[start:start + _PART + 1] for side in (pre, post))
        rises = first[1:] > first[:-1]
        rises |= (first[1:] == first[:-1]) & (second[1:] >= second[:-1])
        if not np.all(rises):
            return False
    return True
