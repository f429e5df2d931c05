"""Epochs of a training: when one ends, what its validation says, when the best is long past."""

from collections.abc import Iterator

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.experiments.history import Epoch, History, best_of
from pynn_eprop.tasks.epoch_task import VALIDATION, EpochTask
from pynn_eprop.tasks.quantities import require_whole
from pynn_eprop.tasks.task import Play


def check_epochs(task: EpochTask) -> None:
    """Raise :class:`TaskError` unless the task has epochs, and batches of all of its sets.

    Also whatever it raises itself if it has no such set.
    """
    for name in ("epoch_updates", "patience"):
        require_whole(getattr(task, name), name, 1, f"task {task.name!r}")
    for name in (VALIDATION, *task.test_sets):
        if task.n_batches(name) < 1:
            raise TaskError(f"task {task.name!r}: its set {name!r} is empty, so that there is "
                            "nothing to answer; give it trials" + (
                                "" if name == VALIDATION else ", or leave it out of test_sets"))


class SetAnswers:
    """The answers to a set of trials, batch by batch, so that a caller can stop in between.

    answers: counted so far, as :meth:`EpochTask.count_answers` gives them.
    """

    def __init__(self, task: EpochTask, name: str) -> None:
        self._task, self._name = task, name
        self._batch = 0
        self._losses: list[np.ndarray] = []
        self.answers = np.zeros((len(task.classes),) * 2, dtype=np.int64)

    @property
    def complete(self) -> bool:
        """Whether all of the set was answered."""
        return self._batch >= self._task.n_batches(self._name)

    def advance(self, play: Play) -> None:
        """Answer the next batch."""
        trials = self._task.draw_batch(self._name, self._batch)
        responses = play(trials)
        self.answers += self._task.count_answers(responses.y, trials)
        self._losses.append(responses.loss)
        self._batch += 1

    def as_epoch(self, update: int) -> Epoch:
        """The answers as those after so many updates."""
        total = int(self.answers.sum())
        return Epoch(update, total - int(np.trace(self.answers)), total,
                     float(np.concatenate(self._losses).mean()))


class Epochs:
    """Epochs as a function of a history, and the validation that is in progress.

    An epoch ends every ``task.epoch_updates`` updates; the updates left at the end of a training
    are one, too. If the training goes on after all, that one has not been: so a training that was
    lengthened is the one in one go.
    """

    def __init__(self, task: EpochTask, history: History, n_updates: int) -> None:
        self._task, self._history, self._n_updates = task, history, n_updates
        self._validation: SetAnswers | None = None

    @property
    def due(self) -> bool:
        """Whether a validation has to come before anything else."""
        updates = self._history.updates
        ended = updates >= self._n_updates or updates % self._task.epoch_updates == 0
        return updates > 0 and ended and \
            all(epoch.update != updates for epoch in self._history.epochs)

    @property
    def kept(self) -> set[int]:
        """Updates whose weights are to be kept: the best epoch's, also if training goes on."""
        best = (self._history.best_epoch, best_of(whole_epochs(self._task, self._history)))
        return {epoch.update for epoch in best if epoch is not None}

    def updates_left(self) -> int:
        """Updates to the end of the epoch."""
        return self._task.epoch_updates - self._history.updates % self._task.epoch_updates

    def go_on(self) -> None:
        """Forget the epoch at the end of a training that goes on."""
        self._history.epochs[:] = whole_epochs(self._task, self._history)

    def validate(self, play: Play) -> None:
        """Answer a batch of the validation set; with the last one, enter the epoch."""
        if self._validation is None:
            self._validation = SetAnswers(self._task, VALIDATION)
        self._validation.advance(play)
        if self._validation.complete:
            self._history.epochs.append(self._validation.as_epoch(self._history.updates))
            self._validation = None


def stopped_early(task: EpochTask, history: History) -> bool:
    """Whether the best of the whole epochs of a history lies ``task.patience`` of them back."""
    epochs = whole_epochs(task, history)
    best = best_of(epochs)
    return best is not None and \
        sum(epoch.update > best.update for epoch in epochs) >= task.patience


def whole_epochs(task: EpochTask, history: History) -> list[Epoch]:
    """The epochs of a history without one that the end of the training cut short."""
    return [epoch for epoch in history.epochs if epoch.update % task.epoch_updates == 0]


def answers_to_tests(task: EpochTask, play: Play) -> Iterator[dict[str, np.ndarray]]:
    """Answer the test sets batch by batch; each time the answers so far, by name of the set."""
    answers: dict[str, np.ndarray] = {}
    for name in task.test_sets:
        test = SetAnswers(task, name)
        answers[name] = test.answers
        while not test.complete:
            test.advance(play)
            yield answers
