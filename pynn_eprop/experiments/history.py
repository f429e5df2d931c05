"""Measurements of a training so far."""

import csv
import dataclasses
import io
import math
from dataclasses import dataclass, field
from typing import Any

LAST = 50


@dataclass
class History:
    """Lists with one entry per update; a list stays empty if it is not measured.

    error: the task's error (of the update's trials, or of a validation after it). loss: E, mean
    over the update's trials. training_error: error of the update's trials if ``error`` is
    a validation's. seconds: time spent in training, validations left out. confirmations:
    (update, wrong answers, answers) of each large validation. solved_after: updates, or None.
    warnings: texts of the warnings in training, also before it was interrupted.
    """

    error: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    training_error: list[float] = field(default_factory=list)
    seconds: float = 0.0
    confirmations: list[tuple[int, int, int]] = field(default_factory=list)
    solved_after: int | None = None
    warnings: list[str] = field(default_factory=list)

    @property
    def updates(self) -> int:
        """Updates done."""
        return len(self.error)

    @property
    def error_last(self) -> float:
        """Mean error of the last 50 updates, or of all if there are fewer; NaN without any."""
        last = self.error[-LAST:]
        return sum(last) / len(last) if last else math.nan

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
        return cls(**(fields | {"confirmations": confirmations}))

    def to_csv(self) -> str:
        """The learning curve as a table, one row per update (counted from 1)."""
        columns = {"update": list(range(1, self.updates + 1)), "error": self.error,
                   "loss": self.loss, "training_error": self.training_error}
        present = {name: values for name, values in columns.items() if values}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(present)
        writer.writerows(zip(*present.values(), strict=True))
        return text.getvalue()
