"""The training of word prediction: epochs over one long text, with a falling learning rate."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from pynn_eprop.intervals import IntervalMachine
from pynn_eprop.sequence_tasks.course import Course, Progress, Row
from pynn_eprop.sequence_tasks.word_prediction.corpus import TEST, TRAINING, VALIDATION, Corpus

if TYPE_CHECKING:
    from pynn_eprop.sequence_tasks.word_prediction.task import WordPrediction

PIECE = 64
"""Intervals in a piece of work."""
_ORDER = (TRAINING, VALIDATION, TEST)


def rows_of(words: np.ndarray, batch: int) -> tuple[np.ndarray, np.ndarray]:
    """Words to be read and those that follow them, (steps, batch): the text cut in equal rows.

    Up to ``batch`` words at the end are left out.
    """
    steps = (len(words) - 1) // batch
    return tuple(np.ascontiguousarray(words[begin:begin + steps * batch].reshape(batch, steps).T)
                 for begin in (0, 1))  # type: ignore[return-value]


class Epochs(Course):
    """Epochs of training, each followed by the perplexity on validation and test set.

    States and traces are 0 at the start of each epoch, and of each set. In training, the steps
    after the last whole interval of an epoch are left out.
    """

    curve_header = ("epoch", "rate", "perplexity_training", "perplexity_validation",
                    "perplexity_test", "seconds", "words_per_second", "explained")

    def __init__(self, task: "WordPrediction", corpus: Corpus) -> None:
        super().__init__()
        self.task, self.corpus = task, corpus
        self.rows = {name: rows_of(words, task.batch) for name, words in corpus.sets.items()}
        self._steps = {name: len(read) for name, (read, _) in self.rows.items()}
        self._steps[TRAINING] -= self._steps[TRAINING] % task.interval
        self.done = 0
        self._part, self._at, self._sum = TRAINING, 0, 0.0
        self._found: dict[str, float] = {}
        self._training_seconds = self._all_training_seconds = 0.0
        self.updates = 0
        self.epochs: list[dict[str, Any]] = []

    @property
    def about(self) -> dict[str, Any]:
        """The corpus."""
        return {"corpus": self.corpus.about}

    @property
    def data_checksum(self) -> str:
        """Of the text."""
        return self.corpus.checksum

    @property
    def next_updates(self) -> int:
        """Updates of a piece."""
        return PIECE if self._part == TRAINING else 0

    @property
    def best(self) -> dict[str, Any] | None:
        """The epoch with the smallest perplexity on the validation set."""
        return min(self.epochs, key=lambda each: each["perplexity_validation"], default=None)

    def work(self, machine: IntervalMachine) -> bool:
        """Some intervals of training, or as many steps of a set that is answered."""
        read, following = self.rows[self._part]
        end = min(self._at + PIECE * self.task.interval, self._steps[self._part])
        piece = slice(self._at, end)
        active = np.ones(end - self._at, bool)
        if self._at == 0:
            machine.start()
        if self._part == TRAINING:
            begun = self.elapsed()
            error = machine.train(read[piece], following[piece], active,
                                  end == self._steps[TRAINING], self.task.rate(self.done))
            self._training_seconds += self.elapsed() - begun
            self.updates = machine.updates
        else:
            error = machine.evaluate(read[piece], following[piece], active)
        self._sum += float(error)
        self._at = end
        if not math.isfinite(self._sum):
            self.diverged = self.over = True
            return False
        return end == self._steps[self._part] and self._end_part(machine)

    def _end_part(self, machine: IntervalMachine) -> bool:
        """Go on to the next set; after the last one, return whether the epoch is the best."""
        loss = self._sum / self._steps[self._part]
        perplexity = math.exp(loss) if loss < 700.0 else math.inf
        self._found[f"perplexity_{self._part}"] = perplexity
        if not math.isfinite(perplexity):
            self.diverged = self.over = True
            return False
        if self._part == TRAINING:
            explained = machine.explained()
            if math.isfinite(explained):
                self._found["explained"] = explained
        self._at, self._sum = 0, 0.0
        if self._part != TEST:
            self._part = _ORDER[_ORDER.index(self._part) + 1]
            return False
        words = self._steps[TRAINING] * self.task.batch
        self.epochs.append({
            "epoch": self.done + 1, "rate": self.task.lr * self.task.rate(self.done),
            **self._found, "explained": self._found.get("explained"), "seconds": self.elapsed(),
            "words_per_second": words / max(self._training_seconds, 1e-9)})
        self._all_training_seconds += self._training_seconds
        self._part, self._found, self._training_seconds = TRAINING, {}, 0.0
        self.done += 1
        self.over = self.done >= self.task.epochs
        return self.best is self.epochs[-1]

    def progress(self) -> Progress:
        """Words so far of those of all sets in all epochs."""
        each = [self._steps[name] for name in _ORDER]
        before = sum(each[:_ORDER.index(self._part)]) if not self.over else 0
        done = (self.done * sum(each) + before + self._at) * self.task.batch
        total = self.task.epochs * sum(each) * self.task.batch
        text = f"epoch {min(self.done + 1, self.task.epochs)}/{self.task.epochs}"
        if self._at and self._sum / self._at < 700.0:
            text += f", {self._part} perplexity {math.exp(self._sum / self._at):.1f}"
        if self.best is not None:
            text += f", best on validation {self.best['perplexity_validation']:.1f}"
        return Progress(done, total, text)

    def results(self, machine: IntervalMachine) -> dict[str, Any]:
        """Entries of results.json."""
        del machine
        best = self.best or {}
        words = self._steps[TRAINING] * self.task.batch * self.done
        return {
            "perplexity_validation": best.get("perplexity_validation"),
            "perplexity_test": best.get("perplexity_test"),
            "best_epoch": best.get("epoch"), "epochs": self.done, "curve": self.epochs,
            "words_per_second": words / self._all_training_seconds if words else None,
            "explained": best.get("explained"),
        }

    def curve(self) -> Sequence[Row]:
        """An epoch in each row."""
        return [[each[name] for name in self.curve_header] for each in self.epochs]

    def state(self) -> dict[str, Any]:
        """As of the base class."""
        return {**self.common_state(), "done": self.done, "part": self._part, "at": self._at,
                "sum": self._sum, "found": self._found, "updates": self.updates,
                "training_seconds": self._training_seconds,
                "all_training_seconds": self._all_training_seconds, "epochs": self.epochs}

    def load(self, state: Mapping[str, Any]) -> None:
        """As of the base class."""
        self.load_common(state)
        self.done, self._at = int(state["done"]), int(state["at"])
        if state["part"] not in _ORDER:
            raise ValueError(f"part {state['part']!r}")
        self._part, self._sum = state["part"], float(state["sum"])
        self._found = {str(name): float(value) for name, value in state["found"].items()}
        self.updates = int(state["updates"])
        self._training_seconds = float(state["training_seconds"])
        self._all_training_seconds = float(state["all_training_seconds"])
        self.epochs = [dict(each) for each in state["epochs"]]
