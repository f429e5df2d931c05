"""A network and the machine that runs it: planned when needed, loaded, read and written."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import neo
import numpy as np

from pynn_eprop.common.checks import check_learning
from pynn_eprop.common.description import describe, describe_population
from pynn_eprop.common.setup import SharedOptions
from pynn_eprop.common.simulation import DescribedSimulation
from pynn_eprop.errors import SimulationError, UnsupportedError
from pynn_eprop.models.network import Network
from pynn_eprop.models.range_report import RangeReport
from pynn_eprop.spinnaker.layout import KeyKind
from pynn_eprop.spinnaker.loaded import LoadedNetwork
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.script_time import Passage, to_script_time
from pynn_eprop.spinnaker.session import Session
from pynn_eprop.spinnaker.standardmodels.cells import EPropALIF, EPropLIF
from pynn_eprop.spinnaker.vertices.partitions import add_edge


class _Precision:
    """What checkpoints name as the number system: states of cores fit cores only."""

    value = "spinnaker"


class Simulation(DescribedSimulation):
    """A network that a SpiNNaker machine runs.

    populations, projections: sPyNNaker's own are among them.
    """

    precision = _Precision()
    step = 0

    def __init__(self, options: SharedOptions, machine_options: SpinnakerOptions) -> None:
        super().__init__(options)
        self.machine_options = machine_options
        self.timeline = replace(self.timeline,
                                pause_steps=machine_options.pause_in_script(options.timestep))
        self.session: Session | None = None
        self.network: LoadedNetwork | None = None
        self._structure_changed = True
        self._recording_changed = False
        self._changed: set[int] = set()
        self._kept: dict[str, np.ndarray] = {}
        self._passages: list[Passage] = []

    # --- sPyNNaker ---

    def begin(self) -> Session:
        """sPyNNaker, set up when first needed."""
        if self.session is None:
            self.session = Session(self.options.timestep, self.options.shortest_delay,
                                   self.machine_options.spynnaker,
                                   self.machine_options.failure_folder,
                                   self.machine_options.quiet)
        return self.session

    def end(self) -> None:
        """Give the machine back."""
        if self.session is not None:
            self.session.end()

    def connect(self, pre: Any, post: Any, kinds: Sequence[KeyKind]) -> None:
        """Let packets go from one population to another; forward weights go with signals."""
        for kind in kinds:
            add_edge(pre.vertex, post.vertex, kind)

    @property
    def passed(self) -> tuple[int, int]:
        """Resets so far, and the script step."""
        return len(self._passages), self.step

    def to_script_time(self, block: neo.Block, forgotten: tuple[int, int]) -> neo.Block:
        """Data of sPyNNaker's own cells, with the pauses taken out that script time lacks.

        forgotten: what was ``passed`` when the script had them forgotten.
        """
        if self.network is None:
            return block
        passages = [*self._passages, Passage(self.network.clock, self.step)]
        return to_script_time(block, passages, self.options.timestep, forgotten)

    # --- where it stands ---

    @property
    def updates(self) -> int:
        """Weight updates done."""
        return 0 if self.network is None else self.network.updates

    @property
    def can_be_kept(self) -> bool:
        """Not within an update, nor where a failure has left older weights only."""
        return self.network is None or self.network.can_be_kept

    def range_report(self) -> RangeReport | None:
        """The formats of the network; None before a run."""
        return None if self.network is None else self.network.range_report()

    def saturations(self) -> tuple[str, ...]:
        """What saturated so far, one sentence each."""
        return () if self.network is None else self.network.saturations()

    def events(self) -> tuple[str, ...]:
        """Late and lost packets and the like, one sentence each."""
        return () if self.network is None else self.network.events()

    # --- what changes between runs ---

    def _refuse_between_runs(self, what: str) -> None:
        if self.step:
            raise UnsupportedError(f"{what} at {self.time:g} ms: on SpiNNaker a network is laid "
                                   "out before its first run; do it before, or after reset()")

    def structure_changes(self, what: str) -> None:
        """Note that the network is to be laid out anew. Raises :class:`UnsupportedError`."""
        self._refuse_between_runs(what)
        self._structure_changed = True

    def recording_changes(self, population: Any) -> None:
        """Note that something else is recorded: the network is loaded anew, with what it learned.

        Raises :class:`UnsupportedError` within an update, and beside populations of sPyNNaker,
        whose data would begin anew.
        """
        if population.is_source:
            return
        what = f"{population.label}: other recordings"
        stock = [each.label for each in self.populations if hasattr(each, "stock")]
        if self.step and stock:
            raise UnsupportedError(f"{what} at {self.time:g} ms: {stock[0]} is one of sPyNNaker's "
                                   "populations, and would begin anew; record before the first run")
        if self.network is not None and not (self.network.between_updates(self.step)
                                             and self.step % self.timeline.period == 0):
            raise UnsupportedError(f"{what} at {self.time:g} ms, within an update or a pause; run"
                                   "() to its end first, or record before the first run")
        self._recording_changed = True

    def delays_change(self, label: str) -> None:
        """Note that delays change."""
        self.structure_changes(f"{label}: new delays")

    def population_changes(self, index: int) -> None:
        """Note that a population has new parameters."""
        self._changed.add(index)

    def initial_values_change(self, index: int) -> None:
        """Note that a population has new initial values."""
        self._changed.add(index)

    def prepare(self) -> LoadedNetwork:
        """The network in agreement with the PyNN objects.

        Raises the errors of networks that cannot run, before anything is loaded.
        """
        if self._recording_changed and self.network is not None and self.step:
            self._kept = self.network.state()
            self.begin().reset()
        if self.network is None or self._structure_changed or self._recording_changed:
            self._build()
        elif self._changed:
            self._update_populations()
        assert self.network is not None
        return self.network

    def _build(self) -> None:
        check_learning(self.populations, self.projections, self.options)
        description = describe(self.populations, self.projections, self.options)
        session = self.begin()
        if self.network is not None and session.loaded:
            session.needs_mapping()
        self.network = LoadedNetwork(description.network, self.populations, self.machine_options,
                                     session, self._kept, from_start=self.step == 0)
        self.description = description
        self._up_to_date()

    def _update_populations(self) -> None:
        assert self.network is not None and self.description is not None
        self._tell_of_late_parameters()
        described = list(self.description.network.populations)
        for index in sorted(self._changed):
            described[index] = describe_population(self.populations[index], self.options)
        network: Network = replace(self.description.network, populations=tuple(described))
        self.network.change_populations(
            network, sorted(self._changed),
            [population.index for population in self.populations if population.bias_is_new])
        self.description.network = network
        self._up_to_date()

    def _tell_of_late_parameters(self) -> None:
        """Warn of parameters of cells set where the machine is ahead of the script."""
        assert self.network is not None
        labels = [self.populations[index].label for index in sorted(self._changed)
                  if isinstance(self.populations[index].celltype, (EPropLIF, EPropALIF))]
        if self.network.cells_ahead and labels:
            where = "" if self.options.interval_steps is None else \
                " within an interval; at the end of one it is in time"
            warnings.warn(
                f"{', '.join(labels)}: what was set at {self.time:g} ms takes effect one step "
                f"later, as cells are that far ahead of the script{where}", stacklevel=3)

    def _up_to_date(self) -> None:
        self._structure_changed = self._recording_changed = False
        self._changed = set()
        for population in self.populations:
            population.bias_is_new = False

    def reset(self, keep_weights: bool) -> None:
        """Back to step 0; with ``keep_weights`` what was learned stays."""
        if self.network is not None:
            self._passages.append(Passage(self.network.clock, self.step))
            if keep_weights and self.step:
                self._kept = self.network.kept()
            elif not keep_weights:
                self._kept = {}
        for population in self.populations:
            population.target_start = 0
        self.step = 0
        if self.session is not None:
            self.session.reset()
        if self.network is not None:
            self.network.restart(self._kept, from_start=True)

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on where another run of the same network had the given state."""
        if self.step or self.network is None or self.network.session.loaded:
            raise SimulationError("load_checkpoint() belongs before the first run")
        self._kept = state
        self.step = self.network.restart(state)

    # --- weights ---

    def _holder(self) -> LoadedNetwork | None:
        return None if self._structure_changed else self.network

    def set_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Replace the weights; at time 0 they are also what reset() goes back to.

        Raises :class:`NetworkError` within an interval.
        """
        if self._holder_of(projection) is not None:
            self.check_between_intervals(f"{projection.label}: new weights")
        super().set_weights(projection, weight)

    def bias(self, population: Any) -> np.ndarray:
        """Current biases of a readout population."""
        if self.network is None or population.bias_is_new or self._structure_changed:
            return np.array(population.values["bias"])
        return self.network.bias(population.index)
