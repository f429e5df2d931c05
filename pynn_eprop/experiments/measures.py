"""The numbers in results.json by which runs of a task can be compared, as known before a run."""

from pynn_eprop.tasks.epoch_task import VALIDATION, EpochTask
from pynn_eprop.tasks.measures import said_measures
from pynn_eprop.tasks.task import Task

_OF_ALL = ("error_last50", "solved_after", "seconds_training", "neurons")
_IN_EPOCHS = ("best_update", "epoch_updates")


def measures_of_task(task: Task) -> tuple[str, ...] | None:
    """Their names; None if the task has results of its own and does not say which.

    Raises :class:`DataError` if the test sets are those of data that cannot be read.
    """
    said = said_measures(task, "further_results")
    if said is None:
        return None
    epochs: tuple[str, ...] = ()
    if isinstance(task, EpochTask):
        epochs = (*(f"accuracy_{name}" for name in (VALIDATION, *task.test_sets)), *_IN_EPOCHS)
    return (*epochs, *_OF_ALL, *said)
