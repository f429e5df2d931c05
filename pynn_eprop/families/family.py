"""The base class of families of tasks, each learned from one trial (e-prop 2, figure 3a)."""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from pynn_eprop.errors import TaskError, UnsupportedError
from pynn_eprop.families.trial import OneShotTrial
from pynn_eprop.models.answers import ask
from pynn_eprop.models.time_grid import off_grid, whole_steps
from pynn_eprop.tasks.clock import clock_times
from pynn_eprop.tasks.quantities import (
    quantity,
    require_changes,
    require_numbers,
    require_positive,
    require_whole,
)

if TYPE_CHECKING:
    from matplotlib.animation import Animation
    from matplotlib.figure import Figure

Tasks = Mapping[str, Any]
"""Arrays by name; of several tasks with a first axis for them."""

STEPS, COSINE = "steps", "cosine"


@dataclass(frozen=True)
class Family(ABC):
    """Tasks that are drawn at random, and the network that learns each of them in one trial.

    The learner is a population of LIF cells with a clock as input and readouts y. It runs a
    training trial, in which an error module sends it learning signals, gets one weight update, and
    runs a test trial. The module sees the clock, the learner's spikes and :meth:`goal`.

    A subclass is a frozen dataclass; fields made with ``quantity()`` are its parameters. It defines
    :meth:`draw`, :meth:`loss` and :meth:`error`. These three and :meth:`goal` read tasks with keys
    of their own; the last three are for one task, in NumPy or, for the outer loop, ``jax.numpy``,
    which they get as ``xp``.

    name: as the command line writes it. title: a heading. error_name: of :meth:`error`.
    n_outputs: readouts. n_goals: numbers of a goal at each step. output_names: of the readouts, for
    figures. sizes: parameters by the name of a
    size; the first is the default. paper_result: what the paper got. reference: the source.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    error_name: ClassVar[str] = "mse"
    n_outputs: ClassVar[int] = 0
    n_goals: ClassVar[int] = 0
    output_names: ClassVar[tuple[str, ...]] = ()
    sizes: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    paper_result: ClassVar[str] = ""
    reference: ClassVar[str] = ""

    n_neurons: int = quantity(400, "", "LIF cells of the learner, all-to-all")
    n_module: int = quantity(300, "", "LIF cells of a spiking error module, all-to-all")
    timestep: float = quantity(1.0, "ms", "time step")
    interval: float = quantity(500.0, "ms", "length of a trial")
    n_inputs: int = quantity(20, "", "clock inputs, in equal groups")
    n_groups: int = quantity(5, "", "groups of the clock, active one after the other")
    clock_period: float = quantity(10.0, "ms", "between the spikes of an active input (100 Hz)")
    tau_m: float = quantity(20.0, "ms", "membrane time constant of all cells")
    tau_refrac: float = quantity(5.0, "ms", "refractory period of all cells")
    v_thresh: float = quantity(0.4, "", "firing threshold of all cells")
    tau_out: float = quantity(20.0, "ms", "time constant of the learner's readouts")
    tau_signal: float = quantity(20.0, "ms", "time constant of the learning signals (alpha_e)")
    rate: float = quantity(1e-4, "", "eta of the weight update (eq. 59) of a learner of 400 cells; "
                           "one of n cells has 400 / n times that")
    gain: float = quantity(0.0, "", "factor on the learning signals; 0: that of the error module")
    output_width: float = quantity(5.0, "", "initial weights onto the learner's readouts: this "
                                   "times N(0, 1) / sqrt(inputs)")
    goal_width: float = quantity(0.3, "", "likewise from the goal onto a spiking error module")
    f_target: float = quantity(20.0, "Hz", "target rate of the learner")
    f_target_module: float = quantity(10.0, "Hz", "target rate of the error module's cells")
    c_reg: float = quantity(0.25, "", "lambda of eq. 61, times the sum over cells of (f_j - "
                            "target)^2, rates in Hz")
    batch: int = quantity(200, "tasks", "in one iteration of the outer loop")
    iterations: int = quantity(10000, "", "of the outer loop")
    lr: float = quantity(0.0015, "", "Adam's learning rate in the outer loop")
    decay: str = quantity(STEPS, "", f"how it falls: {STEPS!r}, or {COSINE!r} to 0 at the end")
    lr_factor: float = quantity(0.95, "", f"factor on it if decay={STEPS!r} ...")
    lr_every: int = quantity(300, "iterations", "... after every so many")
    clip: float = quantity(10.0, "", "longest gradient of the outer loop; longer ones are scaled")

    def __post_init__(self) -> None:
        require_numbers(self)
        for name in ("n_neurons", "n_module"):      # one cell has no recurrent synapse
            require_whole(getattr(self, name), name, 2, self.name)
        for name in ("n_inputs", "n_groups", "batch", "iterations", "lr_every"):
            require_whole(getattr(self, name), name, 1, self.name)
        require_whole(self.n_inputs // self.n_groups, "n_inputs / n_groups", 1, self.name)
        for name in ("timestep", "interval", "clock_period", "tau_m", "tau_out", "tau_signal"):
            require_positive(getattr(self, name), name, "ms", self.name)
        for name in ("v_thresh", "rate", "lr", "lr_factor", "clip"):
            require_positive(getattr(self, name), name, "", self.name)
        for name in ("tau_refrac", "gain", "output_width", "goal_width", "f_target",
                     "f_target_module", "c_reg"):
            if getattr(self, name) < 0.0:
                raise TaskError(f"{self.name}: {name}={getattr(self, name)!r} must be >= 0")
        _, off = whole_steps(self.interval, self.timestep)
        if off:
            raise TaskError(f"{self.name}: interval={self.interval!r} ms is "
                            f"{off_grid(self.interval, self.timestep)}")
        if self.clock_period < self.timestep:
            raise TaskError(f"{self.name}: clock_period={self.clock_period!r} ms must be >= "
                            f"timestep={self.timestep!r} ms, as an input spikes once in a step")
        if self.decay not in (STEPS, COSINE):
            raise TaskError(f"{self.name}: decay={self.decay!r} is unknown; choose one of "
                            f"{[STEPS, COSINE]}")

    @classmethod
    def of(cls, size: str | None = None, parameters: Mapping[str, Any] | None = None) -> Self:
        """The family at one of its sizes, with other parameters changed.

        Raises :class:`TaskError` for a size or parameter that is unknown or cannot be.
        """
        sizes = cls.sizes or {"full": {}}
        name = next(iter(sizes)) if size is None else size
        if name not in sizes:
            raise TaskError(f"family {cls.name!r} has no size {name!r}; choose one of "
                            f"{list(sizes)}")
        family = cls(**sizes[name])
        require_changes(parameters or {}, family, f"family {cls.name!r}")
        return dataclasses.replace(family, **(parameters or {}))

    @property
    def steps(self) -> int:
        """Steps T of a trial."""
        return round(self.interval / self.timestep)

    @property
    def update_rate(self) -> float:
        """eta of the learner (eq. 59)."""
        return self.rate * 400.0 / self.n_neurons

    @property
    def parameters(self) -> dict[str, Any]:
        """All parameters by name, as JSON knows them."""
        return {entry.name: list(value) if isinstance(value := getattr(self, entry.name), tuple)
                else value for entry in dataclasses.fields(self)}

    def clock(self) -> tuple[np.ndarray, ...]:
        """Spike times (ms) in a trial of each input: group i fires in its i-th part of it."""
        return clock_times(self.interval, self.n_inputs, self.n_groups, self.clock_period,
                           self.timestep)

    @abstractmethod
    def draw(self, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """So many random tasks: arrays by names of the family's own, first axis ``count``."""

    def tasks(self, count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """What :meth:`draw` gives.

        Raises :class:`TaskError` unless these are ``count`` tasks, and :class:`SimulationError` for
        what the family's own methods raise.
        """
        found = ask("", "family", self, "draw", count, rng)
        if not isinstance(found, dict) or not found or any(
                np.ndim(rows) < 1 or len(rows) != count for rows in found.values()):
            raise TaskError(f"family {self.name!r}: draw({count}, rng) must give a dict of arrays, "
                            f"each with a first axis of {count} tasks")
        for name, rows in found.items():
            if np.asarray(rows).dtype.kind not in "biuf":
                raise TaskError(f"family {self.name!r}: draw() gave {name!r} with values that are "
                                "not real numbers")
            if not np.all(np.isfinite(rows)):
                raise TaskError(f"family {self.name!r}: draw() gave {name!r} with values that are "
                                "not finite")
        found = {name: np.asarray(rows) for name, rows in found.items()}
        shape = np.shape(ask("", "family", self, "goal",
                             {name: rows[0] for name, rows in found.items()}))
        if shape != (self.steps, self.n_goals):
            raise TaskError(f"family {self.name!r}: goal() of a task has the shape {shape}, not "
                            f"{(self.steps, self.n_goals)} (steps, n_goals)")
        return found

    def goal(self, task: Tasks) -> Any:
        """What the error module sees of one task, y* of eq. 58, (steps, n_goals)."""
        return task["goal"]

    @abstractmethod
    def loss(self, y: Any, task: Tasks, xp: Any) -> Any:
        """The learning cost of a test trial with the readouts y, (steps, n_outputs) (eq. 61).

        Without the firing-rate terms.
        """

    @abstractmethod
    def error(self, y: Any, task: Tasks, xp: Any) -> Any:
        """The error of a trial that figures and results have."""

    def output_error(self, y: Any, task: Tasks, xp: Any) -> Any:
        """The error of each readout at each step, (steps, n_outputs), if the family knows it.

        For a baseline that learns with e-prop 1. Raises :class:`UnsupportedError` if not.
        """
        raise UnsupportedError(f"family {self.name!r} has no errors of its readouts")

    def goal_error(self, y: Any, task: Tasks, xp: Any) -> Any:
        """The error against the goal at each step, (steps, n_goals); otherwise likewise."""
        raise UnsupportedError(f"family {self.name!r} has no errors against its goal")

    def output_target(self, task: Tasks) -> Any:
        """What the readouts should do, (steps, n_outputs), for figures; None if nobody knows."""
        del task
        return None

    def draw_figure(self, trials: tuple[OneShotTrial, OneShotTrial], task: Tasks) -> "Figure":
        """The figure of one-shot learning: training and test trial of one task."""
        from pynn_eprop.families.figure import draw_one_shot  # imports Matplotlib, which takes time
        return draw_one_shot(self, trials, task)

    def draw_movement(self, trials: tuple[OneShotTrial, OneShotTrial], task: Tasks
                      ) -> "Animation | None":
        """A moving picture of both trials; None if there is nothing that moves."""
        del trials, task
        return None
