"""The training loop: updates in chunks, with the task's own measurements after or between them."""

import time

import numpy as np

from pynn_eprop.common.processes.started import processes
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.epochs import Epochs, stopped_early
from pynn_eprop.experiments.history import History
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.tasks.epoch_task import EpochTask
from pynn_eprop.tasks.task import Task
from pynn_eprop.tasks.trials import Responses, Trials

CHUNK_SECONDS = 0.2
CHUNK_UPDATES = 200


def finished(history: History, task: Task, configuration: Configuration) -> bool:
    """Whether all updates are done, or the run ends before, as the task is solved or not better."""
    if not configuration.keep_training:
        if history.solved_after is not None:
            return True
        if isinstance(task, EpochTask) and stopped_early(task, history):
            return True
    return history.updates >= configuration.n_updates


class Training:
    """Trains a network chunk by chunk, so that a caller can show, save or stop in between.

    The size of a chunk follows wall-clock time; results do not depend on it. epochs: None for a
    task that is not trained in epochs.
    """

    def __init__(self, network: TaskNetwork, task: Task, configuration: Configuration,
                 history: History) -> None:
        self._network = network
        self._task = task
        self._seed = configuration.seed
        self._configuration = configuration
        self.history = history
        self.epochs = Epochs(task, history, configuration.n_updates) \
            if isinstance(task, EpochTask) else None
        network.record(*task.recorded)

    @property
    def finished(self) -> bool:
        """Whether all updates and validations are done, or the run ends before.

        It does so once the task is solved, or the best epoch is long past.
        """
        if self.epochs is not None and self.epochs.due:
            return False
        return finished(self.history, self._task, self._configuration)

    def advance(self, limit: int) -> None:
        """Train for one chunk, up to update number ``limit`` at most, or validate a batch."""
        if self.epochs is not None and self.epochs.due:
            self._network.sim.set_learning(False)
            self.epochs.validate(self._play)
            self._network.sim.set_learning(True)
            return
        remaining = min(limit, self._configuration.n_updates) - self.history.updates
        if self.epochs is not None:
            self.epochs.go_on()
            remaining = min(remaining, self.epochs.updates_left())
        errors = self._train(min(remaining, self._affordable()))
        if self._task.validated:
            self.history.training_error += errors
            self._validate()
        else:
            self.history.error += errors

    def _affordable(self) -> int:
        most = self._task.updates_at_once or CHUNK_UPDATES
        if not self.history.updates or self.history.seconds <= 0.0:
            return 1
        rate = self.history.updates / self.history.seconds
        return int(np.clip(rate * CHUNK_SECONDS, 1, min(most, CHUNK_UPDATES)))

    def _train(self, n_updates: int) -> list[float]:
        """The error of each update."""
        history, started = self.history, time.perf_counter()
        trials = self._task.trials_of_updates(self._seed, history.updates, n_updates)
        responses = self._play(trials)
        history.seconds += processes().agree(time.perf_counter() - started)
        loss = responses.loss.reshape(n_updates, self._task.trials_per_update)
        history.loss += loss.mean(axis=1).tolist()
        errors = self._task.training_errors(responses, trials, self._seed)
        return np.asarray(errors).tolist()

    def _play(self, trials: Trials) -> Responses:
        self._network.run(trials)
        return self._network.take()

    def _validate(self) -> None:
        history, update = self.history, self.history.updates + 1
        self._network.sim.set_learning(False)
        validation = self._task.validate(self._seed, update, self._play,
                                         history.solved_after is not None)
        self._network.sim.set_learning(True)
        if validation.confirmation is not None:
            history.confirmations.append((update, *validation.confirmation))
        if validation.solved:
            history.solved_after = update
        history.error.append(validation.error)
