"""A network and the machine that runs it: built when needed, kept in agreement, started again."""

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.description import describe, describe_population
from pynn_eprop.common.run.simulation import DescribedSimulation
from pynn_eprop.common.run.timeline import Pace
from pynn_eprop.common.script.checks import check_learning
from pynn_eprop.common.standardmodels.kinds import kind_of
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.fixed.formats import Formats, check_values
from pynn_eprop.in_process.eligibility import check_can_be_followed
from pynn_eprop.in_process.machine import Machine
from pynn_eprop.models.cells import LearningCells, Population, Readouts
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.network import Network
from pynn_eprop.models.range_report import RangeReport


class InProcessSimulation(DescribedSimulation):
    """A network that a machine of this process runs.

    threads: of the network's settings. learns_from_signals: whether cells learn from learning
    signals. carries_traces: whether the machine carries eligibility traces forward in time, so
    that it records them itself. A backend has ``kinds``, ``arithmetic`` and ``_build_machine``.
    """

    learns_from_signals: bool = True
    carries_traces: bool = False

    def __init__(self, options: SharedOptions, wanted_formats: FixedPoint | None = None,
                 threads: int = 1) -> None:
        super().__init__(options, wanted_formats)
        self.threads = threads
        self.machine: Machine | None = None
        self.pace = Pace(self.timeline)
        self._structure_changed = True
        self._delays_changed = False
        self._changed: set[int] = set()
        self._next: tuple[int, Network] | None = None   # the network with the only change

    @property
    @abstractmethod
    def arithmetic(self) -> str:
        """Name of the arithmetic; a checkpoint continues only with the same."""

    @abstractmethod
    def _build_machine(self, network: Network, held: Formats | None) -> Machine:
        """A machine at global step 0.

        ``held``: formats of the weights that it takes over, see :func:`choose_formats`.

        Raises the errors of networks that it cannot run.
        """

    def check_records_traces(self, projection: Any) -> None:
        """Raise :class:`UnsupportedError` for cells whose traces no recording gives."""
        for bundle in projection.bundles:
            if getattr(bundle.post.celltype, "backwards", False):
                raise UnsupportedError(
                    f"{projection.label}: {bundle.post.label} runs trials backwards, and the "
                    "eligibility traces of synapses onto such cells are not recorded")
        for bundle in () if self.carries_traces else projection.bundles:
            post = kind_of(bundle.post.celltype)
            if post is not None and issubclass(post, LearningCells):
                check_can_be_followed(post, projection.label, self.kinds.machine)

    # --- position ---

    @property
    def step(self) -> int:
        """Global steps done since the start or the last reset."""
        return 0 if self.machine is None else self.machine.step

    @property
    def updates(self) -> int:
        """Weight updates done."""
        return 0 if self.machine is None else self.machine.updates

    @property
    def update_began(self) -> int:
        """A step with which an update began, from which on a run goes in whole updates."""
        return 0

    def range_report(self) -> RangeReport | None:
        """The formats of the machine in fixed point; None in floating point or before a run."""
        return None if self.machine is None else self.machine.range_report()

    def saturations(self) -> tuple[str, ...]:
        """A sentence for each population or projection that saturated in fixed point so far."""
        return () if self.machine is None else self.machine.saturations()

    # --- changes between runs ---

    def structure_changes(self, what: str) -> None:
        """Note that the machine has to be built again.

        Raises :class:`NetworkError` within an interval.
        """
        self.check_between_intervals(what)
        self.start_changes()
        self._structure_changed = True

    def start_changes(self) -> None:
        """Drop a machine that holds nothing that the PyNN objects do not have."""
        if not self.holds_more:
            self.machine = None

    def delays_change(self, label: str) -> None:
        """Note that delays change.

        Raises as :meth:`check_delays`.
        """
        self.check_delays(label)
        self.structure_changes(f"{label}: new delays")
        self._delays_changed = self.holds_more

    def check_delays(self, label: str) -> None:
        """Raise :class:`UnsupportedError` once a network that learns has run.

        :class:`NetworkError` within an interval.
        """
        if self.holds_more and any(getattr(p.synapse_type, "optimizer", None)
                                   for p in self.projections):
            where = "reset()" if self.step else "a reset() that keeps no weights"
            raise UnsupportedError(f"{label}: delays of a network that learns can be set only "
                                   f"before the first run() or after {where}")
        self.check_between_intervals(f"{label}: new delays")

    def population_changes(self, index: int) -> None:
        """Note that a population has new parameters.

        Raises the errors of parameters that the network, or the update in progress, cannot have.
        """
        self.start_changes()
        self._next = None
        if self.machine is not None and not self._structure_changed:
            network = self._described({index})
            self.machine.check_population(index, network)
            if self._changed <= {index}:
                self._next = index, network
        self._changed.add(index)

    def spikes_change(self, population: Any) -> None:
        """Check new spikes, or values, of a source.

        Raises :class:`NetworkError` for values that the formats in use do not hold.
        """
        if population.is_analog:
            self.start_changes()
            if self.formats is not None and population.index < len(self.formats.signal_bits):
                check_values(population.label, population.largest_value,
                             self.formats.signal_bits[population.index])

    def initial_values_change(self, index: int) -> None:
        """Note that a population has new initial values."""
        self.start_changes()
        self._changed.add(index)
        self._next = None
        if self.step == 0:
            self._structure_changed = True

    def prepare(self) -> Machine:
        """The machine, in agreement with the PyNN objects.

        Raises the errors of networks that cannot run.
        """
        if self.machine is None or self._structure_changed:
            self._build(self.machine, from_start=self.step == 0)
        elif self._changed:
            self._update_populations()
        assert self.machine is not None
        return self.machine

    def _build(self, old: Machine | None, from_start: bool) -> None:
        """Build the machine; it continues from ``old``, or starts with what that has learned."""
        check_learning(self.populations, self.projections, self.options, self.learns_from_signals)
        description = describe(self.populations, self.projections, self.options, self.threads)
        if old is not None and self._delays_changed:
            description.network = _with_weights(description.network, old)
        machine = self._build_machine(description.network, None if old is None else old.formats)
        if old is not None:
            if from_start:
                machine.take_over_learning(old, synapses=not self._delays_changed)
            else:
                machine.take_over(old, synapses=not self._delays_changed)
            for population in self.populations:
                if population.bias_is_new:
                    machine.set_population(population.index, description.network)
        self.machine, self.description = machine, description
        self._up_to_date()

    def _described(self, changed: Iterable[int]) -> Network:
        """The network of the machine with the present parameters of some populations."""
        assert self.machine is not None and self.description is not None
        described = list(self.description.network.populations)
        for index in sorted(changed):
            population = self.populations[index]
            one = describe_population(population, self.options)
            if not population.bias_is_new:
                one = self._with_bias(one, index)
            described[index] = one
        return replace(self.description.network, populations=tuple(described))

    def _described_before(self) -> Network | None:
        """The network as the only change described it, if the machine's biases are still those."""
        if self._next is None or self.machine is None:
            return None
        index, network = self._next
        before = network.populations[index]
        if isinstance(before, Readouts) and not self.populations[index].bias_is_new \
                and not np.array_equal(before.bias, self.machine.bias(index)):
            return None
        return network

    def _with_bias(self, described: Population, index: int) -> Population:
        """Readouts with the biases that they have learned."""
        assert self.machine is not None
        return replace(described, bias=self.machine.bias(index)) \
            if isinstance(described, Readouts) else described

    def _update_populations(self) -> None:
        assert self.machine is not None and self.description is not None
        network = self._described_before() or self._described(self._changed)
        for index in sorted(self._changed):
            self.machine.set_population(index, network)
        self.description.network = network
        self._up_to_date()

    def _up_to_date(self) -> None:
        self._structure_changed = self._delays_changed = False
        self._changed = set()
        self._next = None
        for population in self.populations:
            population.bias_is_new = False

    def check_reset(self, keep_weights: bool) -> None:
        """Raise the errors of a network that cannot keep its learned weights."""
        if keep_weights and self.holds_more:
            self.prepare()

    def reset(self, keep_weights: bool) -> None:
        """Go back to step 0; ``keep_weights`` keeps learned weights."""
        old = self.prepare() if keep_weights and self.holds_more else None
        with all_or_nothing(self, *self.populations, *self.current_sources):
            for population in self.populations:
                population.return_to_start(keep_weights)
            for source in self.current_sources:
                source.return_to_start()
            self.machine = None
            self.carried = old is not None
            self.training_restarts(keep_weights)
            self._structure_changed = True
            if old is not None:
                self._build(old, from_start=True)
        if not self.carried:
            self.forget_weights()

    @property
    def formats(self) -> Formats | None:
        """The fixed-point formats of the machine."""
        return None if self.machine is None else self.machine.formats

    def restore(self, state: dict[str, np.ndarray], formats: Formats | None) -> None:
        """Continue from a state, with its formats, of a machine of the same network.

        Raises :class:`CheckpointError`; then nothing was changed.
        """
        assert self.description is not None
        machine = self._build_machine(self.description.network, formats)
        machine.restore(state)
        self.machine, self.carried, self._next = machine, True, None

    # --- weights ---

    def _holder(self) -> Machine | None:
        return self.machine if self.holds_more else None

    def bias(self, population: Any) -> np.ndarray:
        """Current biases of a readout population."""
        if not self.holds_more or self.machine is None or population.bias_is_new \
                or population.index >= len(self.machine.network.populations):
            return np.array(population.values["bias"])
        return self.machine.bias(population.index)


def _with_weights(network: Network, machine: Machine) -> Network:
    """The network with the current weights of ``machine``, for projections that it has."""
    known = len(machine.network.projections)
    return replace(network, projections=tuple(
        replace(projection, weight=machine.weights(place)) if place < known else projection
        for place, projection in enumerate(network.projections)))
