"""A network since ``setup()``: PyNN objects, their Brian2 objects, and the ends of intervals."""

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import NetworkOperation, ms
from brian2.core.network import _get_all_objects

from pynn_eprop.brian2 import equations
from pynn_eprop.brian2.cells import SpikingGroup
from pynn_eprop.brian2.readouts import LOSSES, ReadoutGroup
from pynn_eprop.brian2.recording import (
    record_interval,
    record_step,
    states,
    take_first_samples,
)
from pynn_eprop.brian2.signals import SignalSender
from pynn_eprop.brian2.simulator import STORED
from pynn_eprop.brian2.sources import AnalogGroup, SourceGroup
from pynn_eprop.brian2.synapses import SynapseGroup
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.description import describe_population
from pynn_eprop.common.expansion.feedback import describe_signals
from pynn_eprop.common.expansion.seeds import Draws, OwnGlobalGenerator, Purpose
from pynn_eprop.common.expansion.synapses import Bundle
from pynn_eprop.common.run.simulation import Simulation as CommonSimulation
from pynn_eprop.common.script.checks import check_learning
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogSources,
    LIFCells,
    Population,
    Readouts,
    Sources,
)
from pynn_eprop.models.checks import check_gradient, check_mirrored
from pynn_eprop.models.inactivity import Inactivity
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import E_PROP, Boundary, SymmetricFeedback

Part = SpikingGroup | ReadoutGroup | SourceGroup | AnalogGroup


def _spiking(size: int, celltype: Any, clock: Any) -> Part:
    return SpikingGroup(size, celltype.pseudo_derivative, clock)


GROUPS: dict[type[Population], Callable[[int, Any, Any], Part]] = {
    LIFCells: _spiking, ALIFCells: _spiking,
    Readouts: lambda size, celltype, clock: ReadoutGroup(size, clock),
    Sources: lambda size, celltype, clock: SourceGroup(size, clock),
    AnalogSources: lambda size, celltype, clock: AnalogGroup(size, clock)}
"""Kinds of cell with equations here; PyNN's own cells are those of pyNN.brian2."""


class Simulation(CommonSimulation):
    """A network, with stock cells and synapses among the others.

    network: Brian2's, with the clock. projections: stock ones have an ``index`` and no
    ``synapses``. parts: Brian2 groups of e-prop and source populations, by index.
    """

    updates = 0
    # optimisers step between intervals, in NumPy
    kinds = KnownKinds("Brian2", GROUPS, equations.RULES, LOSSES, None, equations.SHAPES)

    def __init__(self, options: SharedOptions, network: Any) -> None:
        super().__init__(options)
        self.network = network
        self.parts: dict[int, Part] = {}
        self.clock = network.clock
        # by projection, and by the number of its bundle; one without synapses has no group
        self._synapse_groups: dict[int, dict[int, SynapseGroup]] = {}
        self._signals: list[SignalSender] = []
        self._places: list[tuple[int, int]] = []     # (projection, bundle) of each forward bundle
        self._changed: set[int] = set()
        self._signals_changed = False
        self._counts = False
        self._trials = 0
        self._run_begins = False
        self._inactivities: list[Inactivity] = []
        self._generator = OwnGlobalGenerator(Draws(options.seed).seed(Purpose.SIMULATOR))
        self.network.add(
            NetworkOperation(self._begin_step, when=equations.AT_START, clock=self.clock),
            NetworkOperation(self._send_signals, when=equations.READOUTS_STEP, order=3,
                             clock=self.clock),
            NetworkOperation(self._end_step, when=equations.AT_END, order=1, clock=self.clock))

    # --- progress ---

    @property
    def step(self) -> int:
        """Global steps done since the start or the last reset."""
        return int(self.clock.variables["timestep"].get_value().item())

    # --- what changes ---

    def add(self, population: Any, stock: bool) -> None:
        """Note a population, and make its Brian2 group if it is not a stock one."""
        if stock:
            self.populations.append(population)
            return
        celltype = population.celltype
        part = GROUPS[celltype.kind](population.size, celltype, self.clock)
        self.populations.append(population)
        self.parts[population.index] = part
        population.brian2_group = part.group
        self.network.add(part.group)
        if isinstance(part, ReadoutGroup):
            self.network.add(part.compare)
        self._changed.add(population.index)

    def structure_changes(self, what: str) -> None:
        """Note that something is added. Raises :class:`NetworkError` within an interval."""
        self.check_between_intervals(what)
        self._signals_changed = True

    def delays_change(self, label: str) -> None:
        """Note new delays. Raises as :meth:`check_delays`."""
        self.check_delays(label)
        for synapses in self._synapses():
            self.network.remove(synapses.objects)
        self._synapse_groups = {}

    def check_delays(self, label: str) -> None:
        """Raise :class:`UnsupportedError` once the network has run."""
        if self.holds_more:
            where = "reset()" if self.step else "a reset() that keeps no weights"
            raise UnsupportedError(f"{label}: delays can be set only before the first run() or "
                                   f"after {where}")

    def population_changes(self, index: int) -> None:
        """Note that a population has new parameters.

        Raises the errors of parameters that it cannot have, and :class:`SimulationError` within an
        update, for those that its gradient depends on.
        """
        before = getattr(self.parts.get(index), "described", None)
        if before is not None:
            check_gradient(before, describe_population(self.populations[index], self.options),
                           self._update_in_progress())
        self._changed.add(index)

    def _update_in_progress(self) -> bool:
        within = not self.timeline.starts_interval(self.step)
        return bool(self._trials or (within and self._counts))

    def initial_values_change(self, index: int) -> None:
        """Note that a population has new initial values."""
        self._changed.add(index)

    # --- before a run ---

    def prepare(self, last: int) -> None:
        """Bring Brian2's objects into agreement with PyNN's, for a run to step ``last``.

        Raises the errors of networks that cannot run, and then has done nothing.
        """
        check_learning(self.populations, self.projections, self.options)
        described: dict[int, Any] = {
            index: describe_population(self.populations[index], self.options)
            for index in sorted(self._changed) if index in self.parts}
        self._check_targets(described, last)
        for index, one in described.items():
            part, population = self.parts[index], self.populations[index]
            if isinstance(part, SpikingGroup):
                part.configure(one, self.options.timestep)
            elif isinstance(part, ReadoutGroup):
                new = part.described is None or population.bias_is_new
                part.configure(one, self.options.timestep,
                               population.values["bias"] if new else None)
            population.bias_is_new = False
        self._changed = set()
        self._build_signals()
        for projection in self.projections:
            if projection.index not in self._synapse_groups and not projection.is_stock \
                    and not projection.is_feedback:
                self._build(projection)
        self._join_forward()
        for group in self._synapses():
            group.set_kappa(self._kappa_of(group.post))
        first = self.step
        for index, part in self.parts.items():
            if isinstance(part, SourceGroup):
                steps, cells = self.populations[index].spikes_between(first, last)
                part.prepare(steps, cells, first)
                self._check_repeated(index, part)
            elif isinstance(part, AnalogGroup):
                part.prepare(self.populations[index].values_between(first, last), first)
        if first == 0:
            self._begin_parts()
        take_first_samples(self)

    def _check_targets(self, described: dict[int, Any], last: int) -> None:
        for index, part in self.parts.items():
            if not isinstance(part, ReadoutGroup):
                continue
            one = described.get(index, part.described)
            assert one is not None
            self.check_described_target(one, last)

    def _check_repeated(self, index: int, part: SourceGroup) -> None:
        """Raise :class:`UnsupportedError` for several spikes in a step: stock synapses see one."""
        if part.repeated and any(
                projection.is_stock and index in projection.sources
                for projection in self.projections):
            raise UnsupportedError(
                f"{self.populations[index].label}: a cell spikes twice in one step of "
                f"{self.options.timestep:g} ms and leads to stock cells, for which Brian2 knows "
                "only one spike per step; use a smaller time step or a lower rate")

    def _build_signals(self) -> None:
        if not self._signals_changed:
            return
        signals = [each for each in self.projections if each.is_feedback]
        ours = [each for each in self.projections if not each.is_stock]
        places, self._places = {}, []
        for projection in ours:
            if not projection.is_feedback:
                places[projection.index] = list(
                    range(len(self._places), len(self._places) + len(projection.bundles)))
                self._places += [(projection.index, number)
                                 for number in range(len(projection.bundles))]
        described = list(describe_signals(signals, ours, places, self.options))
        for number, one in enumerate(described):
            if number < len(self._signals):
                self._signals[number].feedback = one.feedback
                continue
            cells, readout = self.parts[one.target], self.parts[one.source]
            assert isinstance(cells, SpikingGroup) and isinstance(readout, ReadoutGroup)
            if any(group.plastic and group.post is cells for group in self._synapses()):
                raise UnsupportedError(f"{one.label}: a learning signal to cells that have run and "
                                       "learned; make it before the first run()")
            self._signals.append(SignalSender(readout, cells, one.feedback))
        self._signals_changed = False

    def _join_forward(self) -> None:
        """Let symmetric signals follow the weights of synapses that have been built."""
        for signal in self._signals:
            if isinstance(signal.feedback, SymmetricFeedback):
                index, number = self._places[signal.feedback.projection]
                signal.forward = self._synapse_groups[index].get(number)

    def _build(self, projection: Any) -> None:
        """Make the Brian2 synapses of a projection."""
        synapse = projection.synapse_type
        built = self._synapse_groups.setdefault(projection.index, {})
        for number, bundle in enumerate(projection.bundles):
            if not len(bundle.pre_index):
                continue
            post = self.parts[bundle.post.index]
            assert isinstance(post, (SpikingGroup, ReadoutGroup))
            pre = self.parts.get(bundle.pre.index, bundle.pre.brian2_group)
            if isinstance(pre, SourceGroup) and isinstance(post, ReadoutGroup):
                group, new = pre.doubled()
                if new:
                    self.network.add(group)
            resets = self.options.boundary is Boundary.RESET
            built[number] = SynapseGroup(
                pre, post, bundle.pre_index, bundle.post_index,
                bundle.take(projection.synapses.weight), bundle.take(projection.synapses.delay),
                self.timeline.interval_steps if resets else None, self.clock,
                getattr(synapse, "rule", E_PROP), getattr(synapse, "optimizer", None),
                (getattr(synapse, "w_min", -np.inf), getattr(synapse, "w_max", np.inf)),
                self._kappa_of(post))
            # otherwise Brian2 orders synapses by names that depend on earlier networks of the
            # process, and sums what arrives at a cell in another order, with other roundings
            built[number].place(len(self._synapses()))
            self.network.add(built[number].objects)

    def _kappa_of(self, cells: Any) -> tuple[float, ...]:
        """Decays of the readouts that send signals to cells, in the order of the signals."""
        return tuple(each.readout.kappa for each in self._signals if each.cells is cells)

    # --- during a run ---

    def run(self, last: int) -> None:
        """Run to step ``last``, after :meth:`prepare`."""
        first = self.step
        self._run_begins = True
        with self._generator.in_place():
            self.network.run((last - first) * self.clock.dt_ * 1000.0 * ms, namespace={})
        for index, part in self.parts.items():
            if isinstance(part, SourceGroup):
                log = self.populations[index].recorder.logs.get("spikes")
                if log is not None:
                    log.append_given(self.populations[index].spikes_between(first, last), first)
            elif isinstance(part, AnalogGroup):
                log = self.populations[index].recorder.logs.get("value")
                if log is not None:
                    rows = self.populations[index].values_between(first, last)
                    if log.begins(first):
                        log.append(rows[:1, log.cells])
                    log.append_given(rows, first)
        self.warn_if_diverged(states(self))
        self.warn_if_inactive(self._inactivities)
        self._inactivities = []

    def _groups(self) -> list[Any]:
        return [part for part in self.parts.values()
                if not isinstance(part, (SourceGroup, AnalogGroup))]

    def _synapses(self) -> list[SynapseGroup]:
        return [group for groups in self._synapse_groups.values() for group in groups.values()]

    def _built(self, projection: Any) -> list[tuple[Bundle, SynapseGroup]]:
        """Bundles of a projection that have synapses in Brian2, each with its synapses."""
        return [(projection.bundles[number], synapses)
                for number, synapses in self._synapse_groups.get(projection.index, {}).items()]

    def _begin_parts(self) -> None:
        for part in (*self._groups(), *self._synapses()):
            part.begin()

    def _begin_step(self) -> None:
        """At the start of an interval: decide whether it counts, and reset the state."""
        step = self.step
        if self._run_begins:
            self._run_begins = False
            for part in self.parts.values():
                if isinstance(part, SpikingGroup):
                    part.recall_spikes()
        if not (self.timeline.starts_interval(step) or step == 0):
            return
        if step and self.timeline.interval_steps is None:
            return
        self._counts = self.learning and self.timeline.interval_steps is not None
        for part in self._groups():
            part.group.counts = float(self._counts)
            if isinstance(part, ReadoutGroup):
                part.loss = 0.0
        if step and self.options.boundary is Boundary.RESET:
            self._begin_parts()

    def _send_signals(self) -> None:
        length = self.timeline.interval_steps
        local = self.step + 1 if length is None else self.step % length + 1
        for signal in self._signals:
            signal.send(local)

    def _end_step(self) -> None:
        """Record the step; at the end of an interval its loss, and the update if it is due."""
        step = self.step + 1
        record_step(self, step)
        if self.timeline.interval_steps is None or step % self.timeline.interval_steps:
            return
        record_interval(self)
        if self._counts:
            self._trials += 1
            if self._trials == self.options.trials_per_update:
                self._update()

    def _update(self) -> None:
        """Do gradient and optimiser step of all synapses and biases that learn."""
        assert self.timeline.update_steps is not None
        rate_terms = {
            id(part): part.rate_term(self.timeline.update_steps, self.options.timestep)
            for part in self._groups() if isinstance(part, SpikingGroup)}
        for group in self._synapses():
            if group.plastic:
                group.end_update(rate_terms.get(id(group.post)))
        slopeless = {id(group.post) for group in self._synapses() if group.slopeless}
        for index, part in self.parts.items():
            if isinstance(part, ReadoutGroup):
                part.update()
            elif isinstance(part, SpikingGroup):
                self._inactivities += part.inactivity(index, self.updates + 1,
                                                      id(part) in slopeless)
                part.forget_update()
        self._trials = 0
        self.updates += 1

    # --- what was learned ---

    def weights(self, projection: Any) -> np.ndarray:
        """Current weights of a projection, (synapses,)."""
        return self._gather(projection, projection.synapses.weight, "weight")

    def gradient(self, projection: Any) -> np.ndarray:
        """Gradient of the last update, (synapses,); zeros before the first."""
        return self._gather(projection, np.zeros(len(projection.synapses)), "gradient")

    def eligibility(self, projection: Any) -> np.ndarray:
        """e of the last step, (synapses,); of synapses onto cells that learn."""
        return self._gather(projection, np.zeros(len(projection.synapses)), "eligibility")

    def _gather(self, projection: Any, otherwise: np.ndarray, name: str) -> np.ndarray:
        values = np.array(otherwise)
        for bundle, synapses in self._built(projection):
            bundle.put(values, getattr(synapses, name))
        return values

    def set_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Replace the weights; at time 0 they are also what reset() goes back to."""
        self.check_weights(projection, weight)
        if self.step == 0 or projection.index not in self._synapse_groups:
            projection.synapses.weight = np.array(weight)
        for bundle, synapses in self._built(projection):
            synapses.weight = bundle.take(weight)

    def check_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Raise :class:`SimulationError` within an update, if symmetric feedback follows."""
        groups = self._synapse_groups.get(projection.index, {}).values()
        check_mirrored(projection.label, any(signal.forward in groups for signal in self._signals),
                       self._update_in_progress())

    def bias(self, population: Any) -> np.ndarray:
        """Current biases of a readout population."""
        part = self.parts[population.index]
        assert isinstance(part, ReadoutGroup)
        if part.described is None or population.bias_is_new:
            return np.array(population.values["bias"])
        return part.read("bias")

    def check_reset(self, keep_weights: bool) -> None:
        """Raise :class:`UnsupportedError` if parts were added after the first run."""
        stored = self.network._stored_state.get(STORED)
        if not self.step or stored is None:
            return
        new = sorted(each.name for each in _get_all_objects(self.network.objects)
                     if each.name not in stored and hasattr(each, "_restore_from_full_state"))
        if new:
            raise UnsupportedError(
                f"reset(): parts were added after the first run (Brian2 calls them "
                f"{', '.join(new)}), and Brian2 cannot take these back to time 0; build the whole "
                "network before the first run")

    def learned(self) -> tuple[dict[int, np.ndarray], dict[int, np.ndarray]]:
        """Weights by projection and biases by population, by index."""
        weights = {index: self.weights(self.projections[index]) for index in self._synapse_groups}
        biases = {index: part.read("bias") for index, part in self.parts.items()
                  if isinstance(part, ReadoutGroup)}
        return weights, biases

    def restart(self, kept: tuple[dict[int, np.ndarray], dict[int, np.ndarray]] | None) -> None:
        """Go on from step 0, at which Brian2 is already.

        kept: values of :meth:`learned` to keep; None: weights, biases and optimisers go back to
        their start.
        """
        for index in self.parts:
            self.populations[index].return_to_start(kept is not None)
        for index in self._synapse_groups:
            projection = self.projections[index]
            weight = projection.synapses.weight if kept is None else kept[0][index]
            for bundle, synapses in self._built(projection):
                synapses.restart(bundle.take(weight), kept is not None)
        for index, part in self.parts.items():
            if isinstance(part, (SourceGroup, AnalogGroup)):
                part.forget()
            elif isinstance(part, ReadoutGroup):
                part.restart(self.populations[index].values["bias"] if kept is None
                             else kept[1][index], kept is not None)
            self._changed.add(index)
        self._trials = 0
        self._generator.restart()
        self.training_restarts(keep_weights=kept is not None)
        if kept is None:
            self.updates = 0
