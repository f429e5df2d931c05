"""A network on emulated cores and on the host engine in fixed point.

The cores' side goes through what the backend itself uses (``LoadedNetwork`` with its plan, schedule
and recordings); only sPyNNaker is replaced, by :class:`tests.spinnaker.machine.Chip`.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pynn_eprop.common.records.logs import Log, LossLog, SampledLog, SpikeLog
from pynn_eprop.emulator.conditions import IDEAL, Conditions
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.engine.host_engine import HostEngine
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.fixed.formats import weight_limit
from pynn_eprop.models.cells import AnalogSources, Readouts, Sources, SpikingCells
from pynn_eprop.models.network import Inputs, Network, Projection, Recording, SymmetricFeedback
from pynn_eprop.spinnaker.binaries import binary_path
from pynn_eprop.spinnaker.memory.layout import COLOUR_BITS, KeyKind, Provenance, Region
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement.cores import Core
from pynn_eprop.spinnaker.placement.keys import KeyBlock
from pynn_eprop.spinnaker.running import loaded_network as loaded
from pynn_eprop.spinnaker.running.loaded_network import LoadedNetwork
from tests.inactivities import FirstInactivities
from tests.random_networks import Case, changed_population
from tests.spinnaker.machine import COMMON_PROVENANCE, Chip, Load, Packet, Route

MAX_RATE = 300.0
"""Hz: random networks of a few cells fire often."""
_OF_CORE, _OF_KIND = 22, 20
_SOURCES = 0x200


class _Vertex:
    """The machine vertices of a population, as LoadedNetwork uses them."""

    def __init__(self) -> None:
        self.cores: list[Core] = []
        self.chip: ChipNetwork | None = None
        self.buffer_bytes = 0
        self.provide: Callable[[int, int], tuple[np.ndarray, np.ndarray]] | None = None

    @property
    def machine_vertices(self) -> list[Any]:
        assert self.chip is not None
        return [self.chip.vertices[core.number] for core in self.cores]


class _MachineVertex:
    """One core of the chip."""

    def __init__(self, network: "ChipNetwork", core: Core) -> None:
        self.core, self._network, self._place = core, network, core.number + 1

    def read(self, region: Region, size: int | None = None) -> bytes:
        if size is None:
            size = 4 * (COMMON_PROVENANCE + len(Provenance)) if region is Region.PROVENANCE \
                else self.core.region_bytes[region]
        return self._network.chip.read(self._place, region, size)

    def write(self, region: Region, data: bytes) -> None:
        assert len(data) <= self.core.region_bytes[region], region
        self._network.chip.write(self._place, region, data)

    def take_recording(self, channel: Any) -> bytes:
        return self._network.chip.recording(self._place, channel)

    @property
    def provenance(self) -> np.ndarray:
        counts = self._network.chip.provenance(self._place)
        return np.array([counts[item] for item in Provenance], dtype=np.uint64)


class _Recorder:
    def __init__(self, logs: dict[str, Log]) -> None:
        self.logs = logs


class _Population:
    """Stands for a PyNN population, with all that LoadedNetwork needs of one."""

    def __init__(self, index: int, described: Any, logs: dict[str, Log]) -> None:
        self.index, self.label, self.size = index, described.label, described.size
        self.is_source = isinstance(described, Sources)
        self.is_analog = isinstance(described, AnalogSources)
        self.recorder = _Recorder(logs)
        self.vertex = _Vertex()
        self.spikes = (np.zeros(0, np.int64), np.zeros(0, np.int64))
        self.values = np.zeros((0, described.size))

    def spikes_between(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Spikes of a source at first <= step <= last."""
        steps, cells = self.spikes
        inside = (steps >= first) & (steps <= last)
        return steps[inside], cells[inside]

    def values_between(self, first: int, last: int) -> np.ndarray:
        """Values of an analog source at first <= step <= last; 0 after those given."""
        rows = np.zeros((last + 1 - first, self.size))
        given = self.values[first:last + 1]
        rows[:len(given)] = given
        return rows


class ChipNetwork:
    """A network on cores. It takes the place of the backend's session with sPyNNaker.

    recordings: variables by population, each ``every`` so many steps. colour_bits: of sources.
    pause: steps of each pause, for a script in machine time. conditions: of the chip.
    warns_of_losses: packets that the host did not give count as doubled, and a run with them goes
    on.
    """

    def __init__(self, network: Network, recordings: Sequence[Recording],
                 neurons_per_core: int | None = None, max_rate: float = MAX_RATE,
                 colour_bits: int = COLOUR_BITS, seed: int = 0, pause: int = 0,
                 conditions: Conditions = IDEAL, warns_of_losses: bool = False) -> None:
        self.network = network
        self.machine_step, self.loaded, self.virtual = 0, False, False
        self._colour_bits, self._rng = colour_bits, np.random.default_rng(seed)
        self._conditions = conditions
        logs: dict[int, dict[str, Log]] = {index: {} for index in range(len(network.populations))}
        for recording in recordings:
            logs[recording.population][recording.variable] = _log(network, recording, pause)
        self.populations = [_Population(index, described, logs[index])
                            for index, described in enumerate(network.populations)]
        self.step = 0
        self.inactive = FirstInactivities(network)
        options = SpinnakerOptions(max_rate=max_rate, neurons_per_core=neurons_per_core,
                                   warns_of_losses=warns_of_losses)
        if pause:
            options = replace(options, machine_time=True, pause=pause * network.settings.timestep)
        with _own_keys(self._incoming):
            self.net = LoadedNetwork(network, self.populations, options,
                                     self)  # type: ignore[arg-type]
            self.net.attach()
        self.vertices = {core.number: _MachineVertex(self, core) for core in self.net.plan.cores}
        for population in self.populations:
            population.vertex.chip = self
        self.chip: Chip

    # --- memory of cores, as of the backend's session ---

    def read(self, wanted: Sequence[tuple[Any, Region, int | None]]) -> list[bytes]:
        return [vertex.read(region, size) for vertex, region, size in wanted]

    def write(self, contents: Sequence[tuple[Any, Region, bytes]]) -> None:
        for vertex, region, data in contents:
            vertex.write(region, data)

    def close(self) -> None:
        """Give back the chip."""
        if self.loaded:
            self.chip.close()

    # --- keys ---

    def _key(self, core: Core, kind: KeyKind) -> int:
        return (core.number + 1) << _OF_CORE | kind << _OF_KIND

    def _source_key(self, index: int) -> int:
        return (_SOURCES + index) << _OF_CORE

    def _own(self, core: Core) -> dict[KeyKind, int]:
        kinds = set()
        if any(projection.pre == core.population for projection in self.network.projections):
            kinds.add(KeyKind.SPIKE)
        for signal in self.network.learning_signals:
            if signal.source == core.population:
                kinds.add(KeyKind.SIGNAL)
                if isinstance(signal.feedback, SymmetricFeedback):
                    kinds.add(KeyKind.FEEDBACK)
        return {kind: self._key(core, kind) for kind in kinds}

    def _incoming(self, network: Network, _populations: object, receiving: Core
                  ) -> list[KeyBlock]:
        blocks, target = [], receiving.population
        for source in sorted({each.pre for each in network.projections if each.post == target}):
            described = network.populations[source]
            if isinstance(described, Sources):
                kind = KeyKind.SPIKE if self._colour_bits else KeyKind.OTHER_SPIKE  # live input
                blocks.append(KeyBlock(kind, source, self._source_key(source),
                                       _mask(described.size, self._colour_bits),
                                       self._colour_bits, 0, described.size))
            blocks += [self._block(core, KeyKind.SPIKE, -1)
                       for core in self.net.plan.of_population(source)]
        for index, signal in enumerate(network.learning_signals):
            if signal.target == target:
                blocks += [self._block(core, KeyKind.SIGNAL, index)
                           for core in self.net.plan.of_population(signal.source)
                           if receiving.hears(signal.source,
                                              range(core.first, core.first + core.size))]
                if isinstance(signal.feedback, SymmetricFeedback):
                    core, = self.net.plan.of_population(signal.source)
                    blocks.append(self._block(core, KeyKind.FEEDBACK, index))
        return blocks

    def _block(self, core: Core, kind: KeyKind, signal: int) -> KeyBlock:
        mask = 0xFFFFFFFF & ~(core.n_keys(kind) - 1)
        return KeyBlock(kind, core.population, self._key(core, kind), mask, COLOUR_BITS,
                        core.first, core.size, signal)

    def _listeners(self, source: int) -> tuple[int, ...]:
        posts = {each.post for each in self.network.projections if each.pre == source}
        return tuple(core.number + 1 for core in self.net.plan.cores if core.population in posts)

    def _routes(self) -> list[Route]:
        routes = []
        for core in self.net.plan.cores:
            for kind, key in self._own(core).items():
                targets = {signal.target for signal in self.network.learning_signals
                           if signal.source == core.population
                           and (kind is KeyKind.SIGNAL
                                or isinstance(signal.feedback, SymmetricFeedback))}
                to = self._listeners(core.population) if kind is KeyKind.SPIKE else tuple(
                    each.number + 1 for each in self.net.plan.cores
                    if each.population in targets and (
                        kind is not KeyKind.SIGNAL or each.hears(
                            core.population, range(core.first, core.first + core.size))))
                routes.append(Route(key, 0xFFFFFFFF & ~(core.n_keys(kind) - 1), to))
        return routes

    # --- the part of a session ---

    def _load(self) -> None:
        loads = []
        for core in self.net.plan.cores:
            contents = core.contents(self._own(core))
            loads.append(Load(binary_path(core.binary), contents, core.region_bytes,
                              core.recorded_bytes))
        self.chip = Chip(loads, self._routes(), round(self.network.settings.timestep * 1000),
                         self._conditions)
        self.loaded = True

    failed = has_others = False

    def check(self, _what: str) -> None:
        """Nothing: a chip that fails raises ChipError."""

    def talking(self, _tell: object) -> AbstractContextManager[None]:
        """The chip always answers."""
        return nullcontext()

    def run(self, steps: int, _cores: int, prepare: Callable[[], None], _tell: object,
            _suspects: object, check: Callable[[list[Any]], None]) -> None:
        """Run so many machine steps."""
        prepare()
        if not self.loaded:
            self._load()
        if steps:
            end = self.machine_step + steps
            self.chip.run(self.machine_step, end, self._packets(self.machine_step, end))
            check([])
            self.machine_step = end

    def _packets(self, first: int, last: int) -> list[Packet]:
        packets: list[Packet] = []
        for population in self.populations:
            if not population.is_source or population.vertex.provide is None:
                continue
            steps, cells = population.vertex.provide(first, last)
            pairs, counts = np.unique(np.stack([steps, cells]), axis=1, return_counts=True)
            cores = self._listeners(population.index)
            for step, cell, count in zip(*pairs.tolist(), counts.tolist(), strict=True):
                key = self._source_key(population.index) | cell << self._colour_bits
                if self._colour_bits:
                    key |= step % (1 << self._colour_bits)
                # as a Poisson source does, or one packet for each
                payload = count if count > 1 and self._rng.random() < 0.5 else None
                packets += [Packet(step, core, key, payload) for core in cores
                            for _ in range(1 if payload else count)]
        order = self._rng.permutation(len(packets))
        return sorted((packets[at] for at in order), key=lambda packet: packet.step)

    def findings(self) -> list[Fault]:
        """What the chip's checks found, but for steps that took longer than a tick."""
        return [fault for fault in self.chip.machine.new_faults()
                if fault.kind is not FaultKind.TICK_OVERRUN]

    # --- as a machine ---

    def give(self, inputs: Inputs) -> None:
        """Spikes of the whole run: cores are ahead of script time by some steps."""
        for index, spikes in inputs.spikes.items():
            self.populations[index].spikes = spikes
        for index, values in inputs.values.items():
            self.populations[index].values = values

    def advance(self, steps: int, learning: bool = True) -> None:
        """Run ``steps`` script steps."""
        last = self.step + steps
        with _own_keys(self._incoming):
            for stop in self.net.stretches(self.step, last):
                self.net.run(self.step, stop, learning)
                self.step = stop
                self.inactive.add(self.net.reports.inactivities())
                for population in self.populations:
                    for log in population.recorder.logs.values():
                        log.append(self.net.take(population.index, log, stop))

    def recorded(self, recording: Recording) -> Any:
        """Everything of a recording so far."""
        log = self.populations[recording.population].recorder.logs[recording.variable]
        if isinstance(log, SpikeLog):
            return log.spikes()
        return log.values()[:, 0] if isinstance(log, LossLog) else log.values()


def _mask(size: int, colour_bits: int) -> int:
    return 0xFFFFFFFF & ~((1 << (max(size - 1, 1).bit_length() + colour_bits)) - 1)


def _log(network: Network, recording: Recording, pause: int) -> Log:
    if recording.variable == "spikes":
        return SpikeLog(recording.cells)
    if recording.variable == "loss":
        interval = network.settings.interval_steps or 1
        return LossLog(interval + pause, interval)
    return SampledLog(recording.variable, recording.cells, recording.every, recording.every)


@contextmanager
def _own_keys(incoming: Callable[..., list[KeyBlock]]) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loaded, "incoming_keys", incoming)
        yield


def recordings_of(network: Network, every: int = 1) -> list[Recording]:
    """Everything that cores record."""
    found = []
    for index, population in enumerate(network.populations):
        variables: tuple[str, ...] = ()
        if isinstance(population, SpikingCells):
            variables = ("spikes", "v", "h", *(("a",) if "a" in population.recordable() else ()))
            if network.settings.interval_steps is not None and any(
                    isinstance(each, Projection) and each.post == index and each.optimizer
                    for each in network.projections):
                variables += ("learning_signal",)
        elif isinstance(population, Readouts):
            variables = ("y",)
            if population.loss is not None and network.settings.interval_steps is not None:
                variables += ("error", "loss")
        found += [Recording(index, variable, np.arange(population.size),
                            1 if variable in ("spikes", "loss") else every)
                  for variable in variables]
    return found


def assert_twins(case: Case, **options: Any) -> dict[str, int]:
    """Run a case on cores and on the host, and compare every number.

    Returns what was counted on all cores. Raises AssertionError for the first difference.
    """
    every = options.pop("every", 1)
    recordings = recordings_of(case.network, every)
    host = HostEngine(case.network, precision="fixed")
    chip = ChipNetwork(case.network, recordings, **options)
    try:
        chip.give(case.inputs(0, case.plan.steps))
        parts = []
        for number, (steps, learning) in enumerate(case.plan.stretches):
            parts.append(host.run(steps, case.inputs(host.step, steps), recordings, learning))
            chip.advance(steps, learning)
            if chip.net.between_updates(chip.step):
                compare_learned(host, chip, f"after step {chip.step}: ")
            if case.plan.between_updates()[number]:
                change(case, host, chip, number)
        _compare_recordings(case.network, recordings, parts, chip)
        inactive = FirstInactivities(case.network)
        inactive.add(host.inactivities())
        np.testing.assert_array_equal(chip.inactive.array(), inactive.array(), "inactive")
        assert chip.findings() == []
        return counts_of(chip)
    finally:
        chip.close()


def change(case: Case, host: HostEngine, chip: ChipNetwork, number: int) -> None:
    """Do the plan's actions after stretch ``number``."""
    rng = np.random.default_rng([case.plan.seed, number])
    if "weights" in case.plan.changes:
        index = int(rng.integers(len(host.network.projections)))
        weights = host.weights(index)
        limit = weight_limit(chip.net.plan.formats.weight_bits[index])
        weights = np.clip(weights + rng.normal(0.0, 0.05, len(weights)), -limit, limit)
        chip.net.set_weights(index, weights)
        host.set_weights(index, weights)
    if "population" in case.plan.changes:
        index = int(rng.integers(len(host.network.populations)))
        network = changed_population(rng, host.network, index)
        readouts = isinstance(network.populations[index], Readouts)
        try:
            chip.net.change_populations(network, [index], [index] if readouts else [])
        except UnsupportedError:        # cells that were alike cannot become different
            return
        host.set_population(index, network)


def _compare_recordings(network: Network, recordings: Sequence[Recording], parts: Sequence[Any],
                        chip: ChipNetwork) -> None:
    for index, recording in enumerate(recordings):
        name = f"{network.populations[recording.population].label}: {recording.variable}"
        entries = [part.entries[index] for part in parts]
        found = chip.recorded(recording)
        if recording.variable == "spikes":
            for number, what in enumerate(("steps", "cells")):
                np.testing.assert_array_equal(
                    found[number], np.concatenate([entry[number] for entry in entries]),
                    err_msg=f"{name}, {what}")
        else:
            np.testing.assert_array_equal(found, np.concatenate(entries), err_msg=name)


def compare_learned(host: HostEngine, chip: ChipNetwork, when: str) -> None:
    assert chip.net.updates == host.updates, when
    for index, projection in enumerate(host.network.projections):
        if host.updates and projection.optimizer is not None:
            np.testing.assert_array_equal(chip.net.gradient(index), host.gradient(index),
                                          err_msg=f"{when}{projection.label}, gradient")
        np.testing.assert_array_equal(chip.net.weights(index), host.weights(index),
                                      err_msg=f"{when}{projection.label}, weights")
    for index, population in enumerate(host.network.populations):
        if isinstance(population, Readouts):
            np.testing.assert_array_equal(chip.net.bias(index), host.bias(index),
                                          err_msg=f"{when}{population.label}, biases")


def counts_of(chip: ChipNetwork) -> dict[str, int]:
    """Sums over all cores; of what is the most or the longest of a core, the largest."""
    totals = {item.name: 0 for item in Provenance}
    for vertex in chip.vertices.values():
        for item, value in zip(Provenance, vertex.provenance, strict=True):
            largest = item.name.startswith(("LONGEST", "MOST", "GIVEN"))
            before = totals[item.name]
            totals[item.name] = max(before, int(value)) if largest else before + int(value)
    return totals
