"""The base class of tasks, and two kinds: error from the training's loss, or from a validation.

A third kind is in :mod:`pynn_eprop.tasks.epoch_task`.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.tasks.decoding import Decoding
from pynn_eprop.tasks.feedback import Feedback
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import Responses, Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Play = Callable[[Trials], Responses]
"""Runs trials on the network that is trained."""


@dataclass(frozen=True)
class Validation:
    """The results of trials without learning after an update.

    confirmation: (wrong answers, answers) of the large validation, if there was one.
    """

    error: float
    confirmation: tuple[int, int] | None = None
    solved: bool = False


@dataclass(frozen=True)
class Task(ABC):
    """Parameters and generators of a task; derive tasks from LossTask, ValidatedTask or EpochTask.

    A subclass is a frozen dataclass whose fields, made with ``quantity()``, are its parameters.
    Everything random is a function of ``seed`` and, for trials, of the update's number alone, so
    that an interrupted run can go on without any generator's state.

    name: as the command line writes it. title: a heading. error_name: the name of the error.
    chance_level: the error of a network that has learned nothing, if there is one. paper_updates,
    paper_result: the number of updates in the paper, and its result; for a task of no paper, or of
    one that has no number, paper_updates is the default. reference: the source of task and
    parameters.
    recorded: variables of readouts recorded in training. updates_at_once: most updates of one run,
    None for any number. validated: whether there are trials without learning after each update.
    in_epochs: whether there are after each epoch, as :class:`EpochTask` has them. measures: names
    of the numbers in :meth:`further_results`, for comparisons of runs.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    error_name: ClassVar[str] = ""
    chance_level: ClassVar[float | None] = None
    paper_updates: ClassVar[int] = 0
    paper_result: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    recorded: ClassVar[tuple[str, ...]] = ("loss",)
    updates_at_once: ClassVar[int | None] = None
    validated: ClassVar[bool] = False
    in_epochs: ClassVar[bool] = False
    measures: ClassVar[tuple[str, ...]] = ()

    @property
    @abstractmethod
    def n_neurons(self) -> int:
        """Spiking cells of the network."""

    @property
    @abstractmethod
    def timestep(self) -> float:
        """Time step, ms."""

    @property
    @abstractmethod
    def interval(self) -> float:
        """Length of a trial, ms."""

    @property
    @abstractmethod
    def trials_per_update(self) -> int:
        """Trials whose gradients are summed in one update (the paper's n_batch)."""

    @abstractmethod
    def network(self, seed: int, feedback: Feedback, recurrent: bool = True) -> NetworkPlan:
        """The network with its initial weights."""

    @abstractmethod
    def training_trials(self, seed: int, first_update: int, n_updates: int) -> Trials:
        """Trials of ``n_updates`` updates, the first of them number ``first_update`` (0, 1, ...).

        Several batches can be put together with ``Trials.joined()``.
        """

    def trials_of_updates(self, seed: int, first_update: int, n_updates: int) -> Trials:
        """The training trials. Raises :class:`TaskError` if their number is wrong."""
        trials = self.training_trials(seed, first_update, n_updates)
        if trials.n_trials != n_updates * self.trials_per_update:
            raise TaskError(f"task {self.name!r}: training_trials() gave {trials.n_trials} trials; "
                            f"{n_updates} updates of {self.trials_per_update} need "
                            f"{n_updates * self.trials_per_update}")
        return trials

    @abstractmethod
    def draw_example(self, seed: int) -> Trials:
        """An example trial."""

    @abstractmethod
    def training_errors(self, responses: Responses, trials: Trials, seed: int) -> np.ndarray:
        """The error of each update of ``trials``, shape (updates,)."""

    @classmethod
    def with_neurons(cls, n_neurons: int, **changes: Any) -> Self:
        """This task on a network of another size, and with other parameters changed.

        They are changed at once, as the sizes that a task can have may depend on them.
        """
        task = cls()
        if "n_neurons" not in {entry.name for entry in dataclasses.fields(task)}:
            raise TaskError(f"task {cls.name!r}: n_neurons={n_neurons!r}: its number of cells "
                            "cannot be chosen")
        return dataclasses.replace(task, **{"n_neurons": n_neurons, **changes})

    def with_free_steps(self, steps: int) -> Self:
        """This task without input in the first steps of a trial, for backends that accept none.

        The task itself if it has no input there anyway, or does not depend on it.
        """
        del steps
        return self

    def validate(self, seed: int, update: int, play: Play, solved: bool) -> Validation:
        """Trials without learning after ``update`` updates; only if the task is ``validated``.

        play: runs trials without learning. solved: the task was solved before.
        """
        raise NotImplementedError

    def decoding(self) -> Decoding | None:
        """What is decoded from eligibility traces; None: this task has no such question."""
        return None

    def data_checksum(self) -> str | None:
        """The checksum of the data that the task reads; a run goes on with the same data alone."""
        return None

    def further_results(self, answers: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Entries of results.json that only this task has.

        answers: of each test set after training, as :meth:`EpochTask.count_answers` gives them;
        empty for a task without.
        """
        del answers
        return {}

    def draw_figure(self, trials: Trials, records: Mapping[int, TrialRecord],
                    results: Mapping[str, Any]) -> "Figure":
        """The figure of a run.

        trials: those of :meth:`draw_example`. records: that trial by the number of updates done
        before it. results: the contents of results.json.
        """
        from pynn_eprop.tasks.figure import draw_task  # imports Matplotlib, which takes time
        del trials
        return draw_task(self.title, self.levels(), records, results)

    def levels(self) -> dict[str, float]:
        """Errors that the figure marks, by their names."""
        return {} if self.chance_level is None else {"nothing learned": self.chance_level}

    def lead(self, results: Mapping[str, Any]) -> str:
        """The result of a run in a sentence."""
        return f"{results['error_name']} {results['error_last50']:.4f} at the end."

    def report_rows(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The result of a run as rows of a table: quantity and value."""
        n_last = min(50, len(results["error_curve"]))
        rows = [
            (f"{results['error_name']}, mean of the last {n_last} updates",
             f"{results['error_last50']:.5f}"),
            (f"{results['error_name']}, first update", f"{results['error_curve'][0]:.4f}"),
        ]
        if self.chance_level is not None:
            rows.append((f"{results['error_name']} of a network that has learned nothing",
                         f"{self.chance_level:g}"))
        return rows


@dataclass(frozen=True)
class LossTask(Task):
    """A task whose error is a function of the training loss."""

    @abstractmethod
    def error_of_loss(self, loss: np.ndarray, seed: int) -> np.ndarray:
        """The error of each trial from its loss E, same shape."""

    def training_errors(self, responses: Responses, trials: Trials, seed: int) -> np.ndarray:
        """The mean over the trials of each update."""
        del trials
        errors = self.error_of_loss(responses.loss, seed)
        return np.asarray(errors).reshape(-1, self.trials_per_update).mean(axis=1)


@dataclass(frozen=True)
class ValidatedTask(Task):
    """A task whose error is the fraction of wrong answers in trials without learning.

    solved_below: it counts as solved below this error, with at least ``confirmation_answers``
    answers. answer_name: the noun for answers, in the plural. chance_level stands for the error
    of trials that ask for no answer.
    """

    error_name: ClassVar[str] = "misclassification rate"
    recorded: ClassVar[tuple[str, ...]] = ("loss", "y")
    updates_at_once: ClassVar[int | None] = 1
    validated: ClassVar[bool] = True
    solved_below: ClassVar[float] = None  # type: ignore[assignment]
    chance_level: ClassVar[float] = None  # type: ignore[assignment]
    answer_name: ClassVar[str] = "answers"

    @property
    @abstractmethod
    def confirmation_answers(self) -> int:
        """Answers of the validation that decides whether the task is solved."""

    @abstractmethod
    def draw_validation(self, seed: int, update: int, batch: int = 0) -> Trials:
        """Trials after ``update`` updates, not used in training or another validation.

        ``batch`` 0, 1, ... are independent of one another.
        """

    @abstractmethod
    def count_wrong(self, y: Mapping[str, np.ndarray], trials: Any) -> tuple[int, int]:
        """(wrong answers, answers) of the readouts.

        y: by label of the readouts, shape (steps of all trials, readouts). trials: as drawn.
        """

    def training_errors(self, responses: Responses, trials: Trials, seed: int) -> np.ndarray:
        """The fraction of wrong answers in the trials of one update."""
        del seed
        return np.array([self._rate(*self.count_wrong(responses.y, trials))])

    def validate(self, seed: int, update: int, play: Play, solved: bool) -> Validation:
        """A small validation, and a large one on new trials if the small one is good enough."""
        error = self._rate(*self._answers(seed, update, 0, play))
        if solved or not error < self.solved_below:
            return Validation(error)
        wrong = answers = batch = 0
        while answers < self.confirmation_answers:
            batch += 1
            more_wrong, more_answers = self._answers(seed, update, batch, play)
            wrong, answers = wrong + more_wrong, answers + more_answers
        return Validation(error, (wrong, answers), self._rate(wrong, answers) < self.solved_below)

    def _answers(self, seed: int, update: int, batch: int, play: Play) -> tuple[int, int]:
        trials = self.draw_validation(seed, update, batch)
        return self.count_wrong(play(trials).y, trials)

    def _rate(self, wrong: int, answers: int) -> float:
        """Fraction of wrong answers; chance level if nothing was asked."""
        return wrong / answers if answers else self.chance_level

    def levels(self) -> dict[str, float]:
        """Levels of every task, and the error below which it is solved."""
        return super().levels() | {"solved below": self.solved_below}

    def lead(self, results: Mapping[str, Any]) -> str:
        """Whether the task was solved, and when."""
        return (f"Solved after {results['solved_after']} updates."
                if results["solved_after"] else "Not solved.")

    def report_rows(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Rows of every task, and those of the validations."""
        rows = super().report_rows(results)
        rows.append(("solved after", f"{results['solved_after']} updates"
                     if results["solved_after"] else "not solved"))
        for entry in results["confirmations"] or []:
            rows.append((f"large validation after update {entry['update']}",
                         f"{entry['wrong']} of {entry['answers']} {self.answer_name} wrong "
                         f"({entry['wrong'] / entry['answers']:.2%})"))
        return rows
