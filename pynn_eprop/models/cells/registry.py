"""Kinds of cell by the name of their PyNN cell type."""

import dataclasses
from collections.abc import Collection
from typing import TypeVar

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.cells.kind import Population
from pynn_eprop.models.cells.learning import SpikingCells
from pynn_eprop.models.registering import check_free

CELLS: dict[str, type[Population]] = {}
"""All registered kinds by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[SpikingCells])

_GIVEN_BY_KINDS = ("step", "distance", "transition", "drive", "distance_gradient")
# attributes of a machine's cells, which no parameter or state variable may be named after
_KEPT_BY_MACHINES = ("z", "h", "silent", "spikes", "sloped", "learning_signal", "population",
                     "timestep", "variables", "label", "size")


def register_cell(kind: _Kind) -> _Kind:
    """Give every backend a PyNN cell type of this kind, by its name; a class decorator.

    kind: a frozen dataclass derived from :class:`SpikingCells`. Raises :class:`ParameterError` for
    others, for a name or method that is missing, a name that is taken, and for parameters and state
    variables with names that machines use.
    """
    if not (isinstance(kind, type) and issubclass(kind, SpikingCells)):
        raise ParameterError(f"{kind!r} is not a kind of cell; derive a class from SpikingCells")
    owner = f"cell {kind.__name__}"
    if not kind.name or not kind.name.isidentifier():
        raise ParameterError(f"{owner}: name={kind.name!r} must be a Python name, which the PyNN "
                             "cell type gets; give the class an attribute name")
    if "__dataclass_params__" not in vars(kind):
        raise ParameterError(f"{owner} must be a dataclass: put @dataclass(frozen=True, "
                             "kw_only=True) below @register_cell")
    for entry in dataclasses.fields(kind):
        if entry.name not in ("label", "size") and not entry.metadata:
            raise ParameterError(f"{owner}: the field {entry.name!r} is none of parameter(), "
                                 "initial() and component()")
    missing = [name for name in _GIVEN_BY_KINDS
               if getattr(kind, name) is getattr(SpikingCells, name)]
    if missing:
        raise ParameterError(f"{owner} has no {', '.join(missing)}(); see SpikingCells")
    if not kind.state_variables():
        raise ParameterError(f"{owner} has no state; declare one, as v_initial = initial(0.0)")
    for name in (*kind.parameters(), *kind.state_variables()):
        if name in _KEPT_BY_MACHINES:
            raise ParameterError(f"{owner}: {name!r} is a name that machines use; choose another")
    check_free(CELLS, kind.name, kind, owner)
    CELLS[kind.name] = kind
    return kind


def check_kind(kind: type[Population], known: Collection[type[Population]], owner: str,
               machine: str) -> None:
    """Raise :class:`UnsupportedError` unless ``machine`` knows the kind of the cells ``owner``.

    known: kinds that it implements itself; a kind derived from one of them may behave differently.
    """
    if kind not in known:
        raise UnsupportedError(
            f"{owner}: cell {kind.name or kind.__name__!r} is not known to {machine}; choose one "
            f"of {sorted({each.name for each in known})}, or setup(machine='reference') of the "
            "host backend, which runs every cell")
