"""A network and the machine that runs it: planned when needed, loaded, read and written."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import neo
import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.description import Description, describe, describe_population
from pynn_eprop.common.run.simulation import DescribedSimulation
from pynn_eprop.common.script.checks import check_learning
from pynn_eprop.common.standardmodels.cells import EPropCell
from pynn_eprop.errors import CheckpointError, SimulationError, UnsupportedError
from pynn_eprop.fixed.formats import Formats, check_values
from pynn_eprop.models.cells import AnalogSources
from pynn_eprop.models.fixed_point import FixedPoint
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.network import Network
from pynn_eprop.models.optimizers.kernels import KERNELS
from pynn_eprop.models.range_report import RangeReport
from pynn_eprop.spinnaker.board.session import Session
from pynn_eprop.spinnaker.memory.cells import KINDS, LOSSES
from pynn_eprop.spinnaker.memory.layout import KeyKind
from pynn_eprop.spinnaker.memory.rules import RULES
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement.keys import add_edge
from pynn_eprop.spinnaker.running.loaded_network import LoadedNetwork
from pynn_eprop.spinnaker.running.script_time import Passage, to_script_time


class Simulation(DescribedSimulation):
    """The simulation since ``setup()``, with a network that a SpiNNaker machine runs.

    populations, projections: sPyNNaker's own are among them.
    """

    arithmetic = "spinnaker"    # of checkpoints: states of cores fit cores only
    step = 0
    kinds = KnownKinds("a SpiNNaker core", {*KINDS, AnalogSources}, RULES, LOSSES,
                       KERNELS)         # fixed/: shapes

    def __init__(self, options: SharedOptions, machine_options: SpinnakerOptions) -> None:
        super().__init__(options, machine_options.fixed_point or FixedPoint())
        self.machine_options = machine_options
        self.timeline = replace(self.timeline,
                                pause_steps=machine_options.pause_in_script(options.timestep))
        self.session: Session | None = None
        self.network: LoadedNetwork | None = None
        self._structure_changed = self._start_changed = True
        self._recording_changed = False
        self._changed: set[int] = set()
        self._passages: list[Passage] = []

    # --- sPyNNaker ---

    def begin(self) -> Session:
        """sPyNNaker, set up when first needed."""
        if self.session is None:
            self.session = Session(self.options.timestep, self.options.shortest_delay,
                                   self.machine_options.spynnaker,
                                   self.machine_options.failure_folder,
                                   self.machine_options.quiet,
                                   self.machine_options.refuse_virtual_board)
        return self.session

    def end(self) -> None:
        """Give the machine back."""
        if self.session is not None:
            self.session.end(keep_data=any(hasattr(each, "native") for each in self.populations))

    def check_open(self, what: str) -> None:
        """Raise :class:`SimulationError` for ``what`` after end()."""
        if self.session is not None:
            self.session.check_open(what)

    def connect(self, pre: Any, post: Any, kinds: Sequence[KeyKind]) -> None:
        """Let packets go from one population to another; forward weights go with signals.

        Values of analog sources are in the memory of the cores that they reach.
        """
        if getattr(pre, "is_analog", False):
            return
        for kind in kinds:
            add_edge(pre.vertex, post.vertex, kind)

    @property
    def passed(self) -> tuple[int, int]:
        """Resets so far, and the script step."""
        return len(self._passages), self.step

    def to_script_time(self, block: neo.Block, forgotten: tuple[int, int]) -> neo.Block:
        """Data of sPyNNaker's own cells, without the pauses that script time does not contain.

        forgotten: the value of ``passed`` when the script last cleared them.
        """
        if self.network is None:
            return block
        passages = [*self._passages, Passage(self.network.schedule, self.step)]
        return to_script_time(block, passages, self.options.timestep, forgotten)

    # --- progress ---

    @property
    def updates(self) -> int:
        """Weight updates done."""
        return self.network.updates if self.holds_more and self.network is not None else 0

    @property
    def has_run(self) -> bool:
        """Whether anything has run since ``setup()``."""
        return bool(self.step or self._passages)

    @property
    def can_be_kept(self) -> bool:
        """False within an update, and after a failure that left older weights only."""
        return self.network is None or not self.holds_more or self.network.can_be_kept

    @property
    def formats(self) -> Formats | None:
        """The formats of the network, in which it holds what it learned."""
        return None if self.network is None else self.network.plan.formats

    def range_report(self) -> RangeReport | None:
        """The formats of the network; None before a run."""
        network = self._present_network()
        return None if network is None else network.range_report()

    def saturations(self) -> tuple[str, ...]:
        """Sentences on what saturated so far, one for each."""
        network = self._present_network()
        return () if network is None else network.reports.saturations()

    def events(self) -> tuple[str, ...]:
        """Sentences on late and lost packets and the like, one for each."""
        network = self._present_network()
        return () if network is None else network.reports.events()

    def _present_network(self) -> LoadedNetwork | None:
        """The network, unless it dates from before a reset()."""
        return None if self._start_changed and not self.holds_more else self.network

    # --- what changes between runs ---

    def _refuse_between_runs(self, what: str) -> None:
        self.check_open(what)
        if self.step:
            raise UnsupportedError(f"{what} at {self.time:.9g} ms: on SpiNNaker a network is laid "
                                   "out before its first run; do it before, or after reset()")
        if self.holds_more:
            raise UnsupportedError(f"{what}: on SpiNNaker a network that goes on with what it "
                                   "learned stays as it is laid out; use save_weights(), reset() "
                                   "and then load_weights()")

    def start_changes(self) -> None:
        """Note that the network is to be described again, if the next run begins from it."""
        self._start_changed = True

    def check_records_traces(self, projection: Any) -> None:
        """Raise :class:`UnsupportedError`: cores have none."""
        raise UnsupportedError(
            f"{projection.label}: SpiNNaker cores keep no eligibility traces, as their gradients "
            "are computed without; they are recorded by pynn_eprop.host, pynn_eprop.jax and "
            "pynn_eprop.brian2")

    def structure_changes(self, what: str) -> None:
        """Note that the network is to be laid out again. Raises :class:`UnsupportedError`."""
        self._refuse_between_runs(what)
        self._structure_changed = True
        self.start_changes()

    def recording_changes(self, population: Any) -> None:
        """Note that something else is recorded: the network is loaded again, with what it learned.

        Raises :class:`UnsupportedError` within an update, in networks without update intervals,
        and beside populations of sPyNNaker, whose data would start again.
        """
        if population.is_source:
            return
        what = f"{population.label}: other recordings"
        self.check_open(what)
        native = [each.label for each in self.populations if hasattr(each, "native")]
        if self.step and native:
            raise UnsupportedError(f"{what} at {self.time:.9g} ms: {native[0]} is one of "
                                   "sPyNNaker's populations, and would begin again; record before "
                                   "the first run")
        if self.step and self.network is not None and not (self.network.between_updates(self.step)
                                             and self.step % self.timeline.period == 0):
            raise UnsupportedError(f"{what} at {self.time:.9g} ms, within an update or a pause; run"
                                   "() to its end first, or record before the first run")
        if self.step and self.network is not None and self.options.interval_steps is None:
            raise UnsupportedError(f"{what} at {self.time:.9g} ms: without update_interval cores' "
                                   "activity is not read, and cannot go on; record before the "
                                   "first run")
        self._recording_changed = True

    def check_delays(self, label: str) -> None:
        """Raise :class:`UnsupportedError` between runs, :class:`SimulationError` after end()."""
        self._refuse_between_runs(f"{label}: new delays")

    def delays_change(self, label: str) -> None:
        """Note that delays change."""
        self.structure_changes(f"{label}: new delays")

    def population_changes(self, index: int) -> None:
        """Note that a population has new parameters.

        Raises the errors of those that cores cannot take over between runs.
        """
        self.check_open(f"{self.populations[index].label}: new parameters")
        if self.holds_more and self.network is not None:
            self.network.check_change(self._described({index}), [index])
        self._changed.add(index)
        self.start_changes()

    def initial_values_change(self, index: int) -> None:
        """Note that a population has new initial values."""
        self.check_open("initialize()")
        self._changed.add(index)
        self.start_changes()

    def spikes_change(self, population: Any) -> None:
        """Check new values of a source; a warning says if some of them come too late.

        Raises :class:`NetworkError` for values that the formats of a network that goes on do not
        hold.
        """
        if not population.is_analog:
            return
        self.check_open(f"{population.label}: new values")
        self.start_changes()
        network = self.network
        if network is None or not self.holds_more:
            return
        check_values(population.label, population.largest_value,
                     network.plan.formats.signal_bits[population.index])
        late = network.steps_taken(self.step)
        if late:
            warnings.warn(
                f"{population.label}: of the values that were set at {self.time:.9g} ms those of "
                f"the first {late * self.options.timestep:g} ms come too late, as cores are that "
                "far ahead of the script; what was set before is in effect there", stacklevel=4)

    def prepare(self) -> LoadedNetwork:
        """The network in agreement with the PyNN objects.

        Raises the errors of networks that cannot run, before anything is loaded.
        """
        if not self.holds_more:
            if self._start_changed or self._recording_changed:
                self._begin_again()
        else:
            if self._changed:
                self._update_populations()
            if self._recording_changed:
                self._load_again()
        assert self.network is not None
        return self.network

    def _begin_again(self) -> None:
        """Begin with the network that the PyNN objects describe, on the loaded cores if it fits.

        Formats, cores and memory are chosen as for a network that was never loaded.
        """
        check_learning(self.populations, self.projections, self.options)
        description = describe(self.populations, self.projections, self.options)
        old = self.network
        if old is not None and not (self._structure_changed or self._recording_changed) \
                and old.plan.can_begin(description.network):
            old.begin(description.network)
        else:
            self._load(description, None, {})
        self.description = description
        self._up_to_date()

    def _load_again(self) -> None:
        """Load the network again, with what it learned, onto cores that record something else."""
        old, description = self.network, self.description
        assert old is not None and description is not None
        kept = old.kept()
        if self.step:
            self.begin().reset()
        self._load(description, old.plan.formats, kept)
        self._recording_changed = False

    def _load(self, description: Description, formats: Formats | None,
              kept: Mapping[str, np.ndarray]) -> None:
        network = self._planned(description, formats)
        if self.network is not None and network.session.loaded:
            network.session.needs_mapping()
        self.network = network
        network.attach()
        if kept:
            network.restart(kept, from_start=self.step == 0)

    def _planned(self, description: Description, formats: Formats | None) -> LoadedNetwork:
        session = self.begin()
        return LoadedNetwork(description.network, self.populations,
                             self.machine_options.as_set_up(session.time_scale_factor), session,
                             formats)

    def _update_populations(self) -> None:
        assert self.network is not None and self.description is not None
        self._warn_of_late_parameters()
        network = self._described(self._changed)
        self.network.change_populations(
            network, sorted(self._changed),
            [population.index for population in self.populations if population.bias_is_new])
        self.description.network = network
        self._populations_up_to_date()

    def _described(self, changed: Iterable[int]) -> Network:
        """The network as it is laid out, with the present parameters of some populations."""
        assert self.description is not None
        described = list(self.description.network.populations)
        for index in changed:
            described[index] = describe_population(self.populations[index], self.options)
        return replace(self.description.network, populations=tuple(described))

    def _warn_of_late_parameters(self) -> None:
        """Warn of parameters of cells that were set while the machine is ahead of the script."""
        assert self.network is not None
        labels = [self.populations[index].label for index in sorted(self._changed)
                  if isinstance(self.populations[index].celltype, EPropCell)]
        if self.network.cells_ahead and labels:
            where = "" if self.options.interval_steps is None else \
                " within an interval; at the end of one it is in time"
            warnings.warn(
                f"{', '.join(labels)}: what was set at {self.time:.9g} ms takes effect one step "
                f"later, as cells are that far ahead of the script{where}", stacklevel=3)

    def _up_to_date(self) -> None:
        self._structure_changed = self._recording_changed = self._start_changed = False
        self._populations_up_to_date()

    def _populations_up_to_date(self) -> None:
        self._changed = set()
        for population in self.populations:
            population.bias_is_new = False

    def check_reset(self, keep_weights: bool) -> None:
        """Raise the errors of a machine that has failed or was given back."""
        if self.session is not None:
            self.session.check("reset()")
        if keep_weights and self.holds_more and self.network is not None:
            self.network.kept()     # reads it, or raises if the machine does not answer

    def reset(self, keep_weights: bool) -> None:
        """Back to step 0; with ``keep_weights`` what was learned stays."""
        carried = keep_weights and self.holds_more
        kept = self.network.kept() if carried and self.network is not None else None
        self.training_restarts(keep_weights)
        if self.network is not None:
            self._passages.append(Passage(self.network.schedule, self.step))
        for population in self.populations:
            population.return_to_start(keep_weights)
        if self.session is not None:
            self.session.reset()
        self.step, self.carried = 0, carried
        if kept is not None and self.network is not None:
            self.network.restart(kept, from_start=True)
        else:
            self._start_changed = True
            self.forget_weights()

    def restore(self, state: dict[str, np.ndarray], formats: Formats | None) -> None:
        """Go on from the given state and formats of another run of the same network."""
        if self.step or self.network is None or self.network.session.loaded:
            raise SimulationError("load_checkpoint() belongs before the first run")
        if not state:
            raise CheckpointError("the checkpoint says nothing of what cores hold; it is damaged")
        network = self.network
        if formats not in (None, network.plan.formats):
            assert self.description is not None
            network = self._planned(self.description, formats)
        self.step = network.restart(state)
        self.network, self.carried = network, True
        network.attach()

    # --- weights ---

    def _holder(self) -> LoadedNetwork | None:
        return self.network if self.holds_more else None

    def check_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Raise :class:`NetworkError` within an interval, and for weights beyond the format."""
        self.check_open(f"{projection.label}: new weights")
        if self._holder_of(projection) is not None:
            self.check_between_intervals(f"{projection.label}: new weights")
        super().check_weights(projection, weight)

    def bias(self, population: Any) -> np.ndarray:
        """Current biases of a readout population."""
        if not self.holds_more or self.network is None or population.bias_is_new:
            return np.array(population.values["bias"])
        return self.network.bias(population.index)
