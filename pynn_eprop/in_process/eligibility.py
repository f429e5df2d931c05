"""Eligibility traces of synapses, followed through the activity that a machine has recorded.

The engine and the machine in JAX turn the sums over eligibility traces round, so that they keep
none (docs/equations.md). Recorded traces come from the rule itself, in NumPy and float64: its
``eligibility()`` goes once more through the steps of the chosen synapses, with the recorded
spikes, pseudo-derivatives and whatever else the rule needs of the cells.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import numpy as np

from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.answers import ask
from pynn_eprop.models.cells import (
    VALUE,
    Derivatives,
    LearningCells,
    SpikingCells,
    fixed_values,
)
from pynn_eprop.models.network import Boundary, Inputs, Network, Recording
from pynn_eprop.models.rules import Rule

Entry = tuple[np.ndarray, np.ndarray] | np.ndarray

_SYNAPSES_AT_ONCE = 20_000      # of all intervals that are followed side by side


def needed_variables(kind: type[SpikingCells], rule: Rule) -> tuple[str, ...]:
    """The variables of the postsynaptic cells that eligibility traces follow from."""
    names = set(rule.needs)
    if not kind.learns_from_h:      # their derivatives may depend on all of the state
        names |= {*kind.state_variables(), "spikes", "h"}
    return tuple(sorted(names))


def check_can_be_followed(post: type[LearningCells], label: str, machine: str) -> None:
    """Raise :class:`UnsupportedError` for kinds of cells of which recordings do not give all.

    Those are cells whose derivatives look back, and cells that pass on values.
    """
    if not issubclass(post, SpikingCells):
        raise UnsupportedError(
            f"{label}: the eligibility traces of synapses onto {post.name}, which do not spike, "
            f"are not recorded with {machine}; record them with "
            "pynn_eprop.host.setup(machine='reference')")
    if post.looks_back:
        raise UnsupportedError(
            f"{label}: the eligibility traces of synapses onto {post.name} follow from the input "
            f"of each step, which {machine} does not record; record them with "
            "pynn_eprop.host.setup(machine='reference')")


@dataclass(frozen=True)
class Carried:
    """The state between runs.

    emitted: spikes or values of each presynaptic cell at the last steps, the present one in the
    last row, (longest delay + 1, cells). traces: of the rule, by name, (synapses,).
    """

    emitted: np.ndarray
    traces: Mapping[str, np.ndarray]

    def arrays(self) -> dict[str, np.ndarray]:
        """All of it, for a checkpoint."""
        return {"emitted": self.emitted,
                **{f"trace {name}": values for name, values in self.traces.items()}}

    @classmethod
    def restored(cls, arrays: Mapping[str, np.ndarray]) -> "Carried":
        """From :meth:`arrays`."""
        return cls(arrays["emitted"], {
            name.removeprefix("trace "): values for name, values in arrays.items()
            if name != "emitted"})


class FollowedTraces:
    """The eligibility traces of some synapses of a described projection, run by run.

    synapses: places among the arrays of the projection. every: as of a :class:`Recording`.
    carried: as the last run left it; None at the start of an interval that they begin with.
    """

    def __init__(self, network: Network, projection: int, synapses: np.ndarray, every: int,
                 carried: Carried | None) -> None:
        self._network, self._every, self.carried = network, every, carried
        self._projection = described = network.projections[projection]
        self._cells = network.of_kind(SpikingCells)[described.post]
        self._rule = described.rule
        self._length = network.settings.interval_steps
        self._resets = network.settings.boundary is Boundary.RESET and self._length is not None
        self._pre_cells, self._pre = np.unique(
            np.asarray(described.pre_index)[synapses], return_inverse=True)
        self._post = np.asarray(described.post_index)[synapses]
        self._lag = np.broadcast_to(described.delay, len(described.weight))[synapses].astype(int) \
            - self._cells.arrives_earlier
        self._depth = int(self._lag.max())
        self._of_source = network.populations[described.pre].from_outside
        self._emits = VALUE if network.populations[described.pre].emits_values else "spikes"
        self._needs = needed_variables(type(self._cells), self._rule)

    def requests(self) -> tuple[Recording, ...]:
        """The recordings that :meth:`follow` needs of a run."""
        every = np.arange(self._cells.size)
        needs = tuple(Recording(self._projection.post, name, every) for name in self._needs)
        if self._of_source:
            return needs
        return (*needs, Recording(self._projection.pre, self._emits, self._pre_cells))

    @property
    def bytes_per_step(self) -> int:
        """Memory that a step of a run takes."""
        return 8 * (len(self._needs) * self._cells.size + len(self._pre_cells)
                    + len(self._post) // self._every)

    def follow(self, first: int, steps: int, inputs: Inputs, entries: tuple[Entry, ...]
               ) -> np.ndarray:
        """e at the sampled ones of the steps ``first + 1`` ... ``first + steps``.

        Shape (samples, synapses). inputs: of that run; entries: of :meth:`requests`.
        """
        seen = {name: self._dense(entry, first, steps)
                for name, entry in zip(self._needs, entries, strict=False)}
        emitted = self._emitted(first, steps, inputs, entries)
        last, every = first + steps, self._every
        samples = np.empty((last // every - first // every, len(self._post)))
        traces = self.carried.traces if self.carried is not None else self._no_traces()
        for stretch in self._stretches(first, last):
            if stretch.begins:
                traces = self._no_traces()
            traces = self._follow(stretch, first, seen, emitted, traces, samples)
        self.carried = Carried(emitted[-self._depth - 1:].copy(), traces)
        return samples

    def _no_traces(self) -> dict[str, np.ndarray]:
        return {name: np.zeros(len(self._post))
                for name in self._rule.traces_of(type(self._cells))}

    def _dense(self, entry: Entry, first: int, steps: int) -> np.ndarray:
        """A variable of all cells at each step, (steps, size); of spikes 0 or 1."""
        if not isinstance(entry, tuple):
            return entry
        values = np.zeros((steps, self._cells.size))
        values[entry[0] - first - 1, entry[1]] = 1.0
        return values

    def _emitted(self, first: int, steps: int, inputs: Inputs, entries: tuple[Entry, ...]
                 ) -> np.ndarray:
        """Spikes, or values, of presynaptic cells at the steps first - depth ... first + steps."""
        depth = self._depth
        counts = np.zeros((depth + steps + 1, len(self._pre_cells)))
        if self.carried is not None:
            counts[:depth + 1] = self.carried.emitted
        pre = self._network.populations[self._projection.pre]
        if pre.emits_values and not self._of_source:
            assert not isinstance(entries[-1], tuple)
            counts[depth + 1:] = entries[-1]
            return counts
        if pre.emits_values:
            counts[depth:] = 0.0
            if self._projection.pre in inputs.values:
                counts[depth:] = inputs.values[self._projection.pre][:, self._pre_cells]
            return counts
        if self._of_source:
            none = np.zeros(0, dtype=int)
            when, which = inputs.spikes.get(self._projection.pre, (none, none))
            counts[depth] = 0.0     # the present step's are given again, and may be new
        else:
            assert isinstance(entries[-1], tuple)
            when, which = entries[-1]
        wanted = np.isin(which, self._pre_cells)
        np.add.at(counts, (np.asarray(when)[wanted] - first + depth,
                           np.searchsorted(self._pre_cells, np.asarray(which)[wanted])), 1.0)
        return counts

    def _stretches(self, first: int, last: int) -> "list[_Stretch]":
        """The steps of a run, whole intervals side by side if nothing passes between them."""
        if not self._resets:
            return [_Stretch(0, 1, first, last, False)]
        assert self._length is not None
        length, found = self._length, []
        most = max(_SYNAPSES_AT_ONCE // len(self._post), 1)
        while first < last:
            base = first // length * length
            whole = min((last - base) // length, most) if base == first else 0
            if whole:
                found.append(_Stretch(base, whole, 0, length, True))
                first = base + whole * length
            else:
                end = min(base + length, last)
                found.append(_Stretch(base, 1, first - base, end - base, base == first))
                first = end
        return found

    def _follow(self, stretch: "_Stretch", first: int, seen: Mapping[str, np.ndarray],
                emitted: np.ndarray, before: Mapping[str, np.ndarray], samples: np.ndarray
                ) -> dict[str, np.ndarray]:
        """Fill in the samples of a stretch; the traces after it."""
        copies = stretch.intervals
        rows = stretch.base + np.arange(copies) * (self._length or 0)
        steps = rows + np.arange(stretch.after + 1, stretch.last + 1)[:, np.newaxis]
        cells = _CellsOfStep(self._cells, copies, self._network.settings.timestep, {
            name: values[steps - first - 1].reshape(len(steps), -1)
            for name, values in seen.items()})
        post = (np.arange(copies)[:, np.newaxis] * self._cells.size + self._post).ravel()
        arrivals = self._arrivals(stretch, first, emitted, rows)
        traces = SimpleNamespace(**{name: np.tile(values, copies)
                                    for name, values in before.items()})
        for row, now in enumerate(steps):
            cells.go_to(row)
            e = ask(self._projection.label, "rule", self._rule, "eligibility", traces,
                    arrivals(row), cells, post)
            sampled = now % self._every == 0
            if sampled.any():
                places = now[sampled] // self._every - first // self._every - 1
                samples[places] = np.broadcast_to(e, post.shape).reshape(copies, -1)[sampled]
        size = len(self._post)
        return {name: np.array(getattr(traces, name)[-size:], dtype=float) for name in before}

    def _arrivals(self, stretch: "_Stretch", first: int, emitted: np.ndarray, rows: np.ndarray
                  ) -> Any:
        """A function of the row of a step: the spikes or values that arrive at each synapse."""
        depth, copies = self._depth, stretch.intervals
        local = np.arange(stretch.after + 1 - depth, stretch.last)
        steps = rows + local[:, np.newaxis]
        sent = emitted[steps - first + depth]       # (steps, copies, cells)
        if self._resets:
            sent[local < (0 if self._of_source else 1)] = 0.0
        pre = (np.arange(copies)[:, np.newaxis] * sent.shape[2] + self._pre).ravel()
        sent = sent.reshape(len(local), -1)
        if np.all(self._lag == depth):
            return lambda row: sent[row, pre]
        later = depth - np.tile(self._lag, copies)
        return lambda row: sent[row + later, pre]


@dataclass(frozen=True)
class _Stretch:
    """Steps of one interval, or of several at once.

    base: the global step before the first. intervals: how many, one after the other in time.
    Of each the steps after ``after`` up to ``last``, counted from its base. begins: whether traces
    begin at 0.
    """

    base: int
    intervals: int
    after: int
    last: int
    begins: bool


class _CellsOfStep:
    """Cells as a rule sees them: constants, and what was recorded of one step.

    copies: how often the population is there, side by side, once for each interval. recorded: by
    variable, (steps, cells of all copies).
    """

    def __init__(self, cells: SpikingCells, copies: int, timestep: float,
                 recorded: Mapping[str, np.ndarray]) -> None:
        self.timestep = timestep
        self._population = population = _side_by_side(cells, copies)
        self._recorded = dict(recorded)
        if "spikes" in recorded:
            self._recorded |= {"z": recorded["spikes"], "z_reset": recorded["spikes"]}
        self._unchanging = fixed_values(population, timestep)
        for name, value in self._unchanging.items():
            setattr(self, name, value)
        self._row = 0

    def go_to(self, row: int) -> None:
        """Go to a step."""
        self._row = row
        for name, rows in self._recorded.items():
            setattr(self, name, rows[row])

    def derivatives(self) -> Derivatives:
        """The derivatives of this step, as the kind gives them."""
        kind, row = self._population, self._row
        drive, distance, transition = self._of_all_steps
        return Derivatives(kind.state_variables(), _at(drive, row), _at(distance, row),
                           _at(transition, row), kind.carried_at_start(), kind.presynaptic_trace)

    @cached_property
    def _of_all_steps(self) -> tuple[Mapping[Any, np.ndarray], ...]:
        """Drive, distance and transition; they are elementwise, so that one call does for all."""
        kind = self._population
        cells = SimpleNamespace(**self._unchanging, **self._recorded, timestep=self.timestep)
        with kind.double_precision():
            return tuple({key: np.asarray(value) for key, value in found.items()} for found in (
                kind.drive(cells), kind.distance_gradient(cells), kind.transition(cells)))


def _at(values: Mapping[Any, np.ndarray], row: int) -> dict[Any, np.ndarray]:
    """Numbers of one step, of those that change from step to step."""
    return {key: value[row] if value.ndim == 2 else value for key, value in values.items()}


def _side_by_side(cells: SpikingCells, copies: int) -> SpikingCells:
    """A population that is there several times."""
    if copies == 1:
        return cells
    tiled: dict[str, Any] = {
        entry.name: np.tile(values, copies) for entry in fields(cells)
        if isinstance(values := getattr(cells, entry.name), np.ndarray) and values.ndim}
    return replace(cells, size=cells.size * copies, **tiled)
