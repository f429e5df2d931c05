"""Connections one by one, and tables of their attributes, made from arrays on demand."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, overload

import numpy as np
from pyNN import common

from pynn_eprop.errors import SelectionError

_COMBINE: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "sum": np.add.reduceat,
    "min": np.minimum.reduceat,
    "max": np.maximum.reduceat,
    "first": lambda values, starts: values[starts],
    "last": lambda values, starts: values[np.append(starts[1:], len(values)) - 1],
}
MULTIPLE_SYNAPSES = tuple(_COMBINE)


class Connection(common.Connection):
    """One synapse of a projection. Reading and writing go to the projection's arrays."""

    def __init__(self, projection: Any, place: int) -> None:
        self._projection = projection
        self._place = place

    @property
    def presynaptic_index(self) -> int:
        """Index of the cell in the projection's pre group."""
        return int(self._projection.synapses.pre[self._place])

    @property
    def postsynaptic_index(self) -> int:
        """Index of the cell in the projection's post group."""
        return int(self._projection.synapses.post[self._place])

    @property
    def weight(self) -> float:
        """Present weight."""
        return float(self._projection.attribute("weight")[self._place])

    @weight.setter
    def weight(self, value: float) -> None:
        self._projection.set_one("weight", self._place, value)

    @property
    def acting_weight(self) -> float:
        """The weight as it acts at arrival; fixed point rounds it."""
        return float(self._projection.attribute("acting_weight")[self._place])

    @property
    def delay(self) -> float:
        """Delay in ms."""
        return float(self._projection.attribute("delay")[self._place])

    @delay.setter
    def delay(self, value: float) -> None:
        self._projection.set_one("delay", self._place, value)

    def as_tuple(self, *attribute_names: str) -> tuple[Any, ...]:
        """Several attributes."""
        return tuple(getattr(self, name) for name in attribute_names)


class Connections(Sequence[Connection]):
    """The connections of a projection as a sequence."""

    def __init__(self, projection: Any) -> None:
        self._projection = projection

    def __len__(self) -> int:
        return len(self._projection.synapses)

    @overload
    def __getitem__(self, place: int) -> Connection: ...

    @overload
    def __getitem__(self, place: slice) -> list[Connection]: ...

    def __getitem__(self, place: int | slice) -> Connection | list[Connection]:
        if isinstance(place, slice):
            return [Connection(self._projection, each) for each in range(len(self))[place]]
        if not isinstance(place, (int, np.integer)) or isinstance(place, bool) \
                or not -len(self) <= place < len(self):
            raise SelectionError(f"{self._projection.label}: there is no connection {place!r}; it "
                                 f"has {len(self)}")
        return Connection(self._projection, range(len(self))[place])

    def __iter__(self) -> Iterator[Connection]:
        return (Connection(self._projection, place) for place in range(len(self)))


def as_list(columns: Sequence[np.ndarray]) -> list[tuple[Any, ...]]:
    """One tuple per connection."""
    return list(zip(*(column.tolist() for column in columns), strict=True))


def as_array(values: np.ndarray, pre: np.ndarray, post: np.ndarray, shape: tuple[int, int],
             multiple_synapses: str) -> np.ndarray:
    """Values as a matrix (pre, post), NaN for pairs that are not connected.

    The connections must be sorted by pre, then post. ``multiple_synapses``: how several between
    two cells become one value.
    """
    matrix = np.full(shape, np.nan)
    if len(values):
        new = np.append(True, (pre[1:] != pre[:-1]) | (post[1:] != post[:-1]))
        starts = np.flatnonzero(new)
        matrix[pre[starts], post[starts]] = _COMBINE[multiple_synapses](values, starts)
    return matrix


def weight_histogram(weights: np.ndarray, low: float | None, high: float | None, bins: int
                     ) -> tuple[np.ndarray, np.ndarray]:
    """Counts and bin edges of weights from ``low`` to ``high``; None: the least and the largest.

    Without weights, these are 0 and 1, as in NumPy.
    """
    if low is None:
        low = weights.min() if len(weights) else 0.0
    if high is None:
        high = weights.max() if len(weights) else 1.0
    return np.histogram(weights, np.linspace(low, high, bins + 1))
