"""The plain description of a network: arrays and immutable values, no simulator, no PyNN.

A backend makes it from a script; the reference, the host engine and the chip are built from it.
Parameters keep their physical units; times of spikes and delays are in steps.

Time (SEMANTICS in docs/semantics.md): interval k = 0, 1, ... has the steps s = 1..T. The global
step of step s is k T + s. A *source* spike at script time tau belongs to the global step
tau / dt, which is step 0..T-1 of its interval; a *cell* spike of step s is at global step k T + s.
The value of a source of values at script time tau counts as a source spike does.

An interval may be shorter than T: one of n steps has source spikes of the steps 0..n-1, and after
its step n nothing happens until the next. Populations that run backwards do its step n first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from pynn_eprop.models.cells import LearningCells, Population, SpikingCells
from pynn_eprop.models.optimizers import Optimizer
from pynn_eprop.models.rules import EProp, Rule

E_PROP = EProp()

Kind = TypeVar("Kind", bound=Population)


class Boundary(str, Enum):
    """E-prop cells and readouts are reset at the end of an interval, or carry on."""

    RESET = "reset"
    CONTINUOUS = "continuous"


@dataclass(frozen=True)
class Settings:
    """Settings of the whole network.

    timestep: dt in ms. interval_steps: T, or None if nothing learns.
    trials_per_update: the paper's n_batch. threads: used over trials and blocks of cells;
    results do not depend on it.
    """

    timestep: float = 1.0
    interval_steps: int | None = None
    trials_per_update: int = 1
    boundary: Boundary = Boundary.RESET
    threads: int = 1


@dataclass(frozen=True)
class Projection:
    """Synapses from one population to another, one array entry per synapse.

    pre, post: indices into ``Network.populations``. delay: whole steps >= 1.
    optimizer None: the weights never change. inhibitory: the synapses of the inhibitory port of
    cells with separate ports. rule: the eligibility traces
    of synapses that learn and lead to cells. receptor: of cells that pass on values, one of their
    ``ports()``; empty for others.
    """

    label: str
    pre: int
    post: int
    pre_index: np.ndarray
    post_index: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    optimizer: Optimizer | None = None
    w_min: float = -np.inf
    w_max: float = np.inf
    inhibitory: bool = False
    rule: Rule = E_PROP
    receptor: str = ""


@dataclass(frozen=True)
class FixedFeedback:
    """B_jk that does not change, shape (cells, readouts)."""

    weight: np.ndarray


@dataclass(frozen=True)
class SymmetricFeedback:
    """B_jk = W_kj of a forward projection, at every step. ``projection`` is its index."""

    projection: int


@dataclass(frozen=True)
class WindowedFeedback:
    """B_jk of its own for every ``window_steps``, the same sequence in every interval.

    weight: shape (windows, cells, readouts).
    """

    window_steps: int
    weight: np.ndarray


Feedback = FixedFeedback | SymmetricFeedback | WindowedFeedback


@dataclass(frozen=True)
class LearningSignal:
    """L_j^t = sum_k B_jk s_k^t, from readouts (``source``) to cells (``target``), both indices.

    s is the error of a readout population with a loss, filtered with its kappa into
    G_j^t = L_j^t + kappa G_j^{t+1}; of one without a loss (an error module) it is y, with
    kappa = 0.
    """

    label: str
    source: int
    target: int
    feedback: Feedback


@dataclass(frozen=True)
class Network:
    """Everything a machine needs to run."""

    settings: Settings
    populations: tuple[Population, ...] = ()
    projections: tuple[Projection, ...] = ()
    learning_signals: tuple[LearningSignal, ...] = ()

    def of_kind(self, kind: type[Kind]) -> Mapping[int, Kind]:
        """The populations of a kind, or of one derived from it, by index."""
        if kind not in self._by_kind:
            self._by_kind[kind] = {index: population
                                   for index, population in enumerate(self.populations)
                                   if isinstance(population, kind)}
        return self._by_kind[kind]

    @cached_property
    def _by_kind(self) -> dict[type[Population], dict[int, Any]]:
        return {}

    @cached_property
    def backwards(self) -> frozenset[int]:
        """Indices of the populations that run trials backwards."""
        return frozenset(index for index, cells in self.of_kind(LearningCells).items()
                         if getattr(cells, "backwards", False))

    @cached_property
    def learning_posts(self) -> frozenset[int]:
        """Indices of the populations that plastic synapses lead to."""
        return frozenset(projection.post for projection in self.projections
                         if projection.optimizer is not None)

    @cached_property
    def slopeless_posts(self) -> frozenset[int]:
        """Those of cells of which some rule does not read h: they can learn with h = 0."""
        return frozenset(projection.post for projection in self.projections
                         if projection.optimizer is not None
                         and projection.post in self.learning_cells
                         and "h" not in projection.rule.needs)

    def posts_that_need(self, variable: str) -> frozenset[int]:
        """Indices of the populations of cells of which some rule of plastic synapses reads it."""
        return frozenset(projection.post for projection in self.projections
                         if projection.optimizer is not None
                         and projection.post in self.learning_cells
                         and variable in projection.rule.needs)

    @cached_property
    def learning_cells(self) -> dict[int, SpikingCells]:
        """The populations of spiking cells that plastic synapses lead to, by index."""
        return {index: cells for index, cells in self.of_kind(SpikingCells).items()
                if index in self.learning_posts}


@dataclass(frozen=True)
class Recording:
    """A request to record one variable of some cells of a population.

    variable: one that its kind declares as recordable; "loss" of readouts ignores ``cells``.
    every: sample at the global steps that are multiples of this.
    """

    population: int
    variable: str
    cells: np.ndarray
    every: int = 1


ELIGIBILITY_TRACE = "eligibility_trace"
"""The variable of synapses that can be recorded: e_ji of their rule (eq. 23, 28, 38)."""


@dataclass(frozen=True, kw_only=True)
class TraceRecording(Recording):
    """A request to record e of some synapses of a projection that learns and leads to cells.

    population: the postsynaptic one; cells: places of the synapses among the projection's arrays.
    For machines that carry eligibility traces forward in time; those of other machines follow from
    what they record of their cells.
    """

    projection: int


@dataclass(frozen=True)
class Inputs:
    """Spikes, values and currents from outside for a stretch of ``run``.

    spikes: population index -> (global steps, cells), sorted by step; a cell may be listed
    twice for a step. A stretch from global step g0 to g1 gets the spikes with g0 <= step <= g1;
    those at g1 are given again with the next stretch.
    values: population index -> array (steps + 1, size), of the steps g0 ... g1 likewise; sources of
    values that are left out have 0.
    currents: population index -> array (steps, size), added at each step of the stretch (nA for
    current-based cells, straight onto v for e-prop cells).
    lengths: the steps, 1..T, of each interval that begins in the stretch; None: all have T.
    """

    spikes: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    currents: dict[int, np.ndarray] = field(default_factory=dict)
    values: dict[int, np.ndarray] = field(default_factory=dict)
    lengths: np.ndarray | None = None

    def lengths_of(self, first: int, count: int, start: int, whole: int) -> np.ndarray:
        """Steps of so many intervals, the first of which begins after global step ``first``.

        start: of the stretch, in which they all begin. whole: T.
        """
        if self.lengths is None:
            return np.full(count, whole)
        place = first // whole - -(-start // whole)
        return np.asarray(self.lengths[place:place + count], dtype=int)

    def recorded_values(self, recording: "Recording", start: int, steps: int) -> np.ndarray:
        """Recorded values of a source in a stretch from ``start`` on, (samples, cells)."""
        cells = np.asarray(recording.cells, dtype=int)
        taken = np.arange(start + 1, start + steps + 1) % recording.every == 0
        if recording.population not in self.values:
            return np.zeros((np.count_nonzero(taken), len(cells)))
        return np.asarray(self.values[recording.population], dtype=float)[1:][taken][:, cells]


@dataclass(frozen=True)
class Recorded:
    """The results of a stretch of ``run``, one entry per :class:`Recording`.

    spikes: (global steps, cells) sorted by step, cells as indices into the population.
    "loss": (one value per interval that ended in the stretch,).
    others: (samples, len(cells)), one row per sampled global step of the stretch; NaN at steps that
    do not happen, as their interval is shorter. What sources were given stands at these, too.
    """

    entries: tuple[tuple[np.ndarray, np.ndarray] | np.ndarray, ...]
