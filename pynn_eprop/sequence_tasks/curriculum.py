"""Tasks of fresh random sequences that become harder each time that one is solved."""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pynn_eprop.errors import SimulationError, TaskError
from pynn_eprop.intervals import IntervalMachine, UnitNetwork
from pynn_eprop.intervals.network import BINARY, LOSSES, SOFTMAX
from pynn_eprop.intervals.rules import IntervalRule
from pynn_eprop.intervals.steps import as_arrays
from pynn_eprop.models.answers import ask
from pynn_eprop.sequence_tasks.course import Course, Progress, Row
from pynn_eprop.sequence_tasks.task import MINUTES, UPDATES, SequenceTask
from pynn_eprop.sequence_tasks.thinned_curve import ThinnedCurve
from pynn_eprop.tasks.quantities import quantity, require_positive, require_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Level = Mapping[str, int]
"""How hard sequences are: whole numbers by names of the task's own."""

TRAINING, EXAMPLE = 2, 3
"""Streams of random numbers of a seed, beside those of first weights."""


_LEVELS_LOOKED_AT = 1000
_TAKEN = ("length", "batches", "updates", "seconds", "explained", "error")
"""Names of entries of results beside those of a level."""


def _as_level(level: Any, owner: str) -> dict[str, int]:
    """A level, with Python's numbers. Raises :class:`TaskError` for anything else."""
    if not isinstance(level, Mapping) or not all(
            isinstance(value, (int, np.integer)) and not isinstance(value, bool)
            for value in level.values()):
        raise TaskError(f"{owner}={level!r} must be a dict of whole numbers")
    return {str(name): int(value) for name, value in level.items()}


@dataclass(frozen=True)
class Sequences:
    """A batch of sequences of one length.

    inputs: (steps, batch, inputs). targets: (steps, batch, outputs) of 0 and 1, or classes (steps,
    batch). active: (steps,), True for steps with a target.
    """

    inputs: np.ndarray
    targets: np.ndarray
    active: np.ndarray


@dataclass(frozen=True)
class CurriculumTask(SequenceTask):
    """Fresh random sequences of a level, and the next level when their error is small enough.

    A subclass defines :meth:`draw`, and :meth:`next_level` if it has several levels.

    n_inputs, n_outputs: channels. loss: "binary" (cross-entropy of outputs of 0 or 1, in bits) or
    "softmax" (of classes, in nats). first_level: the level that a training begins with.
    input_names, output_names: names of some channels by number, from 0, for the figure.
    """

    error_name: ClassVar[str] = "bits per sequence"
    ends: ClassVar[tuple[str, ...]] = (UPDATES, MINUTES)
    measures: ClassVar[tuple[str, ...]] = ("longest", "batches", "explained")
    n_inputs: ClassVar[int] = 0
    n_outputs: ClassVar[int] = 0
    loss: ClassVar[str] = BINARY
    first_level: ClassVar[Level] = {"level": 1}
    input_names: ClassVar[Mapping[int, str]] = {}
    output_names: ClassVar[Mapping[int, str]] = {}

    threshold: float = quantity(0.15, "", "a level is solved when the mean error of a window "
                                "of sequences is below this")
    window: int = quantity(256, "sequences", "size of that window, rounded up to whole batches")
    updates: int = quantity(1_000_000, "", "most updates of the weights, if a run gives no other "
                            "end")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_positive(self.threshold, "threshold", "", self.name)
        for name in ("window", "updates"):
            require_whole(getattr(self, name), name, 1, self.name)

    @classmethod
    def lacking(cls) -> list[str]:
        """As of the base class."""
        if cls.loss not in LOSSES:
            raise TaskError(f"sequence task {cls.__name__}: loss={cls.loss!r} is unknown; choose "
                            f"one of {list(LOSSES)}")
        missing = [name for name in ("n_inputs", "n_outputs", "first_level")
                   if not getattr(cls, name)]
        if "first_level" not in missing:
            owner = f"sequence task {cls.__name__}: first_level"
            taken = sorted(_as_level(cls.first_level, owner).keys() & set(_TAKEN))
            if taken:
                raise TaskError(f"{owner} has the names {taken}, which entries of length_curve "
                                "have already; choose others")
        return missing

    @abstractmethod
    def draw(self, level: Level, count: int, rng: np.random.Generator) -> Sequences:
        """``count`` random sequences of a level; all of a level have the same length."""

    def next_level(self, level: Level) -> Level | None:
        """The level after this one, under the same names; None if it is the last."""
        del level
        return None

    def sequences(self, level: Level, count: int, rng: np.random.Generator) -> Sequences:
        """What :meth:`draw` gives.

        Raises :class:`TaskError` if it does not fit, and :class:`SimulationError` for what it
        raises itself.
        """
        found = ask("", "sequence task", self, "draw", level, count, rng)
        if not isinstance(found, Sequences):
            raise TaskError(f"sequence task {self.name!r}: draw() gave {type(found).__name__}; it "
                            "must give Sequences")
        try:
            found = Sequences(*as_arrays(inputs=found.inputs, targets=found.targets,
                                         active=found.active))
        except SimulationError as error:
            raise TaskError(f"sequence task {self.name!r}: draw(): {error}") from error
        steps = len(found.active)
        shapes = {"inputs": (steps, count, self.n_inputs), "active": (steps,),
                  "targets": (steps, count) if self.loss == SOFTMAX
                  else (steps, count, self.n_outputs)}
        for name, shape in shapes.items():
            if np.shape(getattr(found, name)) != shape or not steps:
                raise TaskError(f"sequence task {self.name!r}: draw() gave {name} of shape "
                                f"{np.shape(getattr(found, name))}; {max(steps, 1)} steps of "
                                f"{count} sequences need {shape}")
        if not np.any(found.active):
            raise TaskError(f"sequence task {self.name!r}: draw() gave sequences without an active "
                            "step, so that there is nothing to learn")
        judged = found.targets[found.active.astype(bool)]
        if self.loss == BINARY and not (judged.min() >= 0 and judged.max() <= 1):
            raise TaskError(f"sequence task {self.name!r}: draw() gave targets outside 0 ... 1, "
                            f"which loss={BINARY!r} needs")
        return found

    def network(self) -> UnitNetwork:
        """LSTM units with the task's inputs and outputs."""
        return UnitNetwork(self.n_units, self.n_inputs, self.n_outputs, loss=self.loss,
                           tanh_output=self.tanh_output)

    def longest_stretch(self, rule: IntervalRule) -> int:
        """With rules that take whole sequences those of the hardest of the first levels."""
        if not rule.whole:
            return super().longest_stretch(rule)
        level = self.first_level
        for _ in range(_LEVELS_LOOKED_AT):
            following = ask("", "sequence task", self, "next_level", dict(level))
            if not isinstance(following, Mapping):
                break
            level = following
        return len(self.sequences(level, 1, np.random.default_rng(0)).active)

    def course(self, rule: IntervalRule, seed: int) -> "Curriculum":
        """From the first level on."""
        return Curriculum(self, rule, seed)

    def show(self, course: Course, machine: IntervalMachine, seed: int) -> Any:
        """A fresh sequence of the longest level that was solved, or of the first: see figure.py."""
        assert isinstance(course, Curriculum)
        level = course.best_level or dict(self.first_level)
        found = self.sequences(level, self.batch, np.random.default_rng([seed, EXAMPLE]))
        machine.start()
        y, h = machine.outputs(found.inputs)
        return level, found, y, h

    def draw_figure(self, results: Mapping[str, Any], shown: Any) -> "Figure":
        """An example, the activity of units, and the progress, as the paper's figures 4c and g."""
        from pynn_eprop.sequence_tasks.figure import draw_curriculum  # imports Matplotlib
        return draw_curriculum(self, results, *shown)

    def result_text(self, results: Mapping[str, Any]) -> str:
        """The longest sequence that was solved."""
        levels = len(results["length_curve"])
        return (f"longest sequence {results['longest']} steps "
                f"({levels} level{'' if levels == 1 else 's'})")

    def report_rows(self, results: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Longest sequence, batches, and where the training was when it ended."""
        last = results["last"]
        rows = [("longest sequence solved", f"{results['longest']} steps"),
                ("batches", f"{results['batches']:,}"),
                ("at the end", _level_text(last) + (
                    "" if last["error"] is None else f", {self.error_name} {last['error']:.3f}"))]
        return rows

    def report_sections(self, results: Mapping[str, Any]
                        ) -> Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
        """The levels that were solved."""
        rows = [(_level_text(each), f"{each['batches']:,}", f"{each['updates']:,}",
                 f"{each['seconds']:.1f}") for each in results["length_curve"]]
        return [("Solved", ("sequence", "after batches", "updates", "seconds"), rows)] \
            if rows else []


def _level_text(entry: Mapping[str, Any]) -> str:
    level = ", ".join(f"{name} {value}" for name, value in entry.items() if name not in _TAKEN)
    return f"{entry['length']} steps ({level})"


class Curriculum(Course):
    """A training through the levels of a task, a batch of sequences after the other."""

    curve_header = ("batches", "updates", "seconds", "length", "error")

    def __init__(self, task: CurriculumTask, rule: IntervalRule, seed: int) -> None:
        super().__init__()
        self.task, self._whole = task, rule.whole
        self._rng = np.random.default_rng([seed, TRAINING])
        self._batches_of_window = math.ceil(task.window / task.batch)
        self.batches = self.updates = 0
        self._window: list[float] = []
        self._latest: float | None = None
        self.solved: list[dict[str, Any]] = []
        self._curve = ThinnedCurve()
        self._explained = math.nan
        self._enter(_as_level(task.first_level, f"sequence task {task.name!r}: first_level"))

    def _enter(self, level: dict[str, int]) -> None:
        self.level = level
        self._length = len(self.task.sequences(
            level, self.task.batch, np.random.default_rng(0)).active)

    @property
    def best_level(self) -> dict[str, int] | None:
        """The longest level that was solved."""
        if not self.solved:
            return None
        longest = max(self.solved, key=lambda each: each["length"])
        return {name: longest[name] for name in self.level}

    @property
    def next_updates(self) -> int:
        """Updates of a batch."""
        return 1 if self._whole else math.ceil(self._length / self.task.interval)

    def work(self, machine: IntervalMachine) -> bool:
        """A batch of fresh sequences; a level is solved at the end of a window."""
        found = self.task.sequences(self.level, self.task.batch, self._rng)
        if len(found.active) != self._length:
            raise TaskError(f"sequence task {self.task.name!r}: draw() gave sequences of "
                            f"{len(found.active)} and of {self._length} steps at level "
                            f"{self.level}; all of a level must have the same length")
        machine.start()
        error = float(machine.train(found.inputs, found.targets, found.active))
        self.batches += 1
        self.updates = machine.updates
        if not math.isfinite(error):
            self.diverged = self.over = True
            return False
        self._window.append(error)
        if len(self._window) < self._batches_of_window:
            return False
        self._latest, self._window = float(np.mean(self._window)), []
        self._curve.add((self.batches, self.updates, self.elapsed(), self._length), self._latest)
        if self._latest >= self.task.threshold:
            return False
        self._solve(machine)
        return True

    def _solve(self, machine: IntervalMachine) -> None:
        explained = machine.explained()
        self.solved.append({
            "length": self._length, **self.level, "batches": self.batches,
            "updates": self.updates, "seconds": self.elapsed(),
            "explained": explained if math.isfinite(explained) else None})
        following = ask("", "sequence task", self.task, "next_level", dict(self.level))
        if following is None:
            self.over = True
            return
        if not isinstance(following, Mapping) or following.keys() != self.level.keys():
            raise TaskError(f"sequence task {self.task.name!r}: next_level() gave {following!r}; "
                            f"it must give a dict with {list(self.level)}, or None")
        self._latest = None
        self._enter(_as_level(following, f"sequence task {self.task.name!r}: next_level()"))

    def progress(self) -> Progress:
        """Updates so far, the length of sequences and their error."""
        error = "" if self._latest is None else f", {self.task.error_name} {self._latest:.3f}"
        return Progress(self.updates, None, f"length {self._length}{error}")

    def results(self, machine: IntervalMachine) -> dict[str, Any]:
        """Entries of results.json."""
        names = ("batches", "updates", "seconds", "length", "error")
        longest = self.best_level
        return {
            "longest": max((each["length"] for each in self.solved), default=0),
            "longest_level": longest, "length_curve": self.solved,
            "batches": self.batches,
            "last": {"length": self._length, **self.level, "error": self._latest},
            "error_curve": {name: [point[number] for point in self._curve.points]
                            for number, name in enumerate(names)},
            "explained": machine.explained(),
        }

    def curve(self) -> Sequence[Row]:
        """Means over windows."""
        return self._curve.points

    def state(self) -> dict[str, Any]:
        """As of the base class."""
        return {**self.common_state(), "level": self.level, "batches": self.batches,
                "updates": self.updates, "window": self._window, "latest": self._latest,
                "solved": self.solved, "curve": self._curve.state(),
                "random": self._rng.bit_generator.state}

    def load(self, state: Mapping[str, Any]) -> None:
        """As of the base class."""
        self.load_common(state)
        level = {str(name): int(value) for name, value in state["level"].items()}
        if level.keys() != dict(self.task.first_level).keys():
            raise ValueError(f"level {level}")
        self.batches, self.updates = int(state["batches"]), int(state["updates"])
        self._window = [*map(float, state["window"])]
        self._latest = None if state["latest"] is None else float(state["latest"])
        self.solved = [dict(each) for each in state["solved"]]
        self._curve.load(state["curve"])
        self._rng.bit_generator.state = state["random"]
        self._enter(level)
