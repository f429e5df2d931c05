"""Measurements of a training so far."""

import csv
import dataclasses
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

LAST = 50


class Epoch(NamedTuple):
    """The validation after ``update`` updates: wrong answers, answers, and E, mean over trials."""

    update: int
    wrong: int
    answers: int
    loss: float

    @property
    def error(self) -> float:
        """Fraction of wrong answers."""
        return self.wrong / self.answers


@dataclass
class History:
    """Lists with one entry per update; a list stays empty if it is not measured.

    error: the task's error (of the update's trials, or of a validation after it). loss: E, mean
    over the update's trials. training_error: error of the update's trials if ``error`` is
    a validation's. seconds: time spent in training, validations left out. confirmations:
    (update, wrong answers, answers) of each large validation. solved_after: updates, or None.
    epochs: of a task that is trained in epochs, the last of them perhaps a shorter one.
    warnings: texts of the warnings in training, also before it was interrupted.
    """

    error: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    training_error: list[float] = field(default_factory=list)
    seconds: float = 0.0
    confirmations: list[tuple[int, int, int]] = field(default_factory=list)
    solved_after: int | None = None
    warnings: list[str] = field(default_factory=list)
    epochs: list[Epoch] = field(default_factory=list)

    @property
    def updates(self) -> int:
        """Updates done."""
        return len(self.error)

    @property
    def error_last(self) -> float:
        """Mean error of the last 50 updates, or of all if there are fewer; NaN without any."""
        last = self.error[-LAST:]
        return sum(last) / len(last) if last else math.nan

    @property
    def best_epoch(self) -> Epoch | None:
        """The epoch whose weights are the result; None without any."""
        return best_of(self.epochs)

    def whole(self) -> "History":
        """This history without the measurements of an update that was not finished."""
        return dataclasses.replace(self, loss=self.loss[:self.updates],
                                   training_error=self.training_error[:self.updates])

    def as_dict(self) -> dict[str, Any]:
        """The history in types that JSON knows; floats keep all their bits."""
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> "History":
        """The opposite of :meth:`as_dict`."""
        confirmations = [tuple(entry) for entry in fields["confirmations"]]
        epochs = [Epoch(*entry) for entry in fields.get("epochs", [])]
        return cls(**(fields | {"confirmations": confirmations, "epochs": epochs}))

    def to_csv(self) -> str:
        """The learning curve as a table, one row per update (counted from 1).

        Validations after epochs stand in the row of the update before, others are empty.
        """
        columns: dict[str, list[Any]] = {
            "update": list(range(1, self.updates + 1)), "error": self.error, "loss": self.loss,
            "training_error": self.training_error}
        after = {epoch.update: epoch for epoch in self.epochs}
        if after:
            epochs = [after.get(update) for update in columns["update"]]
            columns["validation_error"] = [each and each.error for each in epochs]
            columns["validation_loss"] = [each and each.loss for each in epochs]
        present = {name: values for name, values in columns.items() if values}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(present)
        writer.writerows(zip(*present.values(), strict=True))
        return text.getvalue()


def best_of(epochs: Sequence[Epoch]) -> Epoch | None:
    """The first of the epochs with the smallest error; None without any."""
    return min(epochs, key=lambda epoch: epoch.error, default=None)
