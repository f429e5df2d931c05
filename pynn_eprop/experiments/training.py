"""The training loop: updates in chunks, validation, and the decision that a task is solved."""

import time

import numpy as np

from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.history import History
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.tasks.task import LossTask, Task, ValidatedTask

CHUNK_SECONDS = 0.2
CHUNK_UPDATES = 200


class Training:
    """Trains a network chunk by chunk, so that a caller can show, save or stop in between.

    The size of a chunk follows the clock on the wall; results do not depend on it.
    """

    def __init__(self, network: TaskNetwork, task: Task, configuration: Configuration,
                 history: History) -> None:
        self._network = network
        self._task = task
        self._seed = configuration.seed
        self._configuration = configuration
        self.history = history
        self._recorded = ["loss", "y"] if isinstance(task, ValidatedTask) else ["loss"]
        network.readout.record(self._recorded)

    @property
    def finished(self) -> bool:
        """All updates are done, or the task is solved and that was the point."""
        solved = self.history.solved_after is not None
        if solved and not self._configuration.keep_training:
            return True
        return self.history.updates >= self._configuration.n_updates

    def advance(self, limit: int) -> None:
        """Train for one chunk, up to update number ``limit`` at most."""
        remaining = min(limit, self._configuration.n_updates) - self.history.updates
        if isinstance(self._task, ValidatedTask):
            self._train_and_validate(self._task)
        else:
            assert isinstance(self._task, LossTask)
            self._train_by_loss(self._task, min(remaining, self._affordable()))

    def _affordable(self) -> int:
        if not self.history.updates or self.history.seconds <= 0.0:
            return 1
        rate = self.history.updates / self.history.seconds
        return int(np.clip(rate * CHUNK_SECONDS, 1, CHUNK_UPDATES))

    def _train(self, n_updates: int) -> tuple[object, list[np.ndarray]]:
        started = time.perf_counter()
        trials = self._task.training_trials(self._seed, self.history.updates, n_updates)
        self._network.run(trials)
        taken = self._network.take(*self._recorded)
        self.history.seconds += time.perf_counter() - started
        loss = taken[0].reshape(n_updates, self._task.trials_per_update)
        self.history.loss += loss.mean(axis=1).tolist()
        return trials, taken

    def _train_by_loss(self, task: LossTask, n_updates: int) -> None:
        _, (loss,) = self._train(n_updates)
        errors = task.error_of_loss(loss, self._seed).reshape(n_updates, -1)
        self.history.error += errors.mean(axis=1).tolist()

    def _train_and_validate(self, task: ValidatedTask) -> None:
        history = self.history
        trials, (_, y) = self._train(1)
        history.training_error.append(_rate(*task.count_wrong(y, trials)))
        update = history.updates + 1
        self._network.sim.set_learning(False)
        error = _rate(*self._validate(task, update, 0))
        if history.solved_after is None and error < task.solved_below:
            wrong, answers = self._confirm(task, update)
            history.confirmations.append((update, wrong, answers))
            if _rate(wrong, answers) < task.solved_below:
                history.solved_after = update
        self._network.sim.set_learning(True)
        history.error.append(error)

    def _validate(self, task: ValidatedTask, update: int, batch: int) -> tuple[int, int]:
        trials = task.draw_validation(self._seed, update, batch)
        self._network.run(trials)
        _, y = self._network.take(*self._recorded)
        return task.count_wrong(y, trials)

    def _confirm(self, task: ValidatedTask, update: int) -> tuple[int, int]:
        """Validate on fresh trials until there are enough answers."""
        wrong = answers = batch = 0
        while answers < task.confirmation_answers:
            batch += 1
            more_wrong, more_answers = self._validate(task, update, batch)
            wrong, answers = wrong + more_wrong, answers + more_answers
        return wrong, answers


def _rate(wrong: int, answers: int) -> float:
    """Fraction of wrong answers; chance level where nothing was asked."""
    return wrong / answers if answers else 0.5
