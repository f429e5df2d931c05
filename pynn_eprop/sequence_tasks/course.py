"""A training under way: the next piece of work, and what came of those before."""

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynn_eprop.intervals import IntervalMachine

Row = Sequence[float | int | None]


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    done: of ``total``, in units of the task (:attr:`SequenceTask.progress_unit`). total: None if
    nobody knows. text: the latest error and where the training is.
    """

    done: int
    total: int | None
    text: str


class Course(ABC):
    """The work of a training, piece by piece, with all that decides how it goes on.

    The same machine does all pieces. seconds: time in them so far, by ``clock``. over: whether the
    task's own end is reached. diverged: whether an error was not finite, which ends it, too.
    """

    curve_header: Sequence[str] = ()

    def __init__(self) -> None:
        self.clock: Callable[[], float] = time.perf_counter
        self.seconds = 0.0
        self.over = False
        self.diverged = False
        self._begun = 0.0

    @property
    def about(self) -> Mapping[str, Any]:
        """Entries of results.json that are known before the work, such as the data."""
        return {}

    @property
    def data_checksum(self) -> str | None:
        """Of the data that are read, if there are any: a run goes on with the same data alone."""
        return None

    @property
    @abstractmethod
    def next_updates(self) -> int:
        """Updates of the next piece, at most."""

    @abstractmethod
    def work(self, machine: IntervalMachine) -> bool:
        """Do the next piece; return whether the machine now has the best weights so far."""

    def advance(self, machine: IntervalMachine) -> bool:
        """:meth:`work`, timed."""
        self._begun = self.clock()
        best = self.work(machine)
        self.seconds += self.clock() - self._begun
        return best

    def elapsed(self) -> float:
        """Seconds of work so far, within a piece."""
        return self.seconds + self.clock() - self._begun

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What :meth:`load` goes on from, as JSON knows it."""

    @abstractmethod
    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a state. Raises KeyError, TypeError or ValueError for one that is damaged."""

    @abstractmethod
    def progress(self) -> Progress:
        """How far it is."""

    @abstractmethod
    def results(self, machine: IntervalMachine) -> dict[str, Any]:
        """Entries of results.json."""

    @abstractmethod
    def curve(self) -> Sequence[Row]:
        """Rows of learning_curve.csv, None for an empty field."""

    def common_state(self) -> dict[str, Any]:
        """The part of :meth:`state` that every course has."""
        return {"seconds": self.seconds, "over": self.over, "diverged": self.diverged}

    def load_common(self, state: Mapping[str, Any]) -> None:
        """Take over :meth:`common_state`."""
        self.seconds = float(state["seconds"])
        self.over, self.diverged = bool(state["over"]), bool(state["diverged"])
