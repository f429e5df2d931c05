"""The kind of task that is trained in epochs, with a validation set and test sets."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.tasks.task import Task
from pynn_eprop.tasks.trials import Responses, Trials

VALIDATION = "validation"
"""The name of the set that is answered after each epoch."""


@dataclass(frozen=True)
class EpochTask(Task):
    """A task trained in epochs, whose error is the fraction of wrong answers.

    After each epoch, and at the end, the network answers the validation set without learning. The
    weights of the epoch with the smallest error are the result of a run, and with them it answers
    the test sets. The error of an update is that of its training trials.

    answer_name: the noun for answers, in the plural.
    """

    error_name: ClassVar[str] = "error"
    recorded: ClassVar[tuple[str, ...]] = ("loss", "y")
    updates_at_once: ClassVar[int | None] = 1
    in_epochs: ClassVar[bool] = True
    answer_name: ClassVar[str] = "answers"

    @property
    @abstractmethod
    def epoch_updates(self) -> int:
        """Updates of an epoch."""

    @property
    @abstractmethod
    def patience(self) -> int:
        """Epochs without a smaller error of the validation set after which training ends."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...]:
        """What an answer can be."""

    @property
    @abstractmethod
    def test_sets(self) -> tuple[str, ...]:
        """Names of the sets that are answered after training, as parts of names in results."""

    @abstractmethod
    def n_batches(self, name: str) -> int:
        """The number of batches of a set: VALIDATION, or a test set."""

    @abstractmethod
    def draw_batch(self, name: str, batch: int) -> Trials:
        """Trials of a set; those of all batches are the whole set, the same at each call."""

    @abstractmethod
    def count_answers(self, y: Mapping[str, np.ndarray], trials: Any) -> np.ndarray:
        """How often the network gave each answer, shape (right class, class answered).

        y: by label of the readouts, shape (steps of all trials, readouts). trials: as drawn.
        """

    def training_errors(self, responses: Responses, trials: Trials, seed: int) -> np.ndarray:
        """The fraction of wrong answers in the trials of one update."""
        del seed
        return np.array([wrong_fraction(self.count_answers(responses.y, trials))])

    def lead(self, results: Mapping[str, Any]) -> str:
        """The accuracies in a sentence."""
        return f"Accuracy {accuracies(results)}." if results["epochs"] else super().lead(results)

    def report_rows(self, results: Mapping[str, Any]) -> list[tuple[str, str]]:
        """The accuracies, and what they were measured with."""
        rows = [(f"accuracy, {name.replace('_', ' ')}", f"{results[f'accuracy_{name}']:.4f}")
                for name in (VALIDATION, *self.test_sets) if f"accuracy_{name}" in results]
        rows.append(("weights", f"those after {results['best_update']} updates, the best of "
                     f"{len(results['epochs'])} validations"))
        rows.append(("training ended", f"early, after {self.patience} epochs without improvement"
                     if results["stopped_early"] else "after the last update"))
        return [*rows, *super().report_rows(results)]


def wrong_fraction(answers: np.ndarray) -> float:
    """The fraction of wrong ones of counted answers; 0 if there are none."""
    total = int(answers.sum())
    return (total - int(np.trace(answers))) / total if total else 0.0


def accuracies(results: Mapping[str, Any]) -> str:
    """The accuracies in results.json as a phrase."""
    return ", ".join(f"{value:.3f} ({name.removeprefix('accuracy_').replace('_', ' ')})"
                     for name, value in results.items()
                     if name.startswith("accuracy_") and isinstance(value, float))
