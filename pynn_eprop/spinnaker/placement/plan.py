"""The plan of a network: which cells go to which core, and what its memory holds."""

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from pynn_eprop.common.records.logs import Log
from pynn_eprop.errors import NetworkError, UnsupportedError
from pynn_eprop.fixed.formats import Formats, check_replaced, choose_formats
from pynn_eprop.models.cells import Readouts, SpikingCells
from pynn_eprop.models.network import Network, SymmetricFeedback
from pynn_eprop.spinnaker.memory import cells, tallies, values
from pynn_eprop.spinnaker.memory.lanes import Part
from pynn_eprop.spinnaker.memory.layout import (
    CORE_SETUP,
    CORE_STATUS,
    KEY_ENTRY,
    MIRROR_ROW,
    VERSION,
    KeyKind,
    Kind,
    Region,
)
from pynn_eprop.spinnaker.memory.numbers import Learner
from pynn_eprop.spinnaker.memory.records import RecordingChannels
from pynn_eprop.spinnaker.memory.rows import Rows
from pynn_eprop.spinnaker.memory.rules import check_rules
from pynn_eprop.spinnaker.memory.run_tables import (
    STEPS_AHEAD,
    Run,
    run_bytes,
    run_size,
    target_bytes,
)
from pynn_eprop.spinnaker.memory.signals import (
    Mirrored,
    SignalsImage,
    check_signals,
    incoming,
    mirror_region,
    mirrored,
)
from pynn_eprop.spinnaker.options import SpinnakerOptions
from pynn_eprop.spinnaker.placement import budget, update_time
from pynn_eprop.spinnaker.placement.cores import Core, partition
from pynn_eprop.spinnaker.placement.keys import KeyBlock
from pynn_eprop.spinnaker.placement.turns import turns

BINARIES = {Kind.LIF: "eprop_neuron", Kind.ALIF: "eprop_neuron", Kind.CLOPATH: "eprop_clopath",
            Kind.READOUT: "eprop_readout"}
"""The program of a core, by its kind."""
WITH_VALUES = "eprop_analog"
"""That of LIF and adaptive cells that analog sources reach."""

_LEAST_LOG = 4096
_MOST_KEYS = 4096       # of the key blocks that reach a core: more than any network here has


class Plan:
    """The whole network on cores.

    logs: what is recorded, by population and variable. steps: the most script steps that are run
    before recordings are read. held: the formats in which something was learned already, see
    :func:`choose_formats`. Raises the errors of networks that cannot be laid out.
    """

    def __init__(self, network: Network, options: SpinnakerOptions,
                 logs: Mapping[int, Mapping[str, Log]], steps: int,
                 held: Formats | None = None) -> None:
        self.formats = choose_formats(network, options.fixed_point, held)
        check_signals(network)
        check_rules(network)
        self._network, self._options = network, options
        parts = partition(network, options.neurons_per_core)
        self.cores: list[Core] = []
        sent: dict[int, Mirrored] = {}
        # readouts first: cells receive the weights that they mirror
        for part in sorted(parts, key=lambda part: not self._is_readout(part.population)):
            self.cores.append(self._core(len(self.cores), part, sent))
        self._of: dict[int, list[Core]] = {}
        for core in self.cores:
            self._of.setdefault(core.population, []).append(core)
        self._buffers = {core.number: self._buffers_of(core) for core in self.cores}
        self._set_pauses(logs)
        for core in self.cores:
            core.channels = RecordingChannels(network, core.part, logs.get(core.population, {}),
                                            options.pause_in_script(network.settings.timestep))
            core.recorded_bytes = core.channels.channel_bytes(network, steps)
            self._size(core, steps)
        sending = [core for core in self.cores if not self._is_readout(core.population)]
        self._turns = dict(zip((core.number for core in sending),
                               turns(sending, self._timestep_us), strict=True))

    @property
    def network(self) -> Network:
        """The description, with the present parameters."""
        return self._network

    @property
    def _timestep_us(self) -> int:
        """Of the machine, which a time_scale_factor slows down."""
        return round(self._network.settings.timestep * 1000 * self._options.time_scale_factor)

    def _is_readout(self, population: int) -> bool:
        return population in self._network.of_kind(Readouts)

    def of_population(self, index: int) -> list[Core]:
        """The cores of a population, in the order of its cells."""
        return self._of.get(index, [])

    # --- laying out ---

    def _core(self, number: int, part: Part, sent: dict[int, Mirrored]) -> Core:
        network = self._network
        population = network.populations[part.population]
        sources, count = dict[int, int](), 0
        sending = sorted({projection.pre for projection in network.projections
                          if projection.post == part.population})
        given = tuple(index for index in sending if network.populations[index].emits_values)
        for index in sending:
            if index not in given:
                sources[index] = count
                count += network.populations[index].size
        rows = Rows(network, self.formats, part, sources, given)
        readout = self._is_readout(part.population)
        if readout:
            sent[part.population] = mirrored(network, part.population, rows)
        label = f"{population.label}[{part.first}:{part.first + part.size}]"
        signals = None if readout else SignalsImage(network, self.formats, part, rows.lanes, sent)
        kind = cells.kind_on_core(network, part.population)
        binary = WITH_VALUES if given and kind in (Kind.LIF, Kind.ALIF) else BINARIES[kind]
        return Core(number, part, label, binary, rows, sources, count, signals,
                    sent.get(part.population), given)

    def _buffers_of(self, core: Core) -> budget.Buffers:
        core.n_groups = self._cells(core)[1]
        keys = self._signal_keys(core) + sum(
            max(len(self.of_population(index)), -(-self._network.populations[index].size // 128))
            for index in core.sources)
        return budget.buffers(self._network, core.population, core.rows, core.n_sources, keys,
                              core.heard, self._signal_packets(core), self.constants(core) > 0,
                              budget.rule_bytes(core.rows.lanes, core.n_groups)
                              if core.binary == BINARIES[Kind.CLOPATH] else 0, core.n_groups,
                              self._options.max_rate, core.values)

    def _keeps(self, core: Core, network: Network | None = None) -> bool:
        """Whether intervals stay in the log until the update."""
        cells = (network or self._network).of_kind(SpikingCells).get(core.population)
        return cells is not None and bool(np.any(cells.c_reg != 0)) \
            and self._network.settings.trials_per_update > 1 and core.rows.n_plastic > 0

    def _set_pauses(self, logs: Mapping[int, Mapping[str, Log]]) -> None:
        settings = self._network.settings
        cores = self.cores if settings.interval_steps is not None else []
        times = [self._update_time(core, logs) for core in cores]
        found = update_time.pauses(settings, times, self._options)
        self.pause_trial, self.pause_update = found.trial, found.update

    @property
    def longest_pause(self) -> int:
        """Machine steps after an interval, at most."""
        return max(self.pause_trial, self.pause_update)

    def _update_time(self, core: Core,
                     logs: Mapping[int, Mapping[str, Log]]) -> update_time.UpdateTime:
        backward, together = 0.0, len(self.cores)
        if self.constants(core):
            backward = update_time.backward_us(self._network, core, self._buffers[core.number],
                                               self._options.max_rate, together)
        return update_time.UpdateTime(
            update_time.signal_record_us(self._network, core, logs), backward,
            update_time.optimizer_us(core.rows, together),
            self._network.settings.trials_per_update, self._keeps(core))

    def _size(self, core: Core, steps: int) -> None:
        settings, rows = self._network.settings, core.rows
        interval = settings.interval_steps
        core.log_slots = settings.trials_per_update if self._keeps(core) else 1
        delay = max((block.delay for block in rows.blocks), default=1)
        if interval is None:
            spikes = core.n_sources * (delay + 4)   # one of each source in each step that is kept
            core.log_capacity = max(_LEAST_LOG, spikes, 2 * math.ceil(
                spikes * settings.timestep * 1e-3 * self._options.max_rate))
        else:
            core.log_capacity = max(_LEAST_LOG, 2 * budget.spikes_of_interval(
                self._network, core.n_sources, self._options.max_rate))
        updates = 2 if interval is None else steps // (interval * settings.trials_per_update) + 2
        signals = core.signals.size if core.signals is not None else \
            len(core.sent or ()) * MIRROR_ROW.dtype.itemsize
        assert core.channels is not None
        core.intervals = steps // (interval or steps or 1) + 2
        core.region_bytes = {
            Region.SETUP: CORE_SETUP.dtype.itemsize,
            Region.KEYS: KEY_ENTRY.dtype.itemsize * self._most_keys(core),
            Region.BLOCKS: max(rows.table().nbytes, 4),
            Region.CELLS: len(self._cells(core)[0]), Region.ROWS: max(rows.size, 8),
            Region.SIGNALS: max(signals, 8),
            Region.RUN: run_size(updates, self.constants(core)),
            Region.TARGET: self._target_bytes(core, steps),
            Region.SAMPLES: len(core.channels.region()),
            Region.LOG: budget.log_bytes(self._network, core.population, rows.lanes,
                                         core.log_capacity, core.log_slots, delay, core.heard,
                                         core.values),
            Region.VALUES: max(values.region_bytes(self._network, core.values,
                                                   self._value_steps(steps, delay)), 8),
            Region.STATUS: CORE_STATUS.dtype.itemsize,
            Region.TALLIES: tallies.region_bytes(self._most_keys(core), core.intervals),
        }
        total = sum(core.region_bytes.values()) + sum(core.recorded_bytes.values())
        if total > budget.SDRAM_BYTES:
            needed = total / 2 ** 20
            size = f"{needed:.0f}" if needed < 1e9 else f"{needed:.3g}"
            raise NetworkError(
                f"{core.label}: a core needs {size} MiB, and a chip has "
                f"{budget.SDRAM_BYTES / 2 ** 20:.0f}; use a smaller setup(neurons_per_core=...), a "
                "lower max_rate, or fewer trials_per_update")

    def _value_steps(self, steps: int, delay: int) -> int:
        """The most steps whose values a core gets for a stretch."""
        interval = self._network.settings.interval_steps
        if interval is None:
            return steps + delay + STEPS_AHEAD
        return (steps // interval + 1) * interval

    def _most_keys(self, core: Core) -> int:
        """Key blocks that may come: one for each core of each population that sends."""
        count = self._signal_keys(core)
        for index in core.sources:
            count += len(self.of_population(index)) or self._network.populations[index].size
        return min(max(count, 1), _MOST_KEYS)

    def _signal_keys(self, core: Core) -> int:
        """Key blocks of learning signals, and of the weights that symmetric ones mirror."""
        sources = [self._network.learning_signals[index].source
                   for index in incoming(self._network, core.population)]
        return sum(1 + len(self.of_population(source)) for source in sources)

    def _signal_packets(self, core: Core) -> int:
        """Packets of learning signals that may wait in a core's receive buffer.

        Errors of a step, and the mirrored weights of two: a readouts' core sends them faster than
        they are taken, those of a step while the core still has those of the step before.
        """
        signals = [self._network.learning_signals[index]
                   for index in incoming(self._network, core.population)]
        senders = [sender for source in {signal.source for signal in signals}
                   for sender in self.of_population(source)]
        errors = sum(sender.size for sender in senders if core.hears(
            sender.population, range(sender.first, sender.first + sender.size)))
        mirroring = {signal.source for signal in signals
                     if isinstance(signal.feedback, SymmetricFeedback)}
        steps = max((self._network.settings.interval_steps or 0) - 1, 1)
        weights = [len(sender.sent or ()) for sender in senders if sender.population in mirroring]
        return errors + sum(min(2 * -(-count // steps), count) for count in weights)

    def constants(self, core: Core) -> int:
        """Optimisers' constants that a core gets for each update."""
        return core.rows.n_plastic + (self._bias(core) is not None)

    def _bias(self, core: Core) -> Learner | None:
        readouts = self._network.of_kind(Readouts).get(core.population)
        if readouts is None or self._network.settings.interval_steps is None:
            return None
        return cells.bias_learner(readouts, self.formats.signal_bits[core.population])

    def _target_bytes(self, core: Core, steps: int) -> int:
        readouts = self._network.of_kind(Readouts).get(core.population)
        interval = self._network.settings.interval_steps
        if readouts is None or interval is None or not cells.loss_of(readouts):
            return 4
        rows = interval if readouts.target_repeats else (steps // interval + 1) * interval
        return 4 * rows * readouts.size

    # --- contents ---

    def contents(self, core: Core, own: Mapping[KeyKind, int],
                 incoming_blocks: Sequence[KeyBlock], several_chips: bool) -> dict[Region, bytes]:
        """Everything but RUN and TARGET, which belong to a stretch; keys are by ascending key."""
        keys = self._keys(core, incoming_blocks)
        core.tallies = tallies.Rows.that_fit(len(keys), core.region_bytes[Region.TALLIES],
                                             core.intervals)
        assert core.channels is not None
        signals = core.signals.region() if core.signals is not None else \
            mirror_region(core.sent) if core.sent is not None else b""
        return {
            Region.SETUP: self._setup(core, own, len(keys), several_chips).tobytes(),
            Region.KEYS: keys.tobytes(), Region.BLOCKS: core.rows.table().tobytes(),
            Region.CELLS: self._cells(core)[0], Region.ROWS: bytes(core.rows.initial()),
            Region.SIGNALS: signals, Region.SAMPLES: core.channels.region(),
            Region.STATUS: bytes(CORE_STATUS.dtype.itemsize),
        }

    def _setup(self, core: Core, own: Mapping[KeyKind, int], n_keys: int,
               several_chips: bool) -> np.ndarray:
        network, rows, buffers = self._network, core.rows, self._buffers[core.number]
        settings = network.settings
        kind = cells.kind_on_core(network, core.population)
        # packets of one chip need no turns, nor do readouts, which send no spikes
        cycles, turn = self._turns.get(core.number, (0, 0)) if several_chips else (0, 0)
        fields = {
            "version": VERSION, "kind": kind, "n": core.size, "lanes": rows.lanes,
            "n_groups": core.n_groups, "n_keys": n_keys, "n_blocks": len(rows.blocks),
            "n_signals": len(core.signals.signals) if core.signals is not None else 0,
            "n_sources": core.n_sources, "n_plastic": self.constants(core),
            "max_delay": max((block.delay for block in rows.blocks), default=1),
            "interval_steps": settings.interval_steps or 0,
            "trials_per_update": settings.trials_per_update, "pause_trial": self.pause_trial,
            "pause_update": self.pause_update, "log_slots": core.log_slots,
            "log_capacity": core.log_capacity, "n_mirrored": len(core.sent or ()),
            "ring_words": buffers.ring_words, "held_bytes": buffers.held_bytes,
            "filter_words": buffers.filter_words, "forward_bytes": rows.forward_bytes,
            "state_bytes": rows.state_bytes, "timestep_us": self._timestep_us,
            "round_cycles": cycles, "turn_cycles": turn,
            "n_value_sources": len(core.values),
            "value_row_bytes": max((values.row_bytes(network.populations[index].size)
                                    for index in core.values), default=8),
            "tally_rows": core.tallies.count, "tally_shift": core.tallies.shift,
        }
        for name, key_kind in (("spike", KeyKind.SPIKE), ("signal", KeyKind.SIGNAL),
                               ("feedback", KeyKind.FEEDBACK)):
            fields[f"has_{name}_key"] = key_kind in own
            fields[f"{name}_key"] = own.get(key_kind, 0)
        setup = np.zeros(1, CORE_SETUP.dtype)
        for name, value in fields.items():
            setup[name] = value
        return setup

    def _keys(self, core: Core, blocks: Sequence[KeyBlock]) -> np.ndarray:
        signals = incoming(self._network, core.population)
        interval = self._network.settings.interval_steps
        table = np.zeros(len(blocks), KEY_ENTRY.dtype)
        for entry, block in zip(table, sorted(blocks, key=lambda block: block.key), strict=True):
            entry["key"], entry["mask"], entry["kind"] = block.key, block.mask, block.kind
            entry["colour_bits"], entry["count"] = block.colour_bits, block.count
            if block.kind in (KeyKind.SPIKE, KeyKind.OTHER_SPIKE):
                entry["first"] = core.sources[block.source] + block.first
                ours = block.source in self._network.of_kind(SpikingCells)
                entry["first_step"] = int(ours)
                entry["last_step"] = 0xffffffff if interval is None else interval - 1 + ours
            else:
                entry["first"] = signals.index(block.signal)
                if block.kind is KeyKind.SIGNAL:
                    entry["first_step"] = block.first
                if block.kind is KeyKind.FEEDBACK:
                    sender = self.of_population(block.source)[0]
                    entry["count"] = len(sender.sent or ())
        return table

    def _cells(self, core: Core, network: Network | None = None) -> tuple[bytes, int]:
        """Region CELLS and its number of groups, with the parameters of ``network`` if given."""
        network = network or self._network
        if self._is_readout(core.population):
            return cells.readout_region(network, self.formats, core.part,
                                              core.rows.lanes), 1
        return cells.spiking_region(network, self.formats, core.part, core.rows.lanes)

    def run_bytes(self, core: Core, run: Run) -> bytes:
        """Region RUN for a stretch."""
        learners = core.rows.learners()
        bias = self._bias(core)
        return run_bytes(run, [*learners, bias] if bias is not None else learners,
                         run.values(self._network.settings.interval_steps, self._delay(core)))

    @staticmethod
    def _delay(core: Core) -> int:
        return max((block.delay for block in core.rows.blocks), default=1)

    def value_bytes(self, core: Core, run: Run, given: values.Values) -> bytes:
        """Region VALUES for a stretch; empty without analog sources.

        given: values by the steps of script time without pauses.
        """
        if not core.values:
            return b""
        interval = self._network.settings.interval_steps
        first, count = run.values(interval, self._delay(core))
        first += run.script_interval * (interval or 0)
        return values.values_bytes(self._network, self.formats, core.values, first, {
            index: given(index, first, first + count - 1) for index in core.values})

    def target_bytes(self, core: Core, run: Run) -> bytes:
        """Region TARGET for a stretch; empty without a target."""
        readouts = self._network.of_kind(Readouts).get(core.population)
        if readouts is None or not cells.loss_of(readouts):
            return b""
        return target_bytes(readouts, self._network.settings.interval_steps, run)

    def can_begin(self, network: Network) -> bool:
        """Whether these cores, as they are laid out, can run another network from time 0.

        ``network``: has the same parts and synapses. Raises the errors of networks that no core
        can run.
        """
        if choose_formats(network, self._options.fixed_point) != self.formats:
            return False
        check_signals(network)
        check_rules(network)
        return self._obstacle(network, range(len(network.populations))) is None

    def check_change(self, network: Network, indices: Sequence[int]) -> None:
        """Raise the errors of parameters that populations cannot take over between runs."""
        for index in indices:
            check_replaced(self._network.populations[index], network, index, self.formats)
        obstacle = self._obstacle(network, indices)
        if obstacle is not None:
            raise UnsupportedError(f"{obstacle} once the network is loaded; do it before the first "
                                   "run, or after a reset() that keeps no weights")

    def _obstacle(self, network: Network, indices: Collection[int]) -> str | None:
        """Why parameters of some populations do not fit the cores as they are laid out, or None."""
        for index in indices:
            old = self._network.of_kind(Readouts).get(index)
            new = network.of_kind(Readouts).get(index)
            if old is not None and new is not None and (
                    new.target_repeats != old.target_repeats or (new.target is None)
                    != (old.target is None)):
                return f"{new.label}: a target of one interval cannot become one of several, or " \
                    "the reverse,"
        for core in self.cores:
            if core.population not in indices:
                continue
            if len(self._cells(core, network)[0]) != core.region_bytes[Region.CELLS]:
                return f"{core.label}: cells that had the same parameters cannot get different ones"
            if self._keeps(core, network) != self._keeps(core):
                return f"{core.label}: with trials_per_update > 1 a rate term (c_reg) cannot " \
                    "come or go"
        return None

    def change(self, network: Network) -> None:
        """Take parameters from ``network`` that passed :meth:`check_change`."""
        self._network = network
        for core in self.cores:
            if core.signals is not None:
                core.signals.change(network)

    def begin(self, network: Network) -> None:
        """Take parameters and initial weights from ``network``."""
        self.change(network)
        for core in self.cores:
            core.rows.begin(network)

    # --- regions of learned values ---

    def learned_regions(self, core: Core) -> tuple[Region, ...]:
        """Regions that the core changes."""
        return (Region.ROWS, Region.CELLS) if self._is_readout(core.population) else (Region.ROWS,)

    def learned(self) -> list[tuple[Core, Region]]:
        """All of them, of all cores."""
        return [(core, region) for core in self.cores for region in self.learned_regions(core)]

    def learned_bytes(self, core: Core, region: Region) -> int:
        """Size of such a region; more is reserved for one that is empty."""
        return core.rows.size if region is Region.ROWS else core.region_bytes[region]

    def initial(self, core: Core, region: Region) -> bytes:
        """The initial contents of a region of parameters or weights."""
        return bytes(core.rows.initial()) if region is Region.ROWS else self._cells(core)[0]

    def given_weights(self) -> dict[int, np.ndarray]:
        """Weights by projection that were set since the network began, as they were given.

        For weights that do not learn, cores hold only what is added at arrival.
        """
        return {index: weight for core in self.cores for index, weight in core.rows.given.items()}

    def remember_given(self, weights: Mapping[int, np.ndarray]) -> None:
        """Take over what :meth:`given_weights` gave."""
        for index, weight in weights.items():
            for core in self.of_population(self._network.projections[index].post):
                core.rows.given[index] = weight

    def merged_cells(self, core: Core, old: bytes) -> bytes:
        """CELLS of readouts with new parameters and what their biases have learned."""
        return cells.with_state_of(self._cells(core)[0], old, core.rows.lanes)
