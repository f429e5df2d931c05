"""The base class of tasks that are learned in intervals (e-prop 3)."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pynn_eprop.errors import TaskError
from pynn_eprop.intervals import (
    INTERVAL_RULES,
    IntervalLearning,
    IntervalMachine,
    SyntheticGradients,
    UnitNetwork,
)
from pynn_eprop.intervals.learning import SCHEDULES, IntervalOptimizer
from pynn_eprop.intervals.network import Arrays
from pynn_eprop.intervals.rules import IntervalRule
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.sequence_tasks.course import Course
from pynn_eprop.tasks.quantities import (
    quantity,
    require_changes,
    require_numbers,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UPDATES, MINUTES, EPOCHS = "updates", "minutes", "epochs"
ENDS = (UPDATES, MINUTES, EPOCHS)
"""Options of a run that end a training."""

_INTERVAL = "interval"
_OF_MODULE = ("eta_sg", "sg_hidden", "sg_lr", "sg_schedule", "sg_sees_state", "shuffled_sg")
"""Parameters of the error module."""
_SCHEDULES = {name.replace(" ", "-"): name for name in SCHEDULES}


@dataclass(frozen=True)
class SequenceTask(ABC):
    """Sequences that a layer of LSTM units learns, with an update after each interval.

    A subclass is a frozen dataclass; fields made with ``quantity()`` are its parameters.

    name: as the command line writes it. title: a heading. error_name: of the error in progress and
    curves. ends: the options of :data:`ENDS` that it takes. progress_unit: of :class:`Progress`.
    sizes: changes of parameters by the name of a size; the first is the default. paper_result: the
    paper's, in a few words. reference: the source. measures: names of the numbers in results of the
    course and in :meth:`further_results`, for comparisons of runs.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    error_name: ClassVar[str] = ""
    ends: ClassVar[tuple[str, ...]] = ()
    progress_unit: ClassVar[str] = "update"
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    paper_result: ClassVar[str] = ""
    reference: ClassVar[str] = ""
    measures: ClassVar[tuple[str, ...]] = ()

    n_units: int = quantity(256, "", "LSTM units of the layer, all-to-all")
    batch: int = quantity(256, "", "sequences side by side")
    interval: int = quantity(4, "steps", "dt, the steps of an interval, with an update after each")
    lr: float = quantity(1e-4, "", "learning rate")
    clip: float = quantity(0.0, "", "largest norm of the network's gradient; 0: no limit")
    tanh_output: bool = quantity(False, "", "h = o tanh(c), instead of o c as the paper has it")
    forget_bias: float = quantity(1.0, "", "initial bias of the forget gates")
    eta_sg: float = quantity(0.1, "", "factor on the error module's predictions")
    sg_hidden: int = quantity(512, "", "hidden units of the error module")
    sg_lr: float = quantity(0.0, "", "learning rate of the error module (Adam); 0: lr")
    sg_schedule: str = quantity("next-interval", "", "when the error module learns: next-interval "
                                "or extra-pass (algorithm 1)")
    sg_sees_state: bool = quantity(False, "", "the error module sees the states c, beside the "
                                   "outputs h")
    shuffled_sg: bool = quantity(False, "", "control: the error module learns targets of other "
                                 "sequences of the batch")

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("n_units", "batch", "interval", "sg_hidden"):
            require_whole(getattr(self, name), name, 1, self.name)
        require_positive(self.lr, "lr", "", self.name)
        for name in ("clip", "eta_sg", "sg_lr"):
            if getattr(self, name) < 0.0:
                raise TaskError(f"{self.name}: {name}={getattr(self, name)!r} must be >= 0")
        if self.sg_schedule not in _SCHEDULES:
            raise TaskError(f"{self.name}: sg_schedule={self.sg_schedule!r} is unknown; choose one "
                            f"of {list(_SCHEDULES)}")

    @classmethod
    def of(cls, size: str | None, rule: IntervalRule,
           parameters: Mapping[str, Any] | None = None) -> Self:
        """The task at one of its sizes, as it is learned by a rule, with parameters changed.

        Raises :class:`TaskError` for a size or parameter that is unknown or cannot be, for a rule
        that cannot learn it, and for a change of a parameter that the rule has no use for.
        """
        name = cls.size_named(size)
        task = cls(**{**cls.sizes.get(name, {}), **cls.for_rule(name, rule)})
        require_changes(parameters or {}, task, f"task {cls.name!r}")
        task = dataclasses.replace(task, **(parameters or {}))
        task.check_rule(rule)
        cls._refuse_unused(parameters or {}, rule)
        return task

    @classmethod
    def _refuse_unused(cls, changes: Mapping[str, Any], rule: IntervalRule) -> None:
        for name, value in changes.items():
            if name in _OF_MODULE and not rule.synthetic:
                others = [each.name for each in INTERVAL_RULES.values() if each.synthetic]
                raise TaskError(f"{cls.name}: {name}={value!r} is of the error module of synthetic "
                                f"gradients, which rule {rule.name!r} has not; leave it out, or "
                                f"choose one of {others}")
            if name == _INTERVAL and rule.whole:
                raise TaskError(f"{cls.name}: {name}={value!r} has no use with rule "
                                f"{rule.name!r}, which takes a whole sequence as one interval; "
                                "leave it out, or choose another rule")

    @classmethod
    def lacking(cls) -> list[str]:
        """Names of what a class must have, beside methods and title, and has not."""
        return []

    @classmethod
    def size_named(cls, size: str | None) -> str:
        """The name of a size, or of the first one. Raises :class:`TaskError`."""
        sizes = cls.sizes or {"full": {}}
        name = next(iter(sizes)) if size is None else size
        if name not in sizes:
            raise TaskError(f"task {cls.name!r} has no size {name!r}; choose one of {list(sizes)}")
        return name

    @classmethod
    def for_rule(cls, size: str, rule: IntervalRule) -> Mapping[str, Any]:
        """Changes of a size's parameters that a rule needs."""
        del size, rule
        return {}

    def check_rule(self, rule: IntervalRule) -> None:
        """Raise :class:`TaskError` if the rule cannot learn this task."""
        del rule

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name, as JSON knows them."""
        return {entry.name: list(value) if isinstance(value := getattr(self, entry.name), tuple)
                else value for entry in dataclasses.fields(self)}

    @abstractmethod
    def network(self) -> UnitNetwork:
        """The layer with its inputs and readouts."""

    def first_parameters(self, seed: int) -> Arrays:
        """The network's weights before learning."""
        return self.network().first_parameters(seed, forget_bias=self.forget_bias)

    def optimizer(self) -> IntervalOptimizer:
        """The optimiser of the network."""
        return Adam(self.lr)

    def learning(self, rule: IntervalRule) -> IntervalLearning:
        """Rule, batch, interval, optimisers and error module, from the parameters.

        Raises :class:`TaskError` for the control of a module that the rule has not.
        """
        if self.shuffled_sg and not rule.synthetic:
            raise TaskError(f"{self.name}: shuffled_sg=True is a control of synthetic gradients, "
                            f"which rule {rule.name!r} has not")
        synthetic = SyntheticGradients(
            self.sg_hidden, self.eta_sg, Adam(self.sg_lr or self.lr), self.sg_sees_state,
            _SCHEDULES[self.sg_schedule], shuffled=self.shuffled_sg) if rule.synthetic else None
        return IntervalLearning(rule, self.batch, self.interval, self.optimizer(),
                                self.clip or None, synthetic)

    def longest_stretch(self, rule: IntervalRule) -> int:
        """Steps that are learned at once at most, as far as known beforehand: an interval."""
        del rule
        return self.interval

    @abstractmethod
    def course(self, rule: IntervalRule, seed: int) -> Course:
        """A training from its beginning.

        Reads the data, if there are any; raises :class:`DataError` or :class:`TaskError` for those
        that cannot be used.
        """

    def show(self, course: Course, machine: IntervalMachine, seed: int) -> Any:
        """An example with the machine's weights, for the figure; any object."""
        del course, machine, seed

    def further_results(self, shown: Any) -> dict[str, Any]:
        """Entries of results.json from what :meth:`show` gave."""
        del shown
        return {}

    @abstractmethod
    def draw_figure(self, results: Mapping[str, Any], shown: Any) -> "Figure":
        """The figure of a result. results: of results.json. shown: of :meth:`show`."""

    @abstractmethod
    def result_text(self, results: Mapping[str, Any]) -> str:
        """The result in a few words, for the command's line and the report."""

    def report_rows(self, results: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
        """Quantities of the report with their values, as text."""
        del results
        return []

    def report_sections(self, results: Mapping[str, Any]
                        ) -> Sequence[tuple[str, Sequence[str], Sequence[Sequence[str]]]]:
        """Further tables of the report: heading, names of columns, rows."""
        del results
        return []
