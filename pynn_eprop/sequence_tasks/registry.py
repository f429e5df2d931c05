"""Tasks that are learned in intervals, by name."""

import inspect
from typing import Any, TypeVar

from pynn_eprop.errors import TaskError
from pynn_eprop.families import FAMILIES
from pynn_eprop.models.registering import check_free, find_named
from pynn_eprop.sequence_tasks.task import ENDS, SequenceTask
from pynn_eprop.tasks import TASKS
from pynn_eprop.tasks.measures import require_measures
from pynn_eprop.tasks.quantities import require_parameters, require_sizes

SEQUENCE_TASKS: dict[str, type[SequenceTask]] = {}
"""All registered sequence tasks by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[SequenceTask])


def register_sequence_task(kind: _Kind) -> _Kind:
    """Make a task known by its name, in scripts and on the command line; a class decorator.

    Raises :class:`TaskError` for a class that is not a sequence task, is incomplete, or has no name
    or that of another task or family.
    """
    if not (isinstance(kind, type) and issubclass(kind, SequenceTask)):
        raise TaskError(f"{kind!r} is not a sequence task; derive a class from CurriculumTask or "
                        "SequenceTask")
    owner = f"sequence task {kind.__name__}"
    if not kind.name:
        raise TaskError(f"{owner} has no name; give the class an attribute name")
    _require_complete(kind, owner)
    for what, taken in (("a task", TASKS), ("a family of tasks", FAMILIES)):
        if kind.name in taken:
            raise TaskError(f"{owner}: the name {kind.name!r} is taken by {what}; choose another")
    check_free(SEQUENCE_TASKS, kind.name, kind, owner, TaskError)
    SEQUENCE_TASKS[kind.name] = kind
    return kind


def _require_complete(kind: Any, owner: str) -> None:
    require_parameters(kind, owner, "@register_sequence_task")
    missing = [name for name in ("title", "error_name") if not getattr(kind, name)]
    missing += sorted(kind.__abstractmethods__) if inspect.isabstract(kind) else []
    missing += kind.lacking()
    if missing:
        raise TaskError(f"{owner} is not complete; give the class {', '.join(missing)}")
    if not kind.ends or not set(kind.ends) <= set(ENDS):
        raise TaskError(f"{owner}: ends={kind.ends!r} must be some of {list(ENDS)}")
    require_sizes(kind, owner)
    require_measures(kind, owner)


def find_sequence_task(name: str) -> type[SequenceTask]:
    """The task's class by its name. Raises :class:`TaskError` for an unknown one."""
    return find_named(SEQUENCE_TASKS, name, "sequence task")
