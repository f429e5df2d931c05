"""What of a task is decoded from eligibility traces: test simulations, and what they tell apart."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.quantities import (
    quantity,
    require_changes,
    require_numbers,
    require_positive,
    require_whole,
)
from pynn_eprop.tasks.trials import Trials

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from pynn_eprop.tasks.task import Task

ALL = "all"
"""The group of all synapses whose traces are recorded."""


@dataclass(frozen=True)
class Decoding(ABC):
    """Test simulations without learning, each with a label that a classifier finds in the traces.

    A subclass is a frozen dataclass whose fields, made with ``quantity()``, are its parameters.
    Everything random is a function of ``seed`` and of the number of updates alone.

    task: that the networks were trained on. name: of the task, for messages. title: a heading.
    updates: of the training, after which traces are decoded, 0 for before it. label: a word for
    what is decoded. origin: a phrase for the time from which delays count. paper_result: what the
    paper got.
    """

    task: "Task"
    fit_trials: int = quantity(150, "", "simulations to fit the classifiers to")
    test_trials: int = quantity(50, "", "further simulations to test them on")
    window: float = quantity(100.0, "ms", "traces are averaged over windows of this length ...")
    window_every: float = quantity(50.0, "ms", "... which begin at every multiple of this")
    sampling: float = quantity(10.0, "ms", "time between two samples of a trace")
    trace_rule: str = quantity("", "", "rule of the traces that are decoded; that of the training "
                               "if none is named")

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    updates: ClassVar[tuple[int, ...]] = ()
    label: ClassVar[str] = "label"
    origin: ClassVar[str] = "trial"
    chance_level: ClassVar[float] = 0.5
    paper_result: ClassVar[str] = ""

    def __post_init__(self) -> None:
        require_numbers(self)
        require_whole(self.fit_trials, "fit_trials", 10, self.name)
        require_whole(self.test_trials, "test_trials", 1, self.name)
        timestep = self.test_task.timestep
        for name, unit in (("sampling", timestep), ("window", self.sampling),
                           ("window_every", self.sampling)):
            value = getattr(self, name)
            require_positive(value, name, "ms", self.name)
            if abs(value / unit - round(value / unit)) > 1e-9:
                raise TaskError(f"{self.name}: {name}={value!r} ms must be a multiple of "
                                f"{unit:g} ms")
        if abs(self.trial / self.sampling - round(self.trial / self.sampling)) > 1e-9:
            raise TaskError(f"{self.name}: sampling={self.sampling!r} ms must divide a simulation "
                            f"of {self.trial:g} ms")
        if self.start + self.window > self.trial:
            raise TaskError(f"{self.name}: window={self.window!r} ms is longer than the "
                            f"{self.trial - self.start:g} ms that are decoded")

    @property
    @abstractmethod
    def test_task(self) -> "Task":
        """The task whose network runs the simulations: the same weights, other trials."""

    @property
    @abstractmethod
    def start(self) -> float:
        """Time of a simulation, in ms, from which delays count."""

    @abstractmethod
    def draw(self, seed: int, update: int, n_trials: int) -> tuple[Trials, np.ndarray]:
        """Simulations after ``update`` updates, and the label of each, a whole number."""

    @abstractmethod
    def groups(self, plan: NetworkPlan) -> dict[str, tuple[str, ...]]:
        """Labels of projections whose traces are decoded together, by name; :data:`ALL` first.

        All of them learn and lead to cells.
        """

    def draw_figure(self, results: Mapping[str, Any]) -> "Figure":
        """The figure; results: the contents of decoding.json."""
        from pynn_eprop.plotting.decoding import draw_decoding  # Matplotlib takes time to import
        return draw_decoding(self.title, self.label, self.origin, results)

    @property
    def trial(self) -> float:
        """Length of a simulation, ms."""
        return self.test_task.interval

    @property
    def delays(self) -> np.ndarray:
        """Beginning of each window, in ms from ``start``."""
        last = self.trial - self.start - self.window
        return self.window_every * np.arange(int(np.floor(last / self.window_every + 1e-9)) + 1)

    def changed(self, parameters: Mapping[str, Any]) -> "Decoding":
        """With other parameters.

        Raises :class:`TaskError` for unknown ones and for values of another kind.
        """
        require_changes(parameters, self, self.name)
        return dataclasses.replace(self, **parameters)

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """Names of the parameters."""
        return tuple(entry.name for entry in dataclasses.fields(cls) if "unit" in entry.metadata)
