"""Parameters of a task as dataclass fields with a unit and a meaning."""

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pynn_eprop.errors import TaskError


def quantity(default: Any, unit: str, meaning: str) -> Any:
    """A dataclass field with its unit ("" for a pure number) and meaning."""
    return field(default=default, metadata={"unit": unit, "meaning": meaning})


@dataclass(frozen=True)
class Row:
    """One parameter as it appears in reports."""

    name: str
    value: Any
    unit: str
    meaning: str


def parameter_table(task: Any) -> list[Row]:
    """The parameters of a task object, in the order of its definition."""
    return [
        Row(entry.name, getattr(task, entry.name), entry.metadata["unit"],
            entry.metadata["meaning"])
        for entry in dataclasses.fields(task)
        if "unit" in entry.metadata
    ]


def same_kind(value: Any, default: Any) -> bool:
    """Whether ``value`` is a number, as the default is, or whatever else that is.

    That may be a text, numbers, or True or False.
    """
    if isinstance(default, bool):
        return isinstance(value, bool)
    if isinstance(default, str):
        return isinstance(value, str)
    if isinstance(default, tuple):
        return isinstance(value, (tuple, list)) and all(same_kind(v, 0.0) for v in value)
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:       # a whole number beyond the largest of float64
        return False


def require_numbers(task: Any) -> None:
    """Raise :class:`TaskError` unless each parameter of a task is of the kind of its default.

    Numbers have to be finite.
    """
    for entry in dataclasses.fields(task):
        if entry.default is dataclasses.MISSING:
            continue
        value = getattr(task, entry.name)
        if not same_kind(value, entry.default) or not all(
                isinstance(each, str) or _is_finite(each)
                for each in (value if isinstance(value, (tuple, list)) else (value,))):
            unit = entry.metadata.get("unit", "")
            raise TaskError(f"{task.name}: {entry.name}={value!r}{' ' * bool(unit)}{unit} is not "
                            f"a finite value like {entry.default!r}")


def require_parameters(kind: Any, owner: str, register: str) -> None:
    """Raise :class:`TaskError` unless a class is a frozen dataclass with defaults for all fields.

    register: the decorator that registers it, for the message.
    """
    parameters = vars(kind).get("__dataclass_fields__")
    if parameters is None or not kind.__dataclass_params__.frozen:
        raise TaskError(f"{owner} is not a frozen dataclass; decorate the class with "
                        f"@dataclass(frozen=True), below {register}")
    for entry in parameters.values():
        if entry.default is dataclasses.MISSING and entry.default_factory is dataclasses.MISSING:
            raise TaskError(f"{owner}: parameter {entry.name!r} has no default; give it one with "
                            "quantity(default, unit, meaning)")


def require_sizes(kind: Any, owner: str) -> None:
    """Raise :class:`TaskError` unless ``kind.sizes`` are tables of its parameters, by name."""
    if not isinstance(kind.sizes, Mapping) or not all(
            isinstance(changes, Mapping) for changes in kind.sizes.values()):
        raise TaskError(f"{owner}: sizes={kind.sizes!r} must be tables of parameters by the name "
                        "of a size")
    for size, parameters in kind.sizes.items():
        unknown = sorted(parameters.keys() - {entry.name for entry in dataclasses.fields(kind)})
        if unknown:
            raise TaskError(f"{owner}: size {size!r} has the parameters {unknown}, which it has "
                            "not")


def require_changes(changes: Mapping[str, Any], task: Any, owner: str) -> None:
    """Raise :class:`TaskError` unless ``task`` has these parameters, with values of the same kind.

    task: a dataclass object with values so far.
    """
    known = {entry.name for entry in dataclasses.fields(task)}
    for name, value in changes.items():
        if name not in known:
            raise TaskError(f"{owner} has no parameter {name!r}; choose one of {sorted(known)}")
        if not same_kind(value, getattr(task, name)):
            raise TaskError(f"{owner}: {name}={value!r} is not a value like "
                            f"{getattr(task, name)!r}")


def require_whole(value: object, name: str, minimum: int, owner: str) -> None:
    """Raise :class:`TaskError` unless ``value`` is a whole number >= ``minimum``."""
    if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
        raise TaskError(f"{owner}: {name}={value!r} must be a whole number >= {minimum}")


def require_positive(value: float, name: str, unit: str, owner: str) -> None:
    """Raise :class:`TaskError` unless ``value`` is a finite number > 0."""
    if not 0.0 < value < float("inf"):
        raise TaskError(f"{owner}: {name}={value!r} {unit} must be a finite number > 0")
