"""Weights and delays of synapses from the forms that PyNN offers.

The form follows from kind and shape, never from length alone: a number; an array (pre, post), which
has two dimensions; one value per synapse, flat, in the order of ``get(name, "list")``; rows (pre,
post, value) as tuples, as ``get()`` lists them; a RandomDistribution; a string or function of the
distance d; a function of the cell indices (PyNN's IndexBasedExpression).
"""

from types import SimpleNamespace
from typing import Any

import numpy as np
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray
from pyNN.random import NativeRNG, RandomDistribution
from pyNN.space import Space

from pynn_eprop.common.arguments.typed_errors import as_error, in_words
from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.models.parameters import as_numbers

_ROW = 3        # pre, post and value


def evaluate(value: Any, name: str, projection: Any, pre: np.ndarray, post: np.ndarray,
             order: np.ndarray | None = None) -> np.ndarray:
    """One value per synapse, float64 (synapses,); the same number for all as a broadcast.

    ``projection``: gives label, shape, groups and space. ``order``: the places of the synapses
    among flat values that have another order. Raises :class:`NetworkError` for a value that has
    none of the forms, does not fit, or could have two of them, and for NaN or infinite values.
    """
    synapses = _Synapses(name, projection, pre, post, order)
    with as_error(NetworkError, f"{projection.label}: {name}={{}} gives no value for each of "
                                f"{len(pre)} synapses", value):
        array = synapses.broadcast(synapses.evaluated(synapses.lazy(value)))
    wrong = ~np.isfinite(array[:1] if array.strides == (0,) else array)
    if np.any(wrong):
        at = int(np.argmax(wrong))
        raise NetworkError(f"{projection.label}: {name}={array[at]:g} of the synapse from cell "
                           f"{pre[at]} to cell {post[at]} must be finite")
    return array


class _Synapses:
    """The synapses that values are wanted for."""

    def __init__(self, name: str, projection: Any, pre: np.ndarray, post: np.ndarray,
                 order: np.ndarray | None) -> None:
        self._name, self._projection = name, projection
        self._pre, self._post, self._order = pre, post, order

    def lazy(self, value: Any) -> LazyArray:
        """A value as a LazyArray, whose array is two-dimensional or flat."""
        if isinstance(value, LazyArray):
            return value
        if isinstance(value, (list, tuple)):
            tuples = len(value) > 0 and all(isinstance(row, tuple) for row in value)
            value = self._of_tuples(value) if tuples else self._numbers(value)
        elif isinstance(value, np.ndarray):
            value = np.asarray(value)       # not a matrix, whose rows stay two-dimensional
        try:
            return LazyArray(value)
        except AssertionError:
            raise self._unknown(value) from None

    def _of_tuples(self, rows: Any) -> np.ndarray:
        """Values of rows (value,) or (pre, post, value), as ``get(..., "list")`` returns them."""
        table = self._numbers(rows)
        if table.ndim == 2 and table.shape[1] == 1:
            return table[:, 0]
        if table.ndim != 2 or table.shape[1] != _ROW:
            return table
        order = np.lexsort((table[:, 1], table[:, 0]))
        sorted_ = table[order]
        if not (np.array_equal(sorted_[:, 0], self._pre)
                and np.array_equal(sorted_[:, 1], self._post)):
            raise NetworkError(
                f"{self._projection.label}: {self._name} in rows (pre, post, value) must have the "
                f"{len(self._pre)} synapses of the projection, each once; an array (pre, post) is "
                "given as a NumPy array")
        self._order = None
        return sorted_[:, 2]

    def evaluated(self, lazy: LazyArray) -> Any:
        """The values, without their final shape."""
        base = lazy.base_value
        if isinstance(base, np.ndarray) and base.ndim:
            values = self._of_array(base)
        elif isinstance(base, RandomDistribution):
            if isinstance(base.rng, NativeRNG):
                raise UnsupportedError(f"{self._projection.label}: {self._name} cannot be drawn by "
                                       "a simulator's own generator here (NativeRNG); use NumpyRNG")
            values = np.asarray(base.next(len(self._pre)), dtype=float)
        elif isinstance(base, IndexBasedExpression):
            base.projection = self._projection
            values = base(self._pre, self._post)
        elif callable(base):
            projection = self._projection
            values = base(distances(projection.space, projection.pre.positions,
                                    projection.post.positions, self._pre, self._post))
        else:
            values = base
        for function, argument in lazy.operations:      # arithmetic that a script did
            if argument is None:
                values = function(values)
            elif isinstance(argument, LazyArray):
                values = function(values, self.broadcast(self.evaluated(argument)))
            elif isinstance(argument, np.ndarray) and argument.ndim:
                values = function(values, self._of_array(argument))
            else:
                values = function(values, argument)
        return values

    def _of_array(self, array: np.ndarray) -> np.ndarray:
        if array.ndim == 2 and array.shape == self._projection.shape:
            if array.shape == (len(self._pre), _ROW) and np.array_equal(array[:, 0], self._pre) \
                    and np.array_equal(array[:, 1], self._post):
                raise NetworkError(
                    f"{self._projection.label}: the array for {self._name} could be (pre, post), "
                    "or rows of pre, post and value; give one value per synapse, or rows as tuples")
            return self._numbers(array)[self._pre, self._post]
        if array.shape == (len(self._pre),):
            values = self._numbers(array)
            return values if self._order is None else values[self._order]
        raise NetworkError(
            f"{self._projection.label}: the array for {self._name} has shape {array.shape}; it "
            f"must be {self._projection.shape} (pre, post) or have one value for each of the "
            f"{len(self._pre)} synapses")

    def broadcast(self, values: Any) -> np.ndarray:
        """One value per synapse."""
        return np.broadcast_to(self._numbers(values), (len(self._pre),))

    def _numbers(self, values: Any) -> np.ndarray:
        numbers = as_numbers(values)
        if numbers is None:
            raise self._unknown(values)
        return numbers

    def _unknown(self, value: Any) -> NetworkError:
        return NetworkError(
            f"{self._projection.label}: {self._name}={in_words(value)} is none of the forms of "
            f"values: a number, an array {self._projection.shape} (pre, post), a list of one value "
            f"for each of the {len(self._pre)} synapses, a RandomDistribution, a string or "
            "function of the distance d, an IndexBasedExpression")


def to_matrix(value: Any, name: str, projection: Any, rows: np.ndarray) -> np.ndarray:
    """Values of connections as an array (pre, post), NaN for pairs that are not connected.

    ``projection``: has label and shape. rows: (pre, post) of each connection, in the order that
    flat values have. Raises :class:`NetworkError`, too, for different values of several connections
    between the same two cells.
    """
    order = np.lexsort((rows[:, 1], rows[:, 0]))
    pre, post = rows[order].T
    values = evaluate(value, name, projection, pre, post, order)
    matrix = np.full(projection.shape, np.nan)
    matrix[pre, post] = values
    if not np.array_equal(matrix[pre, post], values):
        raise NetworkError(f"{projection.label}: some cells are connected more than once, and "
                           f"PyNN's own backends set {name} of all these connections to the same "
                           "value; give an array (pre, post)")
    return matrix


def values_of_list(value: Any, name: str, label: str, shape: tuple[int, int],
                   connections: np.ndarray) -> np.ndarray:
    """One value for each row (pre, post, ...) of a list, in its order."""
    pre, post = (connections[:, column].astype(int) for column in (0, 1))
    return evaluate(value, name, SimpleNamespace(label=label, shape=shape), pre, post)


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

