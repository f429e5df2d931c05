"""Families of tasks by name."""

import inspect
from typing import Any, TypeVar

from pynn_eprop.errors import TaskError
from pynn_eprop.families.family import Family
from pynn_eprop.models.registering import check_free, find_named
from pynn_eprop.tasks import TASKS
from pynn_eprop.tasks.quantities import require_parameters, require_sizes, require_whole

FAMILIES: dict[str, type[Family]] = {}
"""All registered families by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Family])


def register_family(kind: _Kind) -> _Kind:
    """Make a family known by its name, in scripts and on the command line; a class decorator.

    Raises :class:`TaskError` for a class that is not a family, is incomplete, or has no name or
    that of another family or task.
    """
    if not (isinstance(kind, type) and issubclass(kind, Family)):
        raise TaskError(f"{kind!r} is not a family of tasks; derive a class from Family")
    owner = f"family {kind.__name__}"
    if not kind.name:
        raise TaskError(f"{owner} has no name; give the class an attribute name")
    _require_complete(kind, owner)
    if kind.name in TASKS:
        raise TaskError(f"{owner}: the name {kind.name!r} is taken by a task; choose another")
    check_free(FAMILIES, kind.name, kind, owner, TaskError)
    FAMILIES[kind.name] = kind
    return kind


def _require_complete(kind: Any, owner: str) -> None:
    require_parameters(kind, owner, "@register_family")
    missing = [name for name in ("title", "n_outputs", "n_goals") if not getattr(kind, name)]
    missing += sorted(kind.__abstractmethods__) if inspect.isabstract(kind) else []
    if missing:
        raise TaskError(f"{owner} is not complete; give the class {', '.join(missing)}")
    for name in ("n_outputs", "n_goals"):
        require_whole(getattr(kind, name), name, 1, owner)
    if len(kind.output_names) not in (0, kind.n_outputs):
        raise TaskError(f"{owner}: output_names={kind.output_names!r} must be one name for each of "
                        f"the {kind.n_outputs} outputs, or none")
    require_sizes(kind, owner)


def find_family(name: str) -> type[Family]:
    """The family's class by its name. Raises :class:`TaskError` for an unknown one."""
    return find_named(FAMILIES, name, "family")
