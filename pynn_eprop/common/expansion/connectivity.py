"""The cells that a connector connects: PyNN's connectors as arrays of index pairs.

The connectors that build large networks are expanded here without a Python object per synapse or
per pair. They draw from their generator in the order in which PyNN's own code draws, so that a
generator with a seed gives the connections that it gives in other PyNN backends; only projections
of more than 100 million pairs are drawn otherwise (sparse_draws.py). All other connectors run
PyNN's code, and their connections are collected.
"""

from collections.abc import Callable, Iterator
from copy import copy, deepcopy
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import numpy as np
from pyNN import connectors as pynn
from pyNN.parameters import ParameterSpace
from pyNN.random import AbstractRNG

from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.common.expansion.memory import check_fits
from pynn_eprop.common.expansion.sparse_draws import (
    BLOCK,
    draws_sparsely,
    pair_keys,
    sparse_pairs,
    split_keys,
)
from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.models.pairs import is_sorted


class Group(Protocol):
    """A Population, PopulationView or Assembly."""

    size: int
    all_cells: np.ndarray


class ProjectionLike(Protocol):
    """The attributes of a projection that PyNN's connectors and ours need."""

    label: str
    pre: Any
    post: Any
    synapse_type: Any
    shape: tuple[int, int]


@dataclass
class Pairs:
    """Index pairs within the projection's pre and post groups, int32, shape (synapses,).

    values: weights or delays (ms) from the connector itself, same shape. order: the place of each
    in a script's list, if that has another order.
    """

    pre: np.ndarray
    post: np.ndarray
    values: dict[str, np.ndarray] = field(default_factory=dict)
    order: np.ndarray | None = None

    def in_order(self, n_post: int, listed: bool = False) -> "Pairs":
        """Sorted by pre, then post, as ``get(format="array")`` is read row by row.

        ``n_post``: cells of the post group. ``listed``: whether the script gave them one by one.
        """
        if is_sorted(self.pre, self.post):
            return self
        if not listed and not self.values:      # equal pairs are the same
            keys = pair_keys(self.pre, self.post, n_post)
            keys.sort()
            return Pairs(*split_keys(keys, n_post))
        order = _stable_order(self.post)
        order = order[_stable_order(self.pre[order])]
        return Pairs(self.pre[order], self.post[order],
                     {name: array[order] for name, array in self.values.items()},
                     order if listed else None)


def _stable_order(values: np.ndarray) -> np.ndarray:
    """As ``np.argsort(values, kind="stable")``, in linear time: NumPy sorts 16 bits by radix."""
    if np.all(values[1:] >= values[:-1]):
        return np.arange(len(values))
    order = np.argsort((values & 0xFFFF).astype(np.uint16), kind="stable")
    if values.max() > 0xFFFF:
        order = order[np.argsort((values[order] >> 16).astype(np.uint16), kind="stable")]
    return order


def connect(connector: Any, projection: ProjectionLike, synapse_type: Any,
            progress: Callable[[float], None] = lambda share: None) -> Pairs:
    """The pairs of a projection.

    ``synapse_type``: PyNN's own code draws weights and delays from it. ``progress``: is given the
    share that is done, as the connector's callback is, but not by PyNN's own code. Raises
    :class:`NetworkError` for indices outside the groups, :class:`UnsupportedError` for connectors
    that PyNN does not implement.
    """
    with as_error(NetworkError, f"{projection.label}: {type(connector).__name__} connects nothing "
                                "with these arguments"):
        check_fits(_expected_number(connector, projection), projection.label)
        expand = _expansion(connector)
        if expand is not None:
            pairs = expand(_heard(connector, progress), projection)
        else:
            pairs = _collect(connector, projection, synapse_type)
    if connector.callback is not None:
        connector.callback(1.0)
    return pairs.in_order(projection.shape[1],
                          listed=isinstance(connector, pynn.FromListConnector))


def _heard(connector: Any, progress: Callable[[float], None]) -> Any:
    """A copy of a connector that is heard by ``progress``, too."""
    def callback(share: float) -> None:
        progress(share)
        if connector.callback is not None:
            connector.callback(share)

    own = copy(connector)
    own.callback = callback
    return own


def _expansion(connector: Any) -> Callable[[Any, ProjectionLike], Pairs] | None:
    """The function that expands connectors of this kind here, or None."""
    found = _EXPANSIONS.get(_pynn_class(connector))
    if found is None and type(connector).connect is pynn.FromListConnector.connect:
        return _from_list       # a script's own class, which only makes the list
    return found


def _pynn_class(connector: Any) -> type:
    """The class of a connector; for a PyNN backend's own, the class that it is derived from."""
    kind = type(connector)
    if kind.__module__.startswith("pyNN."):
        return next((base for base in kind.__mro__ if base.__module__ == pynn.__name__), kind)
    return kind


def _expected_number(connector: Any, projection: ProjectionLike) -> float:
    """About how many connections there will be, for connectors of which that is known before."""
    n_pre, n_post = projection.shape
    if isinstance(connector, pynn.AllToAllConnector):
        return float(n_pre) * n_post
    if isinstance(connector, pynn.FixedProbabilityConnector):
        return connector.p_connect * n_pre * n_post
    number = getattr(connector, "n", 0)
    if isinstance(number, int):
        per_cell = {pynn.FixedNumberPreConnector: n_post, pynn.FixedNumberPostConnector: n_pre}
        return float(number) * per_cell.get(type(connector), 1)
    return 0.0


def none_for_zero(connector: Any) -> Any:
    """The connector, or an empty list for one that gives each cell 0 partners.

    For projections of parent backends: the code of PyNN and its backends fails for these.
    """
    fixed = (pynn.FixedNumberPreConnector, pynn.FixedNumberPostConnector,
             pynn.FixedTotalNumberConnector)
    if isinstance(connector, fixed) and isinstance(connector.n, int) and connector.n == 0:
        return pynn.FromListConnector([], safe=connector.safe, callback=connector.callback)
    return connector


def _pairs(pre: np.ndarray, post: np.ndarray) -> Pairs:
    return Pairs(pre.astype(np.int32), post.astype(np.int32))


def ids(group: Group) -> np.ndarray:
    """The cells of a group as plain integers that identify them."""
    return np.array(group.all_cells, dtype=np.int64)


def _without_self(pairs: Pairs, connector: Any, projection: ProjectionLike) -> Pairs:
    """The pairs without self-connections, if the connector does not allow these."""
    allowed = connector.allow_self_connections
    if allowed is True:
        return pairs
    if allowed == "NoMutual":
        if not np.array_equal(ids(projection.pre), ids(projection.post)):
            raise UnsupportedError(f"{projection.label}: allow_self_connections='NoMutual' needs "
                                   "the same cells on both sides")
        keep = pairs.pre > pairs.post
    else:
        same = _own_places(ids(projection.pre), ids(projection.post))
        if np.all(same < 0):
            return pairs
        keep = same[pairs.post] != pairs.pre
    return Pairs(pairs.pre[keep], pairs.post[keep])


def _own_places(partners: np.ndarray, owners: np.ndarray) -> np.ndarray:
    """For each of ``owners`` (ids) its place among ``partners``, int32; -1 if it is not there."""
    places = np.full(len(owners), -1, dtype=np.int32)
    _, partner, owner = np.intersect1d(partners, owners, assume_unique=True, return_indices=True)
    places[owner] = partner
    return places


def _all_to_all(connector: Any, projection: ProjectionLike) -> Pairs:
    n_pre, n_post = projection.shape
    pre = np.repeat(np.arange(n_pre, dtype=np.int32), n_post)
    post = np.tile(np.arange(n_post, dtype=np.int32), n_pre)
    return _without_self(Pairs(pre, post), connector, projection)


def _one_to_one(connector: Any, projection: ProjectionLike) -> Pairs:
    both = np.arange(min(projection.shape), dtype=np.int32)
    return Pairs(both, both)


def _fixed_probability(connector: Any, projection: ProjectionLike) -> Pairs:
    n_pre, n_post = projection.shape
    rng = connector.rng
    if draws_sparsely(n_pre, n_post, connector.p_connect * n_pre, n_pre):
        numbers = rng.next(n_post, "binomial", {"n": n_pre, "p": connector.p_connect})
        return _without_self(_sparse(connector, projection, numbers, True, exclude_self=False),
                             connector, projection)
    columns = max(1, BLOCK // max(n_pre, 1))
    pre, post = [], []
    for first in range(0, n_post, columns):
        count = min(columns, n_post - first)
        made = rng.next(n_pre * count).reshape(count, n_pre) < connector.p_connect
        column, row = np.nonzero(made)
        pre.append(row.astype(np.int32))
        post.append((column + first).astype(np.int32))
    return _without_self(Pairs(np.concatenate(pre), np.concatenate(post)), connector, projection)


def _numbers(connector: Any, count: int, one_by_one: bool) -> list[int]:
    """How many partners each of ``count`` cells gets."""
    if isinstance(connector.n, int):
        return [connector.n] * count
    drawn = [connector.n.next() for _ in range(count)] if one_by_one else connector.n.next(count)
    return [int(number) for number in drawn]


def _choices(numbers: list[int], partners: np.ndarray, owners: np.ndarray, connector: Any
             ) -> Iterator[np.ndarray]:
    """For each cell in ``owners`` the indices of its partners (ids), drawn as PyNN draws them."""
    rng: AbstractRNG = connector.rng
    everyone = np.arange(len(partners))
    position = {int(cell): index for index, cell in enumerate(partners)}
    for number, owner in zip(numbers, owners, strict=True):
        own = None if connector.allow_self_connections else position.get(int(owner))
        if connector.with_replacement:
            drawn = rng.next(number, "uniform_int", {"low": 0, "high": len(partners)})
            while own is not None and np.any(drawn == own):
                again = drawn == own
                drawn[again] = rng.next(int(again.sum()), "uniform_int",
                                        {"low": 0, "high": len(partners)})
            yield np.asarray(drawn, dtype=np.int32)
            continue
        possible = everyone if own is None else everyone[everyone != own]
        if number and not len(possible):
            raise NetworkError(f"there are no cells to choose n={number} partners from")
        sets, rest = divmod(number, max(len(possible), 1))
        chosen = [possible] * sets
        if rest:
            chosen.append(rng.permutation(possible)[:rest])
        yield np.concatenate(chosen or [everyone[:0]]).astype(np.int32)


def _sparse(connector: Any, projection: ProjectionLike, numbers: Any, owners_are_post: bool,
            exclude_self: bool) -> Pairs:
    """So many different partners of each cell on one side, without a shuffle of all."""
    n_post = projection.shape[1]
    pre, post = ids(projection.pre), ids(projection.post)
    partners, owners = (pre, post) if owners_are_post else (post, pre)
    own = _own_places(partners, owners) if exclude_self \
        else np.full(len(owners), -1, dtype=np.int32)
    return Pairs(*sparse_pairs(np.asarray(numbers, dtype=np.int64), len(partners), own,
                               connector.rng, n_post, owners_are_post, connector.callback))


def _draws_sparsely(connector: Any, projection: ProjectionLike, numbers: list[int],
                    partners: int) -> bool:
    """Whether :func:`_sparse` draws the partners of cells that get ``numbers`` of them."""
    possible = partners - (not connector.allow_self_connections)
    return not connector.with_replacement \
        and draws_sparsely(*projection.shape, max(numbers, default=0), possible)


def _fixed_number_pre(connector: Any, projection: ProjectionLike) -> Pairs:
    n_pre, n_post = projection.shape
    numbers = _numbers(connector, n_post, one_by_one=False)
    if _draws_sparsely(connector, projection, numbers, n_pre):
        return _sparse(connector, projection, numbers, True,
                       exclude_self=not connector.allow_self_connections)
    pre = list(_choices(numbers, ids(projection.pre), ids(projection.post), connector))
    return Pairs(np.concatenate(pre), np.repeat(np.arange(n_post, dtype=np.int32), numbers))


def _fixed_number_post(connector: Any, projection: ProjectionLike) -> Pairs:
    n_pre = projection.shape[0]
    numbers = _numbers(connector, n_pre, one_by_one=True)
    if _draws_sparsely(connector, projection, numbers, projection.shape[1]):
        return _sparse(connector, projection, numbers, False,
                       exclude_self=not connector.allow_self_connections)
    post = list(_choices(numbers, ids(projection.post), ids(projection.pre), connector))
    return Pairs(np.repeat(np.arange(n_pre, dtype=np.int32), numbers), np.concatenate(post))


def _fixed_total_number(connector: Any, projection: ProjectionLike) -> Pairs:
    """Unlike PyNN's code this honours ``with_replacement`` and ``allow_self_connections``."""
    n_pre, n_post = projection.shape
    rng = connector.rng
    number = int(connector.n if isinstance(connector.n, int) else connector.n.next())
    everyone = _without_self(_diagonal(projection), connector, projection)
    possible = n_pre * n_post - len(_diagonal(projection).pre) + len(everyone.pre)
    if number and (not possible or (not connector.with_replacement and number > possible)):
        raise NetworkError(f"{projection.label}: n={number} connections asked for, but only "
                           f"{possible} pairs are possible")
    chosen = _pairs(np.zeros(0), np.zeros(0))
    while len(chosen.pre) < number:
        missing = number - len(chosen.pre)
        flat = rng.next(missing, "uniform_int", {"low": 0, "high": n_pre * n_post})
        drawn = _without_self(_pairs(*np.divmod(flat, n_post)), connector, projection)
        chosen = Pairs(np.concatenate([chosen.pre, drawn.pre]),
                       np.concatenate([chosen.post, drawn.post]))
        if not connector.with_replacement:
            pair = chosen.pre.astype(np.int64) * n_post + chosen.post
            first = np.sort(np.unique(pair, return_index=True)[1])
            chosen = Pairs(chosen.pre[first], chosen.post[first])
    return chosen


def _diagonal(projection: ProjectionLike) -> Pairs:
    """The pairs that connect a cell to itself."""
    _, pre, post = np.intersect1d(ids(projection.pre), ids(projection.post), assume_unique=True,
                                  return_indices=True)
    return _pairs(pre, post)


def _array(connector: Any, projection: ProjectionLike) -> Pairs:
    made = np.asarray(connector.array)
    if made.shape != projection.shape:
        raise NetworkError(f"{projection.label}: the connector's array has shape {made.shape}, but "
                           f"the projection needs {projection.shape} (pre, post)")
    return _pairs(*np.nonzero(made))


def _clone(connector: Any, projection: ProjectionLike) -> Pairs:
    model = connector.reference_projection
    if projection.pre != model.pre or projection.post != model.post:
        raise NetworkError(f"{projection.label}: CloneConnector needs the cells of {model.label} "
                           "on both sides")
    return Pairs(model.synapses.pre, model.synapses.post)


def _from_list(connector: Any, projection: ProjectionLike) -> Pairs:
    table = np.asarray(connector.conn_list, dtype=float)
    if not table.size:
        return _pairs(np.zeros(0), np.zeros(0))
    valid = projection.synapse_type.get_parameter_names()
    for name in connector.column_names:
        if name not in valid:
            raise NetworkError(f"{projection.label}: {type(projection.synapse_type).__name__} has "
                               f"no parameter {name!r}; the list may give {valid}")
    for side, column, size in (("pre", table[:, 0], projection.shape[0]),
                               ("post", table[:, 1], projection.shape[1])):
        wrong = (column < 0) | (column >= size) | (column != np.floor(column))
        if np.any(wrong):
            raise NetworkError(f"{projection.label}: {side}synaptic index {column[wrong][0]:g} in "
                               f"the list of connections; it must be a whole number in "
                               f"0..{size - 1}")
    values = {name: table[:, 2 + i] for i, name in enumerate(connector.column_names)}
    return Pairs(table[:, 0].astype(np.int32), table[:, 1].astype(np.int32), values)


def _from_file(connector: Any, projection: ProjectionLike) -> Pairs:
    """A FromListConnector whose list is read now."""
    if connector.distributed:
        connector.file.rename(f"{connector.file.name}.0")
    columns = connector.file.get_metadata().get("columns", ("weight", "delay"))
    connector.column_names = [name for name in columns if name not in ("i", "j")]
    connector.conn_list = connector.file.read()
    return _from_list(connector, projection)


class _InPyNNsUnits:
    """A synapse type for PyNN's connectors: its own units are PyNN's.

    flat: the parameters that have one value per synapse. PyNN's code does not know that form, and
    sees a number in their place.
    """

    _STANDS_FOR_FLAT: ClassVar = {"weight": 0.0, "delay": 1.0}

    def __init__(self, synapse_type: Any) -> None:
        self._synapse_type = synapse_type
        self.flat = {name for name, lazy in synapse_type.parameter_space.items()
                     if np.ndim(lazy.base_value) == 1}
        self.translations = {name: {"translated_name": name} for name in synapse_type.translations}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._synapse_type, name)

    @property
    def parameter_space(self) -> ParameterSpace:
        """A copy of the parameters, as PyNN's translation makes one."""
        space = self._synapse_type.parameter_space
        return ParameterSpace(
            {name: self._STANDS_FOR_FLAT[name] if name in self.flat else deepcopy(lazy)
             for name, lazy in space.items()}, space.schema)

    native_parameters = parameter_space


class _Collector:
    """Stands for a projection while PyNN's own code connects it."""

    def __init__(self, projection: ProjectionLike, synapse_type: Any) -> None:
        self._projection = projection
        self.synapse_type = _InPyNNsUnits(synapse_type)
        self.pre_indices: list[np.ndarray] = []
        self.post_indices: list[np.ndarray] = []
        self.parameters: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._projection, name)

    def _convergent_connect(self, presynaptic_indices: np.ndarray, postsynaptic_index: int,
                            location_selector: Any = None, **parameters: Any) -> None:
        if location_selector is not None:
            raise UnsupportedError(f"{self._projection.label}: location_selector is for cells with "
                                   "compartments; there are none here")
        pre = np.asarray(presynaptic_indices)
        self.pre_indices.append(pre)
        self.post_indices.append(np.full(len(pre), postsynaptic_index))
        self.parameters.append({name: np.broadcast_to(np.asarray(value, dtype=float), len(pre))
                                for name, value in parameters.items()})

    def pairs(self) -> Pairs:
        if not self.pre_indices:
            return _pairs(np.zeros(0), np.zeros(0))
        pairs = _pairs(np.concatenate(self.pre_indices), np.concatenate(self.post_indices))
        for name in set(self.parameters[0]) - self.synapse_type.flat:
            pairs.values[name] = np.concatenate([given[name] for given in self.parameters])
        return pairs


def _collect(connector: Any, projection: ProjectionLike, synapse_type: Any) -> Pairs:
    """Run PyNN's own code."""
    collector = _Collector(projection, synapse_type)
    if isinstance(connector, pynn.FromListConnector) and collector.synapse_type.flat:
        raise NetworkError(f"{projection.label}: {type(connector).__name__} connects in an order "
                           "of its own; give weights and delays in columns of its list")
    try:
        _pynn_class(connector).connect(connector, collector)  # type: ignore[attr-defined]
    except NotImplementedError as error:
        if isinstance(error, UnsupportedError):
            raise
        raise UnsupportedError(f"{projection.label}: PyNN does not implement "
                               f"{type(connector).__name__}; choose another connector") from error
    return collector.pairs()


_EXPANSIONS: dict[type, Callable[[Any, ProjectionLike], Pairs]] = {
    pynn.AllToAllConnector: _all_to_all,
    pynn.OneToOneConnector: _one_to_one,
    pynn.FixedProbabilityConnector: _fixed_probability,
    pynn.FixedNumberPreConnector: _fixed_number_pre,
    pynn.FixedNumberPostConnector: _fixed_number_post,
    pynn.FixedTotalNumberConnector: _fixed_total_number,
    pynn.ArrayConnector: _array,
    pynn.CloneConnector: _clone,
    pynn.FromListConnector: _from_list,
    pynn.FromFileConnector: _from_file,
}
