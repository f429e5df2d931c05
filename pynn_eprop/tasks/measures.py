"""What a task says of the numbers in its results, by which runs can be compared."""

from typing import Any

from pynn_eprop.errors import TaskError


def said_measures(task: Any, *makers: str) -> tuple[str, ...] | None:
    """The ``measures`` of a task; None if it has results of its own and does not say which.

    What a class says holds for those derived from it, up to one that has one of the methods
    ``makers``, which give results: it says so itself.
    """
    for kind in type(task).__mro__:
        if "measures" in vars(kind):
            return tuple(task.measures)
        if any(name in vars(kind) for name in makers):
            return None
    return None


def require_measures(kind: Any, owner: str) -> None:
    """Raise :class:`TaskError` unless ``kind.measures`` are names."""
    if not isinstance(kind.measures, (tuple, list)) \
            or not all(isinstance(name, str) for name in kind.measures):
        raise TaskError(f"{owner}: measures={kind.measures!r} must be a tuple of names of numbers "
                        "in results.json")
