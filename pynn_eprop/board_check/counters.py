"""Counters of a board, a row each: how they are taken from what was counted, and judged."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from pynn_eprop.board_check.counts import CoreCounts, Counts
from pynn_eprop.board_check.routers import RouterCounts

Sample = tuple[float, str]
"""A value of a counter, and the core or router that has it."""


class Verdict(IntEnum):
    """What a value says of a board, in ascending order of trouble."""

    OK = 0
    ATTENTION = 1
    WRONG = 2


@dataclass(frozen=True)
class Counter:
    """A row of the table.

    Parameters
    ----------
    name: of the row
    samples: from what was counted, a value for each core or router
    total: whether the row has the sum of them; otherwise it has the largest
    unit: behind the number
    attention, wrong: values from which it deserves attention, or is wrong; None: never
    advice: what to do about it
    """

    name: str
    samples: Callable[[Counts], Iterable[Sample]]
    total: bool = True
    unit: str = ""
    attention: float | None = None
    wrong: float | None = None
    advice: str = ""

    @property
    def limits(self) -> str:
        """The thresholds in words."""
        return ", ".join(f"{what} from {limit:g}{self.unit and ' ' + self.unit}"
                         for what, limit in (("attention", self.attention), ("wrong", self.wrong))
                         if limit is not None)

    def read(self, counts: Counts) -> "Reading":
        """The value, and the core or router with most of it."""
        samples = list(self.samples(counts))
        if not samples:
            return Reading(self, None, "")
        most, where = max(samples, key=lambda sample: sample[0])
        value = sum(sample[0] for sample in samples) if self.total else most
        return Reading(self, value, where if most else "")


@dataclass(frozen=True)
class Reading:
    """The value of a counter, None if nothing has counted it, and where most of it was."""

    counter: Counter
    value: float | None
    where: str

    @property
    def verdict(self) -> Verdict:
        """What the value says."""
        counter, value = self.counter, self.value
        if value is None:
            return Verdict.OK
        if counter.wrong is not None and value >= counter.wrong:
            return Verdict.WRONG
        if counter.attention is not None and value >= counter.attention:
            return Verdict.ATTENTION
        return Verdict.OK

    @property
    def text(self) -> str:
        """The value with its unit."""
        if self.value is None:
            return "not counted"
        number = f"{self.value:,.0f}" if float(self.value).is_integer() else f"{self.value:,.1f}"
        return f"{number}{self.counter.unit and ' ' + self.counter.unit}"


def of_cores(name: str) -> Callable[[Counts], Iterator[Sample]]:
    """Samples of one of a core's counters, which older programs may not have."""
    def samples(counts: Counts) -> Iterator[Sample]:
        return ((core.counters[name], core.name) for core in counts.cores
                if name in core.counters)
    return samples


def from_cores(value: Callable[[CoreCounts], float]) -> Callable[[Counts], Iterator[Sample]]:
    """Samples that are computed from a core's counters."""
    def samples(counts: Counts) -> Iterator[Sample]:
        return ((value(core), core.name) for core in counts.cores)
    return samples


def of_routers(name: str, which: Callable[[RouterCounts], bool] = lambda router: True
               ) -> Callable[[Counts], Iterator[Sample]]:
    """Samples of one of the counters of routers."""
    def samples(counts: Counts) -> Iterator[Sample]:
        return ((router.counters[name], router.name) for router in counts.routers
                if name in router.counters and which(router))
    return samples


def _share(part: str, whole: str) -> Callable[[Counts], Iterator[Sample]]:
    """One counter of a core in per cent of another."""
    return from_cores(lambda core: 100.0 * core.counters[part] / (core.counters[whole] or 1))


def _clock_off(counts: Counts) -> Iterator[Sample]:
    """Per cent by which the machine's clock differs from the host's."""
    return ((100.0 * abs(machine / host - 1.0), "the machine") for host, machine in counts.clocks)


def _saturated(core: CoreCounts) -> float:
    return sum(count for name, count in core.counters.items() if name.startswith("saturated_"))


LOST = "packets were lost, so that results cannot be trusted: see docs/first_run.md"

COUNTERS: tuple[Counter, ...] = (
    Counter("packets sent, by the routers", of_routers("sent")),
    Counter("packets that came over links", of_routers("over_links")),
    Counter("packets dropped by routers and not sent again",
            of_routers("dropped", lambda router: not router.reinjected), wrong=1, advice=LOST),
    Counter("packets dropped by routers, reinjection on",
            of_routers("dropped", lambda router: router.reinjected), attention=1,
            advice="reinjection sends them again, late: look at the late spikes"),
    Counter("spikes and errors sent, by the cores", of_cores("sent")),
    Counter("mirrored weights sent", of_cores("weights_sent")),
    Counter("spikes heard, of senders that count", of_cores("spikes_heard")),
    Counter("spikes heard, of others", of_cores("others_heard")),
    Counter("errors heard", of_cores("signals_heard")),
    Counter("mirrored weights heard", of_cores("weights_heard")),
    Counter("packets not sent by cores", of_cores("packets_not_sent"), wrong=1, advice=LOST),
    Counter("packets that found a core's buffer full", of_cores("lost_packets"), wrong=1,
            advice=LOST),
    Counter("learning signals with errors missing", of_cores("incomplete_signals"), wrong=1,
            advice=LOST),
    Counter("spikes late for their step", of_cores("late_spikes"), wrong=1,
            advice="the network keeps its packets too long, or chips do not keep step"),
    Counter("spikes left out, too many of one cell", of_cores("cut_spikes"), wrong=1),
    Counter("packets with unknown keys", of_cores("unknown_keys"), wrong=1,
            advice="something else sends packets on this machine"),
    Counter("input in pauses, ignored by design", of_cores("ignored_input")),
    Counter("most packets waiting in a core", of_cores("most_queued"), total=False),
    Counter("callbacks and user events lost",
            from_cores(lambda core: core.counters["callbacks_lost"]
                       + core.counters["user_events_refused"]), wrong=1),
    Counter("DMA refused", of_cores("dma_refused"), wrong=1),
    Counter("DMA of the largest update", of_cores("update_bytes"), total=False, unit="bytes"),
    Counter("longest step", of_cores("longest_tick"), total=False, unit="us"),
    Counter("longest step, of a time step",
            from_cores(lambda core: 100.0 * core.counters["longest_tick"] / core.timestep_us),
            total=False, unit="%", attention=50.0,
            advice="little room is left: fewer cells a core, or a longer time step"),
    Counter("steps longer than a time step", of_cores("overruns"), attention=1,
            advice="cores catch up, but spikes may come late: fewer cells a core"),
    Counter("longest update", of_cores("longest_update"), total=False, unit="us"),
    Counter("longest update, of its pause", _share("longest_update", "given_update"), total=False,
            unit="%", attention=80.0,
            advice="the estimate of pauses is too short for this machine: use setup(pause=...)"),
    Counter("clock of the machine, off the host's", _clock_off, total=False, unit="%",
            attention=1.0, advice="a reading is some milliseconds in a second off, no more"),
    Counter("values that reached a limit of their format", from_cores(_saturated), attention=1,
            advice="none do in these networks on the host"),
)
"""All rows. One more is one more line here; what it reads is in ``counts.py``."""


def read_all(counts: Counts) -> list[Reading]:
    """All rows that something was counted for."""
    readings = [counter.read(counts) for counter in COUNTERS]
    return [reading for reading in readings if reading.value is not None]
