"""Kinds of cell by the name of their PyNN cell type."""

import dataclasses
import keyword
from collections.abc import Collection, Iterable
from typing import TypeVar

import quantities

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.models.cells.analog import VALUE, AnalogCells
from pynn_eprop.models.cells.fields import initial_state, parameter_of
from pynn_eprop.models.cells.kind import Population
from pynn_eprop.models.cells.learning import LEARNING_RECEPTOR, LearningCells
from pynn_eprop.models.cells.spiking import SpikingCells
from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.registering import check_free

CELLS: dict[str, type[Population]] = {}
"""All registered kinds by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[LearningCells])

_GIVEN_BY_KINDS: dict[type[LearningCells], tuple[str, ...]] = {
    SpikingCells: ("step", "distance", "transition", "drive", "distance_gradient"),
    AnalogCells: ("step", "output", "transition", "drive", "output_gradient")}
"""Methods that a kind defines, by the class that it derives from."""
KEPT_BY_MACHINES = frozenset((
    "z", "z_reset", "h", "silent", "spikes", "sloped", "learning_signal", "loss", "population",
    "timestep", "variables", "label", "size", "width", "before", "arriving", "reset", "configure",
    "advance", "count", "derivatives", "forget_update", "rate_term", "state", "restore", "take",
    "take_back", "receive", "seen_by", "shown"))
"""Names that no parameter, constant or state variable can have: attributes of a machine's cells,
and recordings that are not samples of cells."""

_RESERVED: dict[str, str] = {}      # name -> the module that has it


def reserve_names(names: Iterable[str], module: str) -> None:
    """Let no kind have names that scripts find in a backend's module, which come first there.

    Raises :class:`ParameterError` if one that is registered has.
    """
    for name in names:
        kind = CELLS.get(name)
        if kind is None:
            _RESERVED[name] = module
        elif kind.__module__.split(".")[0] != __name__.split(".")[0]:
            raise _is_reserved(f"cell {kind.__name__}", name, module)


def _is_reserved(owner: str, name: str, module: str) -> ParameterError:
    return ParameterError(f"{owner}: name={name!r} is something else in {module}, which scripts "
                          "use; choose another")


def register_cell(kind: _Kind) -> _Kind:
    """Give every backend a PyNN cell type of this kind, by its name; a class decorator.

    kind: a frozen dataclass derived from :class:`SpikingCells` or :class:`AnalogCells`. Raises
    :class:`ParameterError` for others, for a name or method that is missing, a name that is taken,
    and for parameters, state variables and gates with names that machines use.
    """
    base = next((each for each in _GIVEN_BY_KINDS
                 if isinstance(kind, type) and issubclass(kind, each)), None)
    if base is None:
        raise ParameterError(f"{kind!r} is not a kind of cell; derive a class from SpikingCells or "
                             "AnalogCells")
    owner = f"cell {kind.__name__}"
    _check_name(kind, owner)
    if "__dataclass_params__" not in vars(kind):
        raise ParameterError(f"{owner} must be a dataclass: put @dataclass(frozen=True, "
                             "kw_only=True) below @register_cell")
    _check_fields(kind, base, owner)
    missing = [name for name in _GIVEN_BY_KINDS[base] if getattr(kind, name) is getattr(base, name)]
    if missing:
        raise ParameterError(f"{owner} has no {', '.join(missing)}(); see {base.__name__}")
    if not kind.state_variables():
        raise ParameterError(f"{owner} has no state; declare one, as v_initial = initial(0.0)")
    if issubclass(kind, SpikingCells):
        _check_states(kind, owner)
    elif issubclass(kind, AnalogCells):
        _check_names_of_analog(kind, owner)
    check_free(CELLS, kind.name, kind, owner)
    CELLS[kind.name] = kind
    return kind


def _check_name(kind: type[LearningCells], owner: str) -> None:
    name = kind.name
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) \
            or name.startswith("_"):
        raise ParameterError(f"{owner}: name={name!r} must be a Python name, which the PyNN "
                             "cell type gets; give the class an attribute name")
    if name in _RESERVED:
        raise _is_reserved(owner, name, _RESERVED[name])


def _check_fields(kind: type[LearningCells], base: type[LearningCells], owner: str) -> None:
    """Raise :class:`ParameterError` for fields that no PyNN cell type can be made of."""
    of_all = {entry.name: entry for entry in dataclasses.fields(base)}
    taken: set[str] = set()
    for entry in dataclasses.fields(kind):
        row, state = parameter_of(entry), initial_state(entry)
        if entry.name in ("label", "size") and not entry.metadata:
            continue
        if not entry.metadata:
            raise ParameterError(f"{owner}: the field {entry.name!r} is none of parameter(), "
                                 "initial() and component()")
        shared = of_all.get(entry.name)
        if shared is not None:
            before = parameter_of(shared)
            if (row and row.name) != (before and before.name) or any(
                    entry.metadata.get(key) != shared.metadata.get(key)
                    for key in ("in_steps", "component")):
                raise ParameterError(f"{owner}: the field {entry.name!r} is another in every kind "
                                     "of cell; choose another name")
        elif entry.name in KEPT_BY_MACHINES or hasattr(base, entry.name):
            raise ParameterError(f"{owner}: {entry.name!r} is a name that machines use; choose "
                                 "another")
        name = row.name if row is not None else state
        if name is None:
            continue
        if name in KEPT_BY_MACHINES or not name.isidentifier() or keyword.iskeyword(name) \
                or name in ("self", "pseudo_derivative"):
            raise ParameterError(f"{owner}: {name!r} is a name that machines use, or not a Python "
                                 "name; choose another")
        if name in taken:
            raise ParameterError(f"{owner}: there are two of {name!r} among its parameters and "
                                 "state variables; choose another name for one")
        taken.add(name)
        default, unit = entry.metadata["initial"] if row is None else (row.default, row.unit)
        (row or Parameter(name, 0.0, unit, "")).check_one(default, owner)
        try:
            quantities.Quantity(1.0, unit)
        except (LookupError, TypeError, ValueError):
            raise ParameterError(f"{owner}: {name} has the unit {unit!r}, which is not known; "
                                 "choose one such as 'ms', 'mV' or 'dimensionless'") from None


def _check_states(kind: type[SpikingCells], owner: str) -> None:
    """Raise :class:`ParameterError` for names that are not those of state variables."""
    states = kind.state_variables()
    pairs = [(of, by) for of in states for by in states]
    for attribute, known in (("decays", list(states)), ("presynaptic_trace", pairs)):
        given = getattr(kind, attribute)
        if not isinstance(given, (tuple, list)) or any(each not in known for each in given):
            raise ParameterError(f"{owner}: {attribute}={given!r} must be a tuple of "
                                 + ("state variables" if attribute == "decays" else
                                    "pairs of state variables")
                                 + f"; those are {list(states)}")


def _check_names_of_analog(kind: type[AnalogCells], owner: str) -> None:
    """Raise :class:`ParameterError` for receptors, gates and state variables that cannot be."""
    for attribute in ("receptor_types", "gates"):
        given = getattr(kind, attribute)
        if not isinstance(given, (tuple, list)) or len(set(given)) < len(given) \
                or not all(isinstance(name, str) and name.isidentifier() for name in given):
            raise ParameterError(f"{owner}: {attribute}={given!r} must be a tuple of names, each "
                                 "another")
    if LEARNING_RECEPTOR not in kind.receptor_types or not kind.ports():
        raise ParameterError(f"{owner}: receptor_types={kind.receptor_types!r} must have "
                             f"{LEARNING_RECEPTOR!r}, and others for synapses")
    taken = {*KEPT_BY_MACHINES, VALUE, *kind.parameters()}
    for name in (*kind.state_variables(), *kind.gates):
        if name in taken:
            raise ParameterError(f"{owner}: {name!r} is a name that machines use, or that of a "
                                 "parameter or state variable; choose another")
        taken.add(name)


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
