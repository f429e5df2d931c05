"""Tasks by name."""

import inspect
from typing import Any, TypeVar

from pynn_eprop.errors import TaskError
from pynn_eprop.models.registering import check_free, find_named
from pynn_eprop.tasks.epoch_task import EpochTask
from pynn_eprop.tasks.measures import require_measures
from pynn_eprop.tasks.quantities import require_parameters
from pynn_eprop.tasks.task import LossTask, Task, ValidatedTask

TASKS: dict[str, type[Task]] = {}
"""All registered tasks by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Task])


def register_task(kind: _Kind) -> _Kind:
    """Make a task known by its name, in scripts and on the command line; a class decorator.

    Raises :class:`TaskError` for a class that is not a task, is incomplete, or has no name or that
    of another.
    """
    if not (isinstance(kind, type) and issubclass(kind, (LossTask, ValidatedTask, EpochTask))):
        raise TaskError(f"{kind!r} is not a task; derive a class from LossTask, "
                        "ValidatedTask or EpochTask")
    if not kind.name:
        raise TaskError(f"task {kind.__name__} has no name; give the class an attribute name")
    _require_complete(kind)
    check_free(TASKS, kind.name, kind, f"task {kind.__name__}", TaskError)
    TASKS[kind.name] = kind
    return kind


def _require_complete(kind: Any) -> None:
    """Raise :class:`TaskError` unless the class has all parts of a task."""
    owner = f"task {kind.__name__}"
    require_parameters(kind, owner, "@register_task")
    missing = [name for name in ("title", "error_name", "paper_updates")
               if not getattr(kind, name)]
    missing += [name for name in ("solved_below", "chance_level")
                if issubclass(kind, ValidatedTask) and getattr(kind, name) is None]
    if inspect.isabstract(kind):
        missing += sorted(kind.__abstractmethods__)
    if missing:
        raise TaskError(f"{owner} is not complete; give the class {', '.join(missing)}")
    require_measures(kind, owner)


def find_task(name: str) -> type[Task]:
    """The task's class by its name. Raises :class:`TaskError` for an unknown one."""
    return find_named(TASKS, name, "task")
