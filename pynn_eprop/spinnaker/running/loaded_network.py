"""A network on a machine: its cores, runs, recordings, and what it has learned."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.common.records.logs import Log, LossLog, SpikeLog
from pynn_eprop.common.run.timeline import Timeline
from pynn_eprop.engine.fixed_constants import from_fixed, to_fixed
from pynn_eprop.engine.range_report import make_report
from pynn_eprop.errors import CheckpointError, SimulationError
from pynn_eprop.fixed.formats import Formats, check_weights
from pynn_eprop.fixed.numbers import STATE_BITS
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.checks import check_gradient, check_mirrored, is_mirrored
from pynn_eprop.models.network import Network
from pynn_eprop.models.range_report import RangeReport
from pynn_eprop.models.targets import targets_at
from pynn_eprop.spinnaker.board.session import Session
from pynn_eprop.spinnaker.memory import records
from pynn_eprop.spinnaker.memory.layout import Channel, KeyKind, Region
from pynn_eprop.spinnaker.memory.records import AHEAD, CHANNELS, losses, scale_bits
from pynn_eprop.spinnaker.memory.run_tables import Run
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement.cores import Core
from pynn_eprop.spinnaker.placement.keys import incoming_keys
from pynn_eprop.spinnaker.placement.plan import Plan
from pynn_eprop.spinnaker.running.learned_memory import LearnedMemory
from pynn_eprop.spinnaker.running.learned_values import LearnedValues
from pynn_eprop.spinnaker.running.packet_counts import PacketCounts, Stop
from pynn_eprop.spinnaker.running.reports import Reports
from pynn_eprop.spinnaker.running.schedule import READOUT_LAG, Schedule
from pynn_eprop.spinnaker.running.stretches import Stretches, stretch_steps

_SCHEDULE, _GIVEN = "clock", "given"
MOST_STEPS = 2 ** 31 - 1
"""Steps from one reset to the next, which sPyNNaker and cores count in 32 bits."""


class LoadedNetwork:
    """A network on its cores, from the plan to the last run.

    Parameters
    ----------
    network: its description
    populations: the PyNN objects, in the order of ``network.populations``
    formats: those of an earlier run that it continues; None: chosen from the network

    Raises the errors of networks that no machine of this kind can run.
    """

    def __init__(self, network: Network, populations: Sequence[Any], options: SpinnakerOptions,
                 session: Session, formats: Formats | None = None) -> None:
        self.network = network
        self.session = session
        self._populations = populations
        logs = {population.index: population.recorder.logs for population in populations
                if hasattr(population, "recorder") and not population.is_source}
        settings = network.settings
        pause = options.pause_in_script(settings.timestep)
        steps = stretch_steps(network, logs, pause)
        self.plan = Plan(network, options, logs, steps, formats)
        self.timeline = Timeline(settings.timestep, settings.interval_steps, None, pause)
        self._machine_time = options.machine_time
        self.step = 0
        self._new_schedule(0, 0)
        self._stretches = Stretches(network, steps, self.timeline.period, populations)
        self._ahead: dict[tuple[int, str], records.Records] = {}
        self._memory = LearnedMemory(self.plan, session, self._vertices, self._unanswered)
        self._learned_values = LearnedValues(self.plan, self._memory)
        self._targets_loaded: dict[int, bytes] = {}
        self._values_loaded: dict[int, bytes] = {}
        self._values_run: dict[int, tuple[int, np.ndarray]] = {}   # first step, and rows, as run
        self._run = Run()
        self._packets = PacketCounts(network, self.plan, lambda core, size: self._vertex(core).read(
            Region.TALLIES, size))
        self.reports = Reports(network, self.plan, session, self._packets, self._vertices,
                               self._unanswered, options.warns_of_losses)
        self._restarts = self._mirror = self._reload = False
        for core in self.plan.cores:
            core.fill = self._filler(core)

    def attach(self) -> None:
        """Become the network that the populations' vertices load, instead of an earlier one."""
        for population in self._populations:
            if getattr(population, "is_analog", False):
                continue        # nothing on the machine stands for it
            if getattr(population, "is_source", False):
                population.vertex.buffer_bytes = self._stretches.source_bytes(population.index)
                population.vertex.provide = self._provider(population)
            elif hasattr(population, "recorder"):
                population.vertex.cores = self.plan.of_population(population.index)

    def _new_schedule(self, first_interval: int, first_update: int) -> None:
        settings = self.network.settings
        self.schedule = Schedule(settings.interval_steps, settings.trials_per_update,
                           self.plan.pause_trial, self.plan.pause_update,
                           first_interval, first_update,
                           lag=READOUT_LAG if self.plan.cores else 0,
                           in_script=self._machine_time)

    @property
    def updates(self) -> int:
        """Weight updates done; on a virtual board there are none."""
        return 0 if self.session.virtual else self.schedule.updates(self.step)

    @property
    def cells_ahead(self) -> bool:
        """Whether cells are one step ahead of the script."""
        return self.session.loaded and self.schedule.cells_ahead(self.step)

    def steps_taken(self, step: int) -> int:
        """Number of steps from script step ``step`` on whose values cores have taken."""
        if not (self.session.loaded and self.schedule.cells_ahead(step)):
            return 0
        interval = self.network.settings.interval_steps
        left = None if interval is None else interval - step % self.schedule.period
        return self.schedule.lag if left is None else min(self.schedule.lag, left)

    # --- the machine's memory ---

    def _vertex(self, core: Core) -> Any:
        vertex = self._populations[core.population].vertex
        return next(each for each in vertex.machine_vertices if each.core is core)

    def _vertices(self) -> dict[int, Any]:
        """The machine vertices of all cores, by their numbers."""
        return {vertex.core.number: vertex
                for index in {core.population for core in self.plan.cores}
                for vertex in self._populations[index].vertex.machine_vertices}

    def _filler(self, core: Core) -> Callable[[Mapping[KeyKind, int], bool], dict[Region, bytes]]:
        """The function that gives a core's initial memory, once keys are known."""
        def fill(own: Mapping[KeyKind, int], several_chips: bool) -> dict[Region, bytes]:
            incoming = incoming_keys(self.network, self._populations, core)
            self._packets.load(core, incoming)
            contents = self.plan.contents(core, own, incoming, several_chips)
            contents[Region.RUN] = self.plan.run_bytes(core, self._run)
            contents[Region.TARGET] = self.plan.target_bytes(core, self._run)
            self._targets_loaded[core.number] = contents[Region.TARGET]
            contents[Region.VALUES] = self.plan.value_bytes(core, self._run, self._values)
            self._values_loaded[core.number] = contents[Region.VALUES]
            held = self._memory.held(core)
            contents.update((region, held[region]) for region in self.plan.learned_regions(core)
                            if region in held)
            return contents
        return fill

    # --- running ---

    def stretches(self, step: int, last: int) -> list[int]:
        """The script steps at which a run from ``step`` to ``last`` stops to read and write."""
        return self._stretches.stops(step, last)

    def between_updates(self, step: int) -> bool:
        """Whether cores hold no activity that the next update depends on."""
        return self.timeline.starts_interval(step) and self.schedule.pending == 0

    @property
    def can_be_kept(self) -> bool:
        """Whether :meth:`state` is known."""
        return self.between_updates(self.step) and not self._memory.lost \
            and not self._only_mapped and not self._carries_on

    @property
    def _carries_on(self) -> bool:
        """Whether cores hold activity that goes on, as no interval ends."""
        return self.network.settings.interval_steps is None and self.step > 0

    @property
    def _only_mapped(self) -> bool:
        """Whether it has run on a virtual board, and so computed nothing."""
        return self.session.virtual and self.step > 0

    def run(self, first: int, last: int, learning: bool) -> None:
        """Run from script step ``first`` to ``last``."""
        before, updates = self.schedule.over(first), self.schedule.updates(first)
        before_run = self.schedule.copy()
        self.schedule.begin_intervals(last, learning)
        self._run = Run(
            learning=learning, restart=self._restarts,
            reload=self._reload or self._restarts or self._mirror,
            mirror=self._mirror or self._restarts or not self.session.loaded,
            first_update=updates, n_updates=max(sum(self.schedule.updated[before:]), 1),
            first_interval=before, last_interval=len(self.schedule.learned),
            script_interval=self.schedule.first_interval, first_step=first, last_step=last)
        self._take_values(first)
        steps = self.schedule.machine_step(last) - self.session.machine_step
        if steps:       # or the machine has gone there before, for the update of an interval
            interval = self.network.settings.interval_steps
            stop = Stop(self._run, self.session.machine_step + steps,
                        interval is not None and 0 < last % self.schedule.period < interval)
            self.session.run(steps, len(self.plan.cores), self._write_run,
                             lambda: self._failed(first, last, before_run), self._suspects,
                             lambda dropped: self.reports.check_packets(
                                 stop, self.schedule, dropped))
            self._restarts = self._mirror = self._reload = False
            self._memory.changed()
        self.step = last

    def _write_run(self) -> None:
        """Write what belongs to a run to cores that are loaded already."""
        if not self.session.loaded:
            return
        vertices = self._vertices()
        contents: list[tuple[Any, Region, bytes]] = []
        for core in self.plan.cores:
            vertex = vertices[core.number]
            contents.append((vertex, Region.RUN, self.plan.run_bytes(core, self._run)))
            target = self.plan.target_bytes(core, self._run)
            if target and self._targets_loaded.get(core.number) != target:
                self._targets_loaded[core.number] = target
                contents.append((vertex, Region.TARGET, target))
            values = self.plan.value_bytes(core, self._run, self._values)
            if values and self._values_loaded.get(core.number) != values:
                self._values_loaded[core.number] = values
                contents.append((vertex, Region.VALUES, values))
        self.session.write(contents)

    def _take_values(self, first: int) -> None:
        """Keep the values of a run from script step ``first`` on; those taken stay as they were."""
        interval = self.network.settings.interval_steps
        delay = max((int(np.max(each.delay, initial=1)) for each in self.network.projections),
                    default=1)
        begin, count = self._run.values(interval, delay)
        begin += self._run.script_interval * (interval or 0)
        now = int(self.timeline.without_pauses(first)) + self.steps_taken(first)
        for population in self._populations:
            if not getattr(population, "is_analog", False):
                continue
            rows = population.values_between(begin, begin + count - 1)
            if population.index in self._values_run and not self._restarts:
                before, old = self._values_run[population.index]
                kept = np.arange(max(begin, before), min(now, before + len(old)))
                rows[kept - begin] = old[kept - before]
            self._values_run[population.index] = begin, rows

    def _values(self, population: int, first: int, last: int) -> np.ndarray:
        """Values of an analog source in the present run, by script steps without pauses."""
        begin, rows = self._values_run[population]
        return rows[first - begin:last + 1 - begin]

    def keep(self) -> None:
        """Copy what was learned, in case a later stretch fails; see ``LearnedMemory.keep``."""
        self._memory.keep(self.step, self.updates)

    def _suspects(self) -> str:
        """Parameters of sPyNNaker's own cells beyond the numbers that it holds."""
        return ", ".join(found for population in self._populations if hasattr(population, "native")
                         for found in population.beyond_numbers())

    # --- failures ---

    def _failed(self, first: int, last: int, schedule: Schedule) -> tuple[str, str]:
        """Go back to the stop before a run that failed; describe what failed and what is left."""
        self.schedule = schedule
        timestep = self.network.settings.timestep
        return (f"the run from {first * timestep:.9g} to {last * timestep:.9g} ms failed:",
                self._memory.fall_back(self.step, self.updates, timestep))

    def _unanswered(self) -> tuple[str, str]:
        """As :meth:`_failed`, for a machine that does not answer between runs."""
        timestep = self.network.settings.timestep
        return (f"after the run to {self.step * timestep:.9g} ms:",
                self._memory.fall_back(self.step, self.updates, timestep))

    def _write(self, contents: Sequence[tuple[Core, Region, bytes]]) -> None:
        """Write regions that hold nothing learned, if the network is loaded."""
        if self.session.loaded and contents:
            vertices = self._vertices()
            with self.session.talking(self._unanswered):
                self.session.write([(vertices[core.number], region, data)
                                    for core, region, data in contents])

    def _provider(self, population: Any) -> Callable[[int, int], tuple[np.ndarray, np.ndarray]]:
        """The function that gives the spikes of a source by machine steps."""
        def provide(first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
            begin, end = self.schedule.script_range(first, last)
            steps, cells = population.spikes_between(begin, end)
            machine = self.schedule.source_steps(steps)
            inside = (machine >= first) & (machine < last)
            found = machine[inside], cells[inside].astype(np.int64)
            self._packets.give(population.index, *found)
            return found
        return provide

    # --- what was recorded ---

    def take(self, population: int, log: Log, last: int) -> Any:
        """The values for a log from the stretch that ended at script step ``last``."""
        described = self.network.populations[population]
        if isinstance(log, LossLog) and getattr(described, "loss", None) is None:
            ended = (last - log.first) // log.interval_steps + 1
            return np.zeros(max(ended - len(log.values()), 0))      # no core has any
        channel = CHANNELS[log.variable]
        parts = []
        for core in self.plan.of_population(population):
            assert core.channels is not None
            if core.channels.records(channel):
                data = self._vertex(core).take_recording(channel)
                parts.append(core.channels.decode(channel, data))
            else:
                parts.append(core.channels.nothing(channel))
        found = records.joined(parts)
        found.steps = self.schedule.ends(found.steps) if channel is Channel.LOSS \
            else self.schedule.sampled_steps(found.steps)
        found = records.after(self._ahead.pop((population, log.variable), None), found)
        now, self._ahead[population, log.variable] = records.split(found, last)
        if isinstance(log, SpikeLog):
            return records.spikes(now, log.cells)
        if isinstance(log, LossLog):
            return losses(self.network.of_kind(Readouts)[population], now.values[:, 0])
        values = records.samples(now, log, last, self.timeline, described.label)
        return np.ldexp(values, -scale_bits(self.network, self.plan.formats, population, channel))

    def targets(self, population: int, first: int, last: int, every: int) -> np.ndarray:
        """Targets of readouts at the steps in (first, last], as cores have them."""
        steps = np.arange(first + 1, last + 1)
        steps = steps[steps % every == 0]
        described = self.network.of_kind(Readouts)[population]
        values = targets_at(described, self.timeline.without_pauses(steps))
        values[~self.timeline.within_intervals(steps)] = np.nan
        return from_fixed(to_fixed(values, STATE_BITS), STATE_BITS)

    def values_in_script(self, population: Any, first: int, last: int) -> np.ndarray:
        """Values of an analog source at the script steps first ... last; NaN in pauses."""
        steps = np.arange(first, last + 1)
        without = self.timeline.without_pauses(steps)
        rows = population.values_between(int(without[0]), int(without[-1]))[without - without[0]]
        # a value at the end of an interval is the next one's first
        local = steps % self.timeline.period
        if self.network.settings.interval_steps is not None:
            rows[local >= self.network.settings.interval_steps] = np.nan
        return rows

    # --- what was learned ---

    def weights(self, projection: int) -> np.ndarray:
        """Current weights, (synapses,)."""
        return self._learned_values.weights(projection)

    def gradient(self, projection: int) -> np.ndarray:
        """Gradient of the last update, (synapses,); zeros before the first.

        Raises :class:`SimulationError` within an update of several trials, whose sum takes its
        place.
        """
        if self.schedule.pending:
            raise SimulationError(f"{self.network.projections[projection].label}: within an update "
                                  "of several trials cores hold a part of its gradient, and no "
                                  "longer that of the last one; run() to its end first")
        if not self.updates:
            return np.zeros(len(self.network.projections[projection].weight))
        return self._learned_values.gradient(projection)

    def check_weights(self, projection: int, weight: np.ndarray) -> None:
        """Raise :class:`NetworkError` for weights that the format cannot hold.

        :class:`SimulationError` within an update, if learning signals mirror them.
        """
        check_mirrored(self.network.projections[projection].label,
                       is_mirrored(self.network, projection), self.schedule.pending > 0)
        check_weights(self.network.projections[projection], np.asarray(weight, dtype=float),
                      self.plan.formats.weight_bits[projection])

    def set_weights(self, projection: int, weight: np.ndarray) -> None:
        """Replace weights. Raises as :meth:`check_weights`."""
        self.check_weights(projection, weight)
        described = self.network.projections[projection]
        self._learned_values.set_weights(projection, np.broadcast_to(
            np.asarray(weight, dtype=float), described.weight.shape))
        self._mirror = True

    def bias(self, population: int) -> np.ndarray:
        """Current biases of a readout population."""
        return self._learned_values.bias(population)

    def check_change(self, network: Network, indices: Sequence[int]) -> None:
        """Raise the errors of parameters that a loaded network cannot take over."""
        for index in indices:
            check_gradient(self.network.populations[index], network.populations[index],
                           self.schedule.pending > 0)
        self.plan.check_change(network, indices)

    def begin(self, network: Network) -> None:
        """Begin at script step 0 with another network, for which ``plan.can_begin`` is true."""
        before = [self._given_regions(core) for core in self.plan.cores]
        self.plan.begin(network)
        self.network = network
        self._write([(core, region, data)
                     for core, old in zip(self.plan.cores, before, strict=True)
                     for region, data in self._given_regions(core).items() if data != old[region]])
        self.restart({}, from_start=True)

    def _given_regions(self, core: Core) -> dict[Region, bytes]:
        """Regions of parameters that cores do not change."""
        found = {}
        if Region.CELLS not in self.plan.learned_regions(core):
            found[Region.CELLS] = self.plan.initial(core, Region.CELLS)
        if core.signals is not None:
            found[Region.SIGNALS] = core.signals.constants()
        return found

    def change_populations(self, network: Network, indices: Sequence[int],
                           new_biases: Sequence[int]) -> None:
        """Take new parameters, initial values, targets or biases of some populations.

        Raises the errors of :meth:`check_change`, and then has done nothing.
        """
        self.check_change(network, indices)
        self.plan.change(network)
        self.network = network
        for index in new_biases:
            self._learned_values.set_bias(index, network.of_kind(Readouts)[index].bias)
        contents: list[tuple[Core, Region, bytes]] = []
        for core in self.plan.cores:
            if core.population in indices:
                contents += self._cells(core)
            if core.signals is not None and core.signals.hears(indices):
                contents.append((core, Region.SIGNALS, core.signals.constants()))
                self._reload = self._reload or self.session.loaded
        self._write(contents)

    def _cells(self, core: Core) -> list[tuple[Core, Region, bytes]]:
        """What to write of a core whose parameters are new; what learns is written here."""
        self._reload = True
        if Region.CELLS not in self.plan.learned_regions(core):
            return [(core, Region.CELLS, self.plan.initial(core, Region.CELLS))]
        data = self.plan.merged_cells(core, self._memory.read(core, Region.CELLS))
        self._memory.write(core, Region.CELLS, data)
        return []

    def check_time(self, last: int) -> None:
        """Raise :class:`SimulationError` for a script step beyond the machine's clock."""
        interval, most = self.network.settings.interval_steps, self.plan.longest_pause
        steps = last + AHEAD + (0 if interval is None else (last // interval + 1) * most)
        if steps > MOST_STEPS:
            timestep = self.network.settings.timestep
            pauses = "" if interval is None else \
                f", with a pause of {most * timestep:g} ms after each interval,"
            raise SimulationError(
                f"a run to {last * timestep:.9g} ms{pauses} is too long: the machine counts "
                f"{MOST_STEPS} steps of {timestep:g} ms from one reset() to the next")

    def state(self) -> dict[str, np.ndarray]:
        """A checkpoint of what was learned, and of the numbers of intervals and updates.

        Raises :class:`SimulationError` within an update, in a network without intervals that has
        run, and if a failure of the machine has left an older copy only.
        """
        if self._only_mapped:
            raise SimulationError("a virtual board computes nothing, so that there is no state to "
                                  "save at a time after 0")
        if self._memory.lost:
            raise SimulationError("what was learned up to here was lost when the machine failed")
        if self._carries_on:
            raise SimulationError("without update_interval what cores hold is not read, so that "
                                  "there is no state to save at a time after 0")
        if not self.between_updates(self.step):
            raise SimulationError("what cores hold within an update is not read; run() to its end "
                                  "first")
        return self.kept()

    def kept(self) -> dict[str, np.ndarray]:
        """As :meth:`state`, by core and region, also within an update."""
        intervals = self.schedule.first_interval + self.schedule.over(self.step)
        self._memory.fetch(self.plan.learned())
        return {
            _SCHEDULE: np.array([intervals, self.updates], dtype=np.int64),
            **{f"{_GIVEN}{index}": weight for index, weight in self.plan.given_weights().items()},
            **{f"core{core.number}/{region.name.lower()}":
               np.frombuffer(self._memory.read(core, region), np.uint8)
               for core, region in self.plan.learned()}}

    def restart(self, state: Mapping[str, np.ndarray], from_start: bool = False) -> int:
        """Forget activity and time; go on with what was learned, or as at first if ``state`` is {}.

        ``from_start``: at script step 0, not where the state was taken.
        Returns the script step that it goes on from. Raises :class:`CheckpointError` if the
        state is that of other cores.
        """
        contents = [(core, region, self._learned(core, region, state))
                    for core, region in self.plan.learned()]
        given = {int(name.removeprefix(_GIVEN)): weight for name, weight in state.items()
                 if name.startswith(_GIVEN)}
        self._memory.changed()
        self._packets.restart()
        self.reports.restart()
        self._ahead.clear()
        if state or self.session.loaded:
            with self._memory.writing() as write:
                for core, region, data in contents:
                    write(core, region, data)
        self.plan.remember_given(given)
        counts = state.get(_SCHEDULE, np.zeros(2, np.int64))
        self._restarts = self.session.loaded
        self._new_schedule(0 if from_start else int(counts[0]), int(counts[1]))
        self.step = self.schedule.first_interval * self.timeline.period
        self._memory.kept(self.step, self.updates)
        return self.step

    def _learned(self, core: Core, region: Region, state: Mapping[str, np.ndarray]) -> bytes:
        """The contents of a region in ``state``, or the initial ones if that is empty."""
        if not state:
            return self.plan.initial(core, region)
        name = f"core{core.number}/{region.name.lower()}"
        data = state[name].tobytes() if name in state else b""
        if len(data) != self.plan.learned_bytes(core, region):
            raise CheckpointError(f"the entry {name!r} does not fit this network; use the same "
                                  "neurons_per_core in setup()")
        return self.plan.merged_cells(core, data) if region is Region.CELLS else data

    # --- what went wrong ---

    def range_report(self) -> RangeReport:
        """Resolution and range of the formats, and counts of saturations by population."""
        return make_report(self.network, self.plan.formats, self.weights,
                           [{} for _ in self.network.projections], self.reports.saturated())
