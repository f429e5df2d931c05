"""What the experiments ask of a task."""

from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from pynn_eprop.tasks.feedback import Feedback
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trials import Trials


class Task(Protocol):
    """A task of the paper: parameters and generators.

    Everything random is a function of ``seed`` and, for trials, of the update's number alone, so
    that an interrupted run can go on without any generator's state.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    error_name: ClassVar[str]
    paper_updates: ClassVar[int]
    paper_result: ClassVar[str]

    @property
    def n_neurons(self) -> int:
        """Spiking cells of the network."""
        ...

    @property
    def interval(self) -> float:
        """Length of a trial, ms."""
        ...

    @property
    def trials_per_update(self) -> int:
        """Trials whose gradients are summed in one update (the paper's n_batch)."""
        ...

    def network(self, seed: int, feedback: Feedback, recurrent: bool = True) -> NetworkPlan:
        """The network with its initial weights."""
        ...

    def training_trials(self, seed: int, first_update: int, n_updates: int) -> Trials:
        """Trials of the updates ``first_update`` (0, 1, ...) and the following ones."""
        ...

    def draw_example(self, seed: int) -> Trials:
        """One trial to look at."""
        ...


@runtime_checkable
class LossTask(Task, Protocol):
    """A task whose error is a function of the training loss."""

    def error_of_loss(self, loss: np.ndarray, seed: int) -> np.ndarray:
        """The error of each trial from its loss E, same shape."""
        ...


@runtime_checkable
class ValidatedTask(Task, Protocol):
    """A task whose error is the fraction of wrong answers in trials without learning.

    It counts as solved below ``solved_below``, with at least ``confirmation_answers`` answers.
    """

    solved_below: ClassVar[float]

    @property
    def validation_trials(self) -> int:
        """Trials of one validation."""
        ...

    @property
    def confirmation_answers(self) -> int:
        """Answers of the validation that decides whether the task is solved."""
        ...

    def draw_validation(self, seed: int, update: int, batch: int = 0) -> Any:
        """``validation_trials`` fresh trials (:class:`Trials`) after ``update`` updates."""
        ...

    def count_wrong(self, y: np.ndarray, trials: Any) -> tuple[int, int]:
        """(wrong answers, answers) of the readouts ``y``, shape (steps of all trials, readouts)."""
        ...
