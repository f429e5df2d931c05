"""Weights and delays of synapses from the forms that PyNN offers.

Forms: a number; an array (n_pre, n_post) or one value per synapse; a RandomDistribution; a
string or function of the distance d; a function of the cell indices (PyNN's
IndexBasedExpression).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Space

from pynn_eprop.common.typed_errors import as_error, in_words
from pynn_eprop.errors import NetworkError
from pynn_eprop.models.parameters import as_numbers


def evaluate(value: Any, name: str, projection: Any, pre: np.ndarray,
             post: np.ndarray) -> np.ndarray:
    """One value per synapse, float64 (synapses,); the same number for all as a broadcast.

    ``projection``: gives label, shape, groups and space. Raises :class:`NetworkError` for an array
    that fits neither the groups nor the synapses, and for NaN or infinite values.
    """
    with as_error(NetworkError, f"{projection.label}: {name}={{}} gives no value for each of "
                                f"{len(pre)} synapses", value):
        array = np.broadcast_to(_numbers(value, name, projection, pre, post), (len(pre),))
    wrong = ~np.isfinite(array[:1] if array.strides == (0,) else array)
    if np.any(wrong):
        at = int(np.argmax(wrong))
        raise NetworkError(f"{projection.label}: {name}={array[at]:g} of the synapse from cell "
                           f"{pre[at]} to cell {post[at]} must be finite")
    return array


def _numbers(value: Any, name: str, projection: Any, pre: np.ndarray,
             post: np.ndarray) -> np.ndarray:
    """What :func:`evaluate` gives, finite or not, or one number for all."""
    lazy = value if isinstance(value, LazyArray) else LazyArray(_array_or_value(value))
    base = lazy.base_value
    if isinstance(base, np.ndarray) and base.ndim:
        values = _of_array(base, name, projection, pre, post)
    elif isinstance(base, RandomDistribution):
        values = np.asarray(base.next(len(pre)), dtype=float)
    elif isinstance(base, IndexBasedExpression):
        base.projection = projection
        values = base(pre, post)
    elif callable(base):
        values = base(distances(projection.space, projection.pre.positions,
                                projection.post.positions, pre, post))
    else:
        values = base
    if lazy.operations:
        values = _apply(lazy, values, projection, pre, post)
    numbers = as_numbers(values)
    if numbers is None:
        raise NetworkError(f"{projection.label}: {name}={in_words(values)} is not a number")
    return numbers


def _array_or_value(value: Any) -> Any:
    return np.asarray(value, dtype=float) if isinstance(value, (list, tuple)) else value


def _of_array(array: np.ndarray, name: str, projection: Any, pre: np.ndarray,
              post: np.ndarray) -> np.ndarray:
    if array.shape == projection.shape:
        return array[pre, post]
    if array.shape == (len(pre),):
        return array
    raise NetworkError(f"{projection.label}: the array for {name} has shape {array.shape}; it must "
                       f"be {projection.shape} (pre, post) or have one value for each of the "
                       f"{len(pre)} synapses")


def _apply(lazy: LazyArray, values: Any, projection: Any, pre: np.ndarray,
           post: np.ndarray) -> Any:
    """Arithmetic that a script did on a LazyArray."""
    for function, argument in lazy.operations:
        if argument is None:
            values = function(values)
        elif isinstance(argument, LazyArray):
            values = function(values, evaluate(argument, "value", projection, pre, post))
        else:
            values = function(values, argument)
    return values


def distances(space: Space, pre_positions: np.ndarray, post_positions: np.ndarray,
              pre: np.ndarray, post: np.ndarray) -> np.ndarray:
    """Distances of pairs of cells as PyNN's Space defines them, shape (synapses,).

    Positions: (3, cells). Memory grows with the synapses, not with the pairs.
    """
    total = np.zeros(len(pre))
    for axis in space.axes:
        target = space.scale_factor * (post_positions[axis] + space.offset)
        difference = pre_positions[axis][pre] - target[post]
        boundaries = None if space.periodic_boundaries is None \
            else space.periodic_boundaries[axis]
        if boundaries is not None:
            difference = np.abs(difference)
            difference = np.minimum(difference, boundaries[1] - boundaries[0] - difference)
        total += difference ** 2
    return np.sqrt(total)


def seeded(value: Any, seed: Callable[[], int]) -> Any:
    """``value``, or where it is a RandomDistribution without a seed, the same one seeded.

    Works on the base of a LazyArray as well. The original stays as it is.
    """
    if isinstance(value, LazyArray):
        base = seeded(value.base_value, seed)
        if base is value.base_value:
            return value
        copy = LazyArray(base, shape=value.shape, dtype=value.dtype)
        copy.operations = list(value.operations)
        return copy
    if isinstance(value, RandomDistribution) and isinstance(value.rng, NumpyRNG) \
            and value.rng.seed is None:
        return RandomDistribution(value.name, rng=NumpyRNG(seed()), **value.parameters)
    return value
