"""Error modules by name."""

import inspect
from typing import TypeVar

from pynn_eprop.errors import TaskError
from pynn_eprop.learning_to_learn.error_modules.kind import ErrorModule
from pynn_eprop.models.registering import check_free, find_named

ERROR_MODULES: dict[str, type[ErrorModule]] = {}
"""All registered error modules by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[ErrorModule])


def register_error_module(kind: _Kind) -> _Kind:
    """Make an error module known by its name, on the command line too; a class decorator.

    Raises :class:`TaskError` for a class that is none, is incomplete, or has no name or that of
    another.
    """
    if not (isinstance(kind, type) and issubclass(kind, ErrorModule)):
        raise TaskError(f"{kind!r} is not an error module; derive a class from ErrorModule or "
                        "NetworkModule")
    owner = f"error module {kind.__name__}"
    if not kind.name:
        raise TaskError(f"{owner} has no name; give the class an attribute name")
    if inspect.isabstract(kind):
        raise TaskError(f"{owner} is not complete; give the class "
                        f"{', '.join(sorted(kind.__abstractmethods__))}")
    check_free(ERROR_MODULES, kind.name, kind, owner, TaskError)
    ERROR_MODULES[kind.name] = kind
    return kind


def find_error_module(name: str) -> ErrorModule:
    """The error module of that name. Raises :class:`TaskError` for an unknown one."""
    return find_named(ERROR_MODULES, name, "error module")()
