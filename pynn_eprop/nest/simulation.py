"""A network with update intervals, and NEST running it in script time.

NEST gets a network when it first runs. It runs as far as the script's clock, so that later inputs
can still be given; data that it stamps later are fetched, by running a few steps ahead,
when data are read. Reading weights ends the run: NEST changes a weight when its synapse next
transmits a spike, and so every cell is made to spike once more.
"""

from typing import Any

import nest
import numpy as np

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.expansion.description import describe_population
from pynn_eprop.common.records.logs import Log, SpikeLog
from pynn_eprop.common.run.inactivity import learning_populations
from pynn_eprop.common.run.interrupts import Interrupts
from pynn_eprop.common.run.simulation import Simulation as CommonSimulation
from pynn_eprop.common.run.timeline import Pace
from pynn_eprop.common.script.checks import check_learning
from pynn_eprop.common.standardmodels import EPropReadout
from pynn_eprop.common.standardmodels.cells import EPropCell
from pynn_eprop.errors import RunInterrupted, SimulationError, UnsupportedError
from pynn_eprop.nest import translation
from pynn_eprop.nest.feeding import Feeder
from pynn_eprop.nest.kernel_time import (
    DELIVERY,
    OFFSET,
    RATE_CHANGE,
    SOURCE_LEAD,
    TARGET_LEAD,
    KernelTime,
)
from pynn_eprop.nest.quirks import Quirks, check_inputs, check_network, teachers, warn_of_network
from pynn_eprop.nest.records import Records, make_records
from pynn_eprop.nest.refusals import typed
from pynn_eprop.nest.spike_counts import DELAY, SpikeCounts
from pynn_eprop.nest.windows import window_steps
from pynn_eprop.nest.wiring import Wiring, remembering_populations

_FINAL_STEP = 4     # of an interval at which all cells are made to spike, at the earliest
_FINAL_LENGTH = 4   # steps after it until the spikes have arrived and weights have changed
_NEVER = 1e9        # ms

Parameters = tuple[Any, list[dict[str, Any]]]   # a population, and NEST's parameters by cell


class Simulation(CommonSimulation):
    """A network with update intervals.

    populations, projections: those that are kept as arrays (cells that learn, readouts, sources);
    all others are in PyNN's NEST backend.
    """

    step = 0
    kinds = translation.KNOWN

    def __init__(self, options: SharedOptions, quirks: Quirks, state: Any) -> None:
        assert options.interval_steps is not None
        super().__init__(options)
        self.quirks = quirks
        self.state = state
        self.kernel = KernelTime(self.options.timestep)
        self.interval_steps = options.interval_steps
        self._update_steps = options.interval_steps * options.trials_per_update
        self._pace = Pace(self.timeline)
        self._records: dict[int, Records] = {}
        self._feeder: Feeder | None = None
        self._wiring: Wiring | None = None
        self._counts: list[SpikeCounts] = []
        self._window: int | None = None
        self._final = False
        self._begun = False     # whether NEST has any part of the network

    # --- progress ---

    @property
    def updates(self) -> int:
        """Weight updates done."""
        return self.step // self._update_steps

    @property
    def started(self) -> bool:
        """Whether NEST has the network."""
        return self._wiring is not None

    @property
    def frontier(self) -> int:
        """Kernel steps done."""
        return 0 if self._feeder is None else self._feeder.frontier

    # --- what changes ---

    def structure_changes(self, what: str) -> None:
        """Raise :class:`UnsupportedError` once NEST has the network."""
        if self.started:
            raise UnsupportedError(f"{what} at {self.time:.9g} ms: NEST takes the network of a run "
                                   "that learns once, at the first run(); call setup() and build "
                                   "it again")

    def population_changes(self, index: int) -> None:
        """Refuse changes of inputs that NEST already has."""
        population = self.populations[index]
        if self._feeder is not None and isinstance(population.celltype, EPropReadout):
            self._feeder.check_target(population, self.step)

    def initial_values_change(self, index: int) -> None:
        """Do nothing: populations check initial values."""

    def spikes_change(self, population: Any) -> None:
        """Refuse changes of spikes that NEST already has."""
        if self._feeder is not None:
            self._feeder.check_spikes(population, self.step)

    # --- start ---

    def _start(self, taught: dict[int, float], parameters: list[Parameters]) -> None:
        """Give NEST the network: the results of :meth:`_checked`, and the synapses."""
        warn_of_network(self.projections)
        self._begun = True      # from here on NEST has a part of it
        for population, given in parameters:
            population.node_collection.set(given)
        self._feeder = Feeder(self.kernel, self.populations, self.timeline.time)
        factors = {population.index: translation.trace_factor(
            taught.get(population.index), self.kernel.timestep) for population in self.populations}
        wiring = Wiring(self.kernel, self.options.trials_per_update, factors, taught)
        wiring.connect(self.projections)
        wiring.normalise([population for population in self.populations
                          if isinstance(population.celltype, EPropReadout)])
        for population in self.populations:
            if population.is_source:
                nest.Connect(population.generators, population.node_collection, "one_to_one",
                             {"delay": self.kernel.timestep})
        self._counts = [
            SpikeCounts(self.populations[index], self.kernel, self._update_steps)
            for index in sorted(learning_populations(self.projections))
            if isinstance(self.populations[index].celltype, EPropCell)]
        self._wiring = wiring

    def _checked(self) -> tuple[dict[int, float], list[Parameters]]:
        """tau_m of the readouts that teach each population, and NEST's parameters of populations.

        Raises the errors of networks that cannot run.
        """
        check_learning(self.populations, self.projections, self.options)
        taught = teachers(self.projections)
        check_network(self.populations, self.projections, self.options, taught, self.quirks)
        found = []
        for population in self.populations:
            one = describe_population(population, self.options)
            if type(one) in translation.KINDS:
                parameters = translation.KINDS[type(one)](one, translation.Surroundings(
                    self.kernel.timestep, self.interval_steps, taught.get(population.index)))
                found.append((population, translation.one_by_one(parameters, one.size)))
        return taught, found

    # --- running ---

    def run_until(self, tstop: float) -> None:
        """Advance to ``tstop`` ms.

        Raises :class:`SimulationError` if weights were read before, or a target ends too
        early, :class:`UnsupportedError` if NEST would deviate from the equations, and
        :class:`RunInterrupted` after SIGINT or SIGTERM.
        """
        last = self.timeline.step_at(tstop)
        if last <= self.step:
            return
        if self._final:
            raise SimulationError("run() after weights were read: NEST changes a weight only when "
                                  "its synapse transmits a spike, so reading them made every cell "
                                  "spike once more. Read weights at the end")
        if self._begun and not self.started:
            raise SimulationError("NEST failed while it was given the network, and has a part of "
                                  "it; call setup() and build it again")
        # all that can be refused is refused before NEST gets anything
        checked = None if self.started else self._checked()
        window = self._checked_window(last)
        for population in self.populations:
            if population.is_source:
                check_inputs(population, self.projections, self.step, last, self.interval_steps,
                             self.quirks)
        self._check_recordings()
        if checked is not None:
            with typed("the network", UnsupportedError):
                self._start(*checked)
        self._set_window(window)
        self._connect_devices()
        with Interrupts() as interrupts:
            while self.step < last:
                self._advance(min(last, self.step + self._pace.next(self.step, last)))
                if interrupts.received is not None:
                    raise RunInterrupted(f"interrupted by signal {interrupts.received} at "
                                         f"{self.time:.9g} ms; NEST keeps no checkpoint")

    def _advance(self, last: int) -> None:
        first = self.step
        self._run_kernel(last)
        self.step = last
        self.collect_what_is_done()
        for population in self.populations:
            log = population.recorder.logs.get("spikes")
            if population.is_source and isinstance(log, SpikeLog):
                log.append_given(population.spikes_between(first, last), first)

    def _run_kernel(self, frontier: int) -> None:
        """Let NEST run to a kernel step, with its inputs, changing learning rates on the way."""
        assert self._feeder is not None and self._wiring is not None
        if frontier <= self.frontier:
            return
        length = self._update_steps
        changes = self._wiring.rate_changes((self.frontier - RATE_CHANGE) // length,
                                            (frontier - RATE_CHANGE) // length)
        for update in changes:
            if self.frontier <= update * length + RATE_CHANGE:
                self._simulate_to(update * length + RATE_CHANGE)
                self._wiring.set_rates(update)
        self._simulate_to(frontier)

    def _simulate_to(self, frontier: int) -> None:
        """Let NEST run to a kernel step, with its inputs.

        In the two steps before script time 0 cells of other types stand still, however many runs
        these steps take.
        """
        if self.frontier < OFFSET:
            others = [population for population in self.state.populations
                      if population not in self.populations]
            for population in others:
                population.node_collection.set(frozen=True)
            self._feed_and_simulate(min(frontier, OFFSET))
            for population in others:
                population.node_collection.set(frozen=False)
        self._feed_and_simulate(frontier)

    def _feed_and_simulate(self, frontier: int) -> None:
        assert self._feeder is not None
        steps = frontier - self.frontier
        with typed(f"the run from {self.time:.9g} ms on", SimulationError):
            self._feeder.feed(frontier, self.step)
            self._simulate(steps)

    def _simulate(self, steps: int) -> None:
        if steps > 0:
            nest.Simulate(self.kernel.ms(steps))

    def _checked_window(self, last: int) -> int | None:
        """The learning window of a run to step ``last``; raises the errors of its targets."""
        readouts = [population for population in self.populations
                    if isinstance(population.celltype, EPropReadout)]
        for readout in readouts:
            if readout.target_end is not None:
                self.check_target_reaches(readout.label, readout.target_end, last)
        window = window_steps(readouts, self.step, last, self.interval_steps)
        if window is not None and self._window not in (None, window):
            raise UnsupportedError(f"there are targets in the last {window} steps of an "
                                   f"interval, but were in the last {self._window} before; NEST's "
                                   "learning window is the same in the whole run")
        return window

    def _set_window(self, window: int | None) -> None:
        if window is not None and window != self._window:
            nest.set(eprop_learning_window=self.kernel.ms(window))
            self._window = window

    # --- recorded data ---

    def _logs(self) -> list[tuple[Any, Log]]:
        return [(population, log) for population in self.state.populations
                if not getattr(population, "is_source", False)
                for log in population.recorder.logs.values()]

    def _check_recordings(self) -> None:
        """Raise :class:`UnsupportedError` for what NEST does not keep."""
        remembering = remembering_populations(self.projections)
        for population, log in self._logs():
            if log.variable == "learning_signal" and population.index not in remembering:
                raise UnsupportedError(f"{population.label}: record('learning_signal') of cells "
                                       "without plastic or recurrent synapses; NEST keeps none "
                                       "for them")

    def _connect_devices(self) -> None:
        """Give every log its device, and every device its cells."""
        for population in self.state.populations:
            if population._deferred_parrot_connections:
                population._connect_parrot_neurons()
        logs = self._logs()
        self._records = {key: records for key, records in self._records.items()
                         if any(log is records.log for _, log in logs)}
        for population, log in logs:
            records = self._records.get(id(log))
            if records is None:
                with typed(f"{population.label}: record({log.variable!r})", UnsupportedError):
                    self._records[id(log)] = make_records(log, population, self.kernel)
            else:
                records.connect()

    def collect_what_is_done(self) -> None:
        """Fetch the data that NEST has without running ahead."""
        for records in self._records.values():
            records.collect(min(self.step, self.frontier - DELIVERY - records.lag))
        self._look_at_counts()

    def _look_at_counts(self) -> None:
        """Warn of cells without spikes in updates whose spikes NEST has all delivered."""
        self.warn_if_inactive([each for counts in self._counts
                               for each in counts.look(self.frontier, self.updates)])

    def collect(self) -> None:
        """Let NEST run ahead until it has all data up to now, and fetch them."""
        if not self.started or self._final:
            return
        lag = max((records.lag for records in self._records.values()), default=0)
        if lag:
            self._run_kernel(self.step + lag + DELIVERY)
        for records in self._records.values():
            records.collect(self.step)
        self._look_at_counts()

    def end(self) -> None:
        """Check the last update for cells without spikes, for which NEST may run further."""
        if not self._final and any(counts.is_in_doubt(self.updates) for counts in self._counts):
            self._run_kernel(self.updates * self._update_steps + DELAY)
            self.collect_what_is_done()

    # --- weights ---

    def weights(self, projection: Any) -> np.ndarray:
        """Current weights, (synapses,). After a run, reading weights that learn ends it for good.

        Raises :class:`NetworkError` within an interval.
        """
        learns = getattr(projection.synapse_type, "optimizer", None) is not None
        if self._wiring is None or not learns or self.step == 0:
            return np.array(projection.synapses.weight)
        self._finish()
        return self._wiring.weights(projection)

    def check_gradient(self, projection: Any) -> None:
        """Raise :class:`UnsupportedError`: NEST does not show it."""
        raise UnsupportedError(f"{projection.label}: NEST does not show gradients; use the host or "
                               "Brian2 backend")

    def check_records_traces(self, projection: Any) -> None:
        """Raise :class:`UnsupportedError`: NEST does not show them."""
        raise UnsupportedError(
            f"{projection.label}: NEST does not show eligibility traces; they are recorded by "
            "pynn_eprop.host, pynn_eprop.jax and pynn_eprop.brian2")

    def set_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Set the weights to start with."""
        self.check_weights(projection, weight)
        projection.synapses.weight = np.array(weight)

    def check_weights(self, projection: Any, weight: np.ndarray) -> None:
        """Raise :class:`UnsupportedError` once NEST has the network."""
        self.check_takes_weights(f"{projection.label}: new weights")

    def check_takes_weights(self, what: str) -> None:
        """Raise :class:`UnsupportedError` once NEST has the network."""
        self.structure_changes(what)

    def check_delays(self, label: str) -> None:
        """Raise :class:`UnsupportedError` once NEST has the network."""
        self.structure_changes(f"{label}: new delays")

    def delays_change(self, label: str) -> None:
        """Do nothing: NEST gets delays at the first run."""
        self.check_delays(label)

    def bias(self, population: Any) -> np.ndarray:
        """Biases of readouts: 0."""
        return np.array(population.values["bias"])

    def _finish(self) -> None:
        """Make every cell spike once, early in the next interval, so that all weights change."""
        if self._final:
            return
        assert self._feeder is not None
        self.check_between_intervals("weights cannot be read")
        self._run_kernel(self.step + TARGET_LEAD)   # for the last targets
        self.collect()
        start = max(self.step + _FINAL_STEP, self.frontier)
        for population in self.populations:
            if isinstance(population.celltype, EPropCell):
                population.node_collection.set(
                    ignore_and_spike=True, ignore_and_spike_interval=_NEVER,
                    ignore_and_spike_offset=self.kernel.ms(start + OFFSET - self.frontier))
        self._feeder.last_spikes(start)
        assert start + SOURCE_LEAD > self.frontier
        self._simulate(start + OFFSET + _FINAL_LENGTH - self.frontier)
        self._final = True

