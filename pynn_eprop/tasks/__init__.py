"""What the paper trains networks on: one task a file, no simulator."""

from pynn_eprop.errors import TaskError
from pynn_eprop.tasks.feedback import FEEDBACKS, Feedback, find_feedback
from pynn_eprop.tasks.pattern_generation import PatternGeneration
from pynn_eprop.tasks.store_recall import StoreRecall

AnyTask = PatternGeneration | StoreRecall

TASKS: dict[str, type[PatternGeneration] | type[StoreRecall]] = {
    task.name: task for task in (PatternGeneration, StoreRecall)
}


def find_task(name: str) -> type[PatternGeneration] | type[StoreRecall]:
    """The task's class by its name. Raises :class:`TaskError` for an unknown one."""
    try:
        return TASKS[name]
    except (KeyError, TypeError):
        raise TaskError(f"task {name!r} is unknown; choose one of {list(TASKS)}") from None


__all__ = ["FEEDBACKS", "TASKS", "AnyTask", "Feedback", "PatternGeneration", "StoreRecall",
           "find_feedback", "find_task"]
