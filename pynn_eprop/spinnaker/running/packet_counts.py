"""Packets that were sent and heard, compared at each stop.

Cores count both, see ``layout.TALLY``. What sources send is known here; cells of sPyNNaker do not
count, but all cores that hear one must have heard the same.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Network
from pynn_eprop.spinnaker.board.losses import Loss, Range
from pynn_eprop.spinnaker.memory import tallies
from pynn_eprop.spinnaker.memory.layout import KeyKind, Tally
from pynn_eprop.spinnaker.memory.run_tables import Run
from pynn_eprop.spinnaker.placement.cores import Core
from pynn_eprop.spinnaker.placement.keys import KeyBlock
from pynn_eprop.spinnaker.placement.plan import Plan
from pynn_eprop.spinnaker.running.schedule import Schedule

WHAT = {KeyKind.SPIKE: "spikes", KeyKind.OTHER_SPIKE: "spikes", KeyKind.SIGNAL: "errors",
        KeyKind.FEEDBACK: "mirrored weights"}
COUNTED = (KeyKind.SPIKE, KeyKind.SIGNAL, KeyKind.FEEDBACK)
"""Kinds whose senders count, or are known."""
MOST_EXAMINED = 64
"""Cores whose tables are read after a difference; of others only sums are known."""
Sender = tuple[int, int, bool]
"""Population, first cell, and whether it is of mirrored weights."""
ReadRows = Callable[[Core, int], bytes]
"""Reads so many bytes of a core's region TALLIES."""


@dataclass(frozen=True)
class Stop:
    """A stop of the machine. run: before it. machine_step: the first one not done.

    within: whether an interval is in progress; errors and weights may still be under way.
    """

    run: Run
    machine_step: int
    within: bool

    @property
    def intervals(self) -> int:
        """Intervals that began in the run, or in progress when it began; 0: a pause went on."""
        return self.run.last_interval - self.run.first_interval


class _Given:
    """Spikes that the host gave a source, of which cores have heard those of earlier steps."""

    def __init__(self) -> None:
        self.new = self.rest = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.heard = np.zeros((0, 3), np.int64)     # in the last run: step, interval, cell

    def take(self, before: int, schedule: Schedule) -> np.ndarray:
        """Those that have acted since the last call. before: the first step not heard of."""
        steps, cells = (np.concatenate(pair) for pair in zip(self.rest, self.new, strict=True))
        nothing = np.zeros(0, np.int64)
        self.new = nothing, nothing
        later = steps >= before
        self.rest = steps[later], cells[later]
        steps, cells = steps[~later], cells[~later]
        if schedule.interval_steps is None:
            place, acted = np.zeros(len(steps), np.int64), np.ones(len(steps), bool)
        else:
            base = np.asarray(schedule.base)
            place = np.searchsorted(base, steps, side="right") - 1
            acted = (steps - base[place] < schedule.interval_steps) & (
                place < len(schedule.learned))
        self.heard = np.stack([steps, place, cells], axis=1)[acted]
        return self.heard


@dataclass(frozen=True)
class _Heard:
    """Key blocks that reach a core, by ascending key, and the numbers of their senders by kind."""

    blocks: tuple[KeyBlock, ...]
    senders: dict[KeyKind, np.ndarray]


class PacketCounts:
    """Sent and heard packets of a network on its cores, since the start of script time.

    ``read``: reads rows of a core, once a difference is found.
    """

    def __init__(self, network: Network, plan: Plan, read: ReadRows) -> None:
        self._network, self._plan, self._read = network, plan, read
        self._heard: dict[int, _Heard] = {}     # by core
        self._alike: dict[tuple[KeyBlock, ...], _Heard] = {}
        self._given = {index: _Given() for index in network.of_kind(Sources)}
        self._senders: dict[Sender, int] = {}
        self._first: list[KeyBlock] = []        # a block of each sender
        self._cores = {(core.population, core.first): core for core in plan.cores}
        self._rows: dict[int, np.ndarray] = {}
        self.restart()

    def restart(self) -> None:
        """Script time starts again: nothing was sent yet."""
        for index in self._given:
            self._given[index] = _Given()
        self._sent = np.zeros((len(self._senders), 2), np.uint32)
        self._known: dict[tuple[int, KeyKind], np.ndarray] = {}
        self._known_of_block: dict[tuple[int, int], np.ndarray] = {}
        self._others_sent: dict[Sender, np.ndarray] = {}

    def load(self, core: Core, blocks: Sequence[KeyBlock]) -> None:
        """Note which key blocks reach a core."""
        ordered = tuple(sorted(blocks, key=lambda block: block.key))
        if ordered not in self._alike:
            self._alike[ordered] = _Heard(ordered, {kind: np.array([
                self._number(block) for block in ordered if block.kind is kind], np.int64)
                for kind in COUNTED})
        self._heard[core.number] = self._alike[ordered]
        self._sent = np.zeros((len(self._senders), 2), np.uint32)

    def _number(self, block: KeyBlock) -> int:
        """The number of the sender of a block."""
        if _sender(block) not in self._senders:
            self._senders[_sender(block)] = len(self._senders)
            self._first.append(block)
        return self._senders[_sender(block)]

    def give(self, population: int, steps: np.ndarray, cells: np.ndarray) -> None:
        """Note the spikes that a source sends in the next run, by machine steps."""
        if population in self._given:
            self._given[population].new = steps, cells

    # --- comparing ---

    def compare(self, stop: Stop, schedule: Schedule,
                provenance: Mapping[int, np.ndarray]) -> list[Loss]:
        """What was lost, or came twice, since the last call. provenance: of each core."""
        if not stop.intervals and schedule.interval_steps is not None:
            return []
        before = self._sent
        counted = {number: tallies.sums(words) for number, words in provenance.items()}
        self._sent = self._sent_now(stop, schedule, counted)
        self._rows = {}
        kinds = COUNTED if schedule.interval_steps is not None and not stop.within \
            else (KeyKind.SPIKE,)
        losses: list[Loss] = []
        examined = 0
        for core in self._plan.cores:
            differing = {kind: change for kind in kinds
                         if (change := self._change(core, kind, counted[core.number])).any()}
            if differing and examined < MOST_EXAMINED:
                examined += 1
                losses += self._of_core(core, differing, stop, schedule, before)
            elif differing:
                losses += self._in_all(core, differing, before)
        losses += self._of_others(stop, schedule)
        return sorted(losses, key=lambda loss: loss.intervals or (0, 0))

    def _change(self, core: Core, kind: KeyKind, counted: np.ndarray) -> np.ndarray:
        """The change of what a core has heard beyond what was sent, since the last stop."""
        expected = self._sent[self._heard[core.number].senders[kind]].sum(axis=0, dtype=np.uint32)
        difference = counted[Tally.WEIGHTS_SENT + 1 + kind] - expected
        known = self._known.get((core.number, kind), tallies.PAIR)
        self._known[core.number, kind] = difference
        return difference - known

    def _sent_now(self, stop: Stop, schedule: Schedule,
                  counted: Mapping[int, np.ndarray]) -> np.ndarray:
        """(senders, 2): what each sent since the start that has been heard by now."""
        sent = self._sent.copy()
        heard = {index: given.take(stop.machine_step - 1, schedule)
                 for index, given in self._given.items()}
        for place, block in enumerate(self._first):
            if block.source in heard:
                sent[place] += _tally(block, heard[block.source])
            else:
                sender = self._cores[block.source, block.first]
                sent[place] = counted[sender.number][_which(block)]
        return sent

    # --- finding where ---

    def _rows_of(self, core: Core, stop: Stop) -> np.ndarray:
        if core.number not in self._rows:
            self._rows[core.number] = core.tallies.read(
                self._read(core, core.tallies.bytes_of(max(stop.intervals, 1))))
        return self._rows[core.number]

    def _in_all(self, core: Core, changes: Mapping[KeyKind, np.ndarray], before: np.ndarray
                ) -> list[Loss]:
        """Losses of a core whose tables are not read."""
        found = []
        for kind, change in changes.items():
            senders = self._heard[core.number].senders[kind]
            sent = int((self._sent[senders] - before[senders])[:, 0].sum(dtype=np.uint32))
            found.append(Loss(core.label, "all that send to it", WHAT[kind], sent,
                              sent + int(change[0].astype(np.int32))))
        return found

    def _of_core(self, core: Core, kinds: Collection[KeyKind], stop: Stop, schedule: Schedule,
                 before: np.ndarray) -> list[Loss]:
        """Losses of a core at which sums of these kinds differ. before: sent at the last stop."""
        found, rows = [], self._rows_of(core, stop)
        for place, block in enumerate(self._heard[core.number].blocks):
            if block.kind not in kinds:
                continue
            sent_before = before[self._senders[_sender(block)]]
            if block.source in self._given:
                ends, sent = self._of_source(block, core.tallies, stop, sent_before)
            else:
                sender = self._cores[block.source, block.first]
                ends = _ends(stop, core.tallies, sender.tallies)
                sent = self._rows_of(sender, stop)[ends >> sender.tallies.shift, _which(block)]
            heard = rows[ends >> core.tallies.shift, Tally.HEARD + place]
            found += self._differing(core, place, block, ends, sent, heard, sent_before, stop,
                                     schedule)
        return found

    def _of_source(self, block: KeyBlock, rows: tallies.Rows, stop: Stop, before: np.ndarray
                   ) -> tuple[np.ndarray, np.ndarray]:
        """The last interval of each row of a core, and what a source had sent then."""
        ends = _ends(stop, rows)
        heard = self._given[block.source].heard
        number = heard[:, 1] - stop.run.first_interval
        return ends, np.array([before + _tally(block, heard[number <= end]) for end in ends],
                              np.uint32)

    def _differing(self, core: Core, place: int, block: KeyBlock, ends: np.ndarray,
                   sent: np.ndarray, heard: np.ndarray, sent_before: np.ndarray, stop: Stop,
                   schedule: Schedule) -> list[Loss]:
        """Losses between two cores, from the tallies of both at the ends of intervals."""
        known = self._known_of_block.get((core.number, place), tallies.PAIR)
        differences = heard - sent
        self._known_of_block[core.number, place] = differences[-1]
        changes = np.diff(differences, axis=0, prepend=known[np.newaxis])
        sent_of_each = np.diff(sent, axis=0, prepend=sent_before[np.newaxis])[:, 0]
        found = []
        for row in np.flatnonzero(changes.any(axis=1)):
            first = int(ends[row - 1]) + 1 if row else 0
            span = first, int(ends[row])
            intervals = None if schedule.interval_steps is None else (
                span[0] + stop.run.first_interval, span[1] + stop.run.first_interval)
            number = int(sent_of_each[row])
            found.append(Loss(core.label, self._label(block), WHAT[block.kind], number,
                              number + int(changes[row, 0].astype(np.int32)), intervals,
                              _updates(intervals, schedule)))
        return found

    def _label(self, block: KeyBlock) -> str:
        label = self._network.populations[block.source].label
        return f"{label}[{block.first}:{block.first + block.count}]"

    # --- senders that do not count ---

    def _of_others(self, stop: Stop, schedule: Schedule) -> list[Loss]:
        """Differences between cores that hear one core of sPyNNaker's cells."""
        heard: dict[Sender, list[tuple[Core, int, KeyBlock, np.ndarray]]] = {}
        for core in self._plan.cores:
            blocks = [(place, block) for place, block in enumerate(self._heard[core.number].blocks)
                      if block.kind is KeyKind.OTHER_SPIKE and block.colour_bits]
            rows = self._rows_of(core, stop) if blocks else np.zeros((0, 0, 2))
            for place, block in blocks:
                heard.setdefault(_sender(block), []).append(
                    (core, place, block, rows[:, Tally.HEARD + place]))
        found = []
        for sender, receiving in heard.items():
            # if they differ, the one that heard most counts as right
            best = max(receiving, key=lambda each: int(each[3][-1, 0]))
            for core, place, block, rows in receiving:
                ends = _ends(stop, core.tallies, best[0].tallies)
                sent = best[3][ends >> best[0].tallies.shift]
                found += self._differing(core, place, block, ends, sent,
                                         rows[ends >> core.tallies.shift],
                                         self._others_sent.get(sender, tallies.PAIR), stop,
                                         schedule)
            self._others_sent[sender] = best[3][-1]
        return found


def _sender(block: KeyBlock) -> Sender:
    return block.source, block.first, block.kind is KeyKind.FEEDBACK


def _which(block: KeyBlock) -> Tally:
    return Tally.WEIGHTS_SENT if block.kind is KeyKind.FEEDBACK else Tally.SENT


def _tally(block: KeyBlock, spikes: np.ndarray) -> np.ndarray:
    """The tally of spikes (step, interval, cell) of the cells of a key block."""
    cells = spikes[:, 2] - block.first
    here = (cells >= 0) & (cells < block.count)
    return tallies.tally(block.key + cells[here], spikes[here, 0])


def _ends(stop: Stop, *rows: tallies.Rows) -> np.ndarray:
    """The last intervals, counted within the run, of rows that several cores have."""
    shift = max(each.shift for each in rows)
    last = max(stop.intervals, 1) - 1
    groups = np.arange((last >> shift) + 1)
    return np.minimum(((groups + 1) << shift) - 1, last)


def _updates(intervals: Range | None, schedule: Schedule) -> Range | None:
    """The updates, from 1, that the intervals of a range which count belong to."""
    if intervals is None:
        return None
    found = [schedule.first_update + sum(schedule.updated[:interval]) + 1
             for interval in range(intervals[0], intervals[1] + 1) if schedule.learned[interval]]
    return (found[0], found[-1]) if found else None
