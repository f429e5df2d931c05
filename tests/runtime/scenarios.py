"""Seeded scenarios that are played to a core, and what comes of them.

A scenario says what the core gets and at which instruction of the application: in every step, a
few times, when it enters one of its functions or is so many instructions into it, and once while
it sleeps. The application is the same in all builds, so that the instructions are the same, too;
how much time passes between them is the libraries' affair and not compared.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pynn_eprop.emulator.emulated_machine import Options
from pynn_eprop.emulator.layout import CpuState, Vcpu
from tests.runtime.exerciser import (
    CONTROL_PORT,
    CORE,
    HEAP_PORT,
    PORT,
    TEXT_PORT,
    Command,
    Failure,
    Kind,
    PacketWork,
    Rig,
    Settings,
)
from tests.runtime.stepping import functions, heard, listen, run_to

POINTS = ("row_read", "user_event", "scheduled", "packet", "packet_with_payload", "message")
"""Functions in which something may arrive; `tick` is where every step begins."""
LEAST_WORK = 60
"""Rounds of the application's loop at the end of a tick. A transfer takes 124 cycles, whatever the
core does meanwhile; the loop takes longer, so that it ends there in every build."""
CYCLES = 200_000
EXACT = Options(every_instruction=True)


@dataclass
class Outcome:
    """The outcome of a scenario: values by name."""

    values: dict[str, Any] = field(default_factory=dict)

    def add(self, name: str, value: Any) -> None:
        self.values[name] = value

    def differences(self, other: "Outcome") -> list[str]:
        """Names of values that are not the same."""
        return [name for name in sorted({*self.values, *other.values})
                if self.values.get(name) != other.values.get(name)]


def own_text(rig: Rig) -> list[str]:
    """Lines that the application printed; libraries print numbers or their own words."""
    return [line for line in rig.text.splitlines() if "(exerciser.c: " in line]


def results(rig: Rig, in_order: bool = True) -> Outcome:
    """Everything that a host can read, and what another core heard.

    ``in_order``: also which step an event belongs to, and the order of events of different kinds.
    """
    outcome = Outcome()
    events, steps = rig.events(), rig.steps()
    if in_order:
        outcome.add("events", events.tolist())
        outcome.add("steps", steps.tolist())
    else:
        packets = [int(kind) in (Kind.KEY, Kind.PAYLOAD) for kind in events["kind"]]
        outcome.add("packets", events[packets].tolist())
        for kind in (Kind.ROW, Kind.MESSAGE, Kind.USER, Kind.SCHEDULED):
            outcome.add(f"events {kind.name}", events[events["kind"] == kind].tolist())
        for name in ("time", "row_sum"):
            outcome.add(f"steps {name}", steps[name].tolist())
        outcome.add("last step", steps[-1].tolist())
    outcome.add("lost", rig.lost())
    outcome.add("provenance", rig.provenance())
    outcome.add("rows", rig.rows().tolist())
    outcome.add("text", own_text(rig))
    outcome.add("state", rig.state)
    outcome.add("buffers in use", rig.messages_in_use())
    outcome.add("sent", heard(rig))
    outcome.add("taken", rig.chip.status(CORE).received)
    outcome.add("faults", [str(fault.kind) for fault in rig.machine.new_faults()])
    return outcome


class Player:
    """Plays a scenario of a seed to a core."""

    def __init__(self, rig: Rig, elf: Path, seed: int) -> None:
        self.rig = rig
        self.functions = functions(elf)
        self.random = random.Random(seed)
        self.log: list[Any] = []

    def inject(self) -> None:
        """One thing, or a burst, that arrives at the core now."""
        kind = self.random.randrange(8)
        if kind < 5:
            for _ in range(self.random.choice((1, 1, 2, 5, 20))):
                key = self.random.randrange(2**32)
                loaded = self.random.random() < 0.5
                self.rig.packet(key, self.random.randrange(2**32) if loaded else None)
        elif kind < 7:
            self.rig.say(PORT, 9, data=self.random.randbytes(self.random.randrange(64)))
        else:
            self.rig.say(CONTROL_PORT, Command.TELL_TIME)

    def at_instruction(self) -> bool:
        """Go to some instruction of the application, and inject."""
        address, size = self.functions[self.random.choice(POINTS)]
        into = 4 * self.random.randrange(size // 4) if self.random.random() < 0.5 else 0
        reached = run_to(self.rig, address + into, 0.1)
        if reached:
            self.inject()
        return reached

    def step(self) -> bool:
        """A step: from a tick to the next."""
        if not run_to(self.rig, self.functions["tick"][0], 1.5):
            return False
        begin = self.rig.machine.now
        if self.random.random() < 0.3:
            self.inject()
        self.log.append([self.at_instruction() for _ in range(self.random.randrange(3))])
        self.sleep_until(begin + CYCLES // 2)
        self.inject()
        self.sleep_until(begin + CYCLES * 3 // 4)
        self.log.append(self.rig.answers())
        return True

    def sleep_until(self, time: int) -> None:
        self.rig.machine.run(max(time, self.rig.machine.now), exactly=True)

    def run(self, start: int, end: int) -> None:
        """A run, of which each step is disturbed."""
        self.rig.start_run(end, start)
        while self.step():
            pass
        self.rig.run_ms(2)
        self.log.append(self.rig.state)


def settings_of(chooser: random.Random) -> Settings:
    """Settings that the official libraries can stand: see `faults.py`."""
    priority = chooser.choice((-1, -1, 0, 1))
    return Settings(key=chooser.randrange(2**24) << 8, packets_priority=priority,
                    work=LEAST_WORK + chooser.randrange(40), period=1000,
                    packet_work=chooser.choice((PacketWork.NOTHING, PacketWork.SEND)))


def disturbed(folder: Path, seed: int) -> Outcome:
    """Three runs, the last after a reset, disturbed at instructions of the application."""
    rig = Rig(folder / "exerciser.aplx", settings_of(random.Random(seed)), EXACT)
    listen(rig)
    player = Player(rig, folder / "exerciser.elf", seed)
    whole = Outcome()
    for number, (start, end) in enumerate([(0, 6), (6, 10), (0, 6)]):
        player.run(start, end)
        for name, value in results(rig).values.items():
            whole.add(f"run {number}: {name}", value)
    whole.add("log", player.log)
    rig.close()
    return whole


def at_random_cycles(folder: Path, seed: int) -> Outcome:
    """A run with packets and messages at any cycle: which step they fall into is not compared."""
    chooser = random.Random(seed)
    rig = Rig(folder / "exerciser.aplx", settings_of(chooser), EXACT)
    listen(rig)
    rig.start_run(30)
    begin = rig.machine.now
    for time in sorted(chooser.randrange(28 * CYCLES) for _ in range(120)):
        rig.machine.run(max(begin + time, rig.machine.now), exactly=True)
        if chooser.random() < 0.1:
            rig.say(PORT, 9, data=chooser.randbytes(chooser.randrange(64)))
        else:
            rig.packet(chooser.randrange(2**32),
                       chooser.randrange(2**32) if chooser.random() < 0.5 else None)
    rig.run_ms(6)
    outcome = results(rig, in_order=False)
    outcome.add("answers", rig.answers())
    rig.close()
    return outcome


def place_of(elf: Path, address: int) -> tuple[str, int]:
    """Function and place in it, for an address of the application."""
    return next(((name, address - start) for name, (start, size) in functions(elf).items()
                 if start <= address < start + size), ("", 0))


def failing(folder: Path, seed: int) -> Outcome:
    """A core that fails: code, mode, place and message."""
    failure = Failure(seed)
    rig = Rig(folder / "exerciser.aplx", Settings(failure=failure, failure_step=3))
    rig.start_run(10)
    rig.run_ms(15)
    outcome = Outcome()
    outcome.add("state", rig.state)
    outcome.add("failures", rig.monitor.failures())
    outcome.add("text", own_text(rig))
    block = rig.chip.vcpu(CORE)
    if rig.state is CpuState.RUN_TIME_EXCEPTION:
        outcome.add("mode", rig.chip.word(block + Vcpu.PSR) & 0x1F)
        link = rig.chip.word(block + Vcpu.LR)
        outcome.add("place", place_of(folder / "exerciser.elf", link)[0])
    rig.close()
    return outcome


def controlled(folder: Path, seed: int) -> Outcome:
    """Cores that meet every few steps, an endless run, a pause that the host asks for."""
    chooser = random.Random(seed)
    outcome = Outcome()
    rig = Rig(folder / "exerciser.aplx")
    rig.start_run(12, meet_every=chooser.randrange(1, 6))
    states = []
    for _ in range(15):
        rig.run_ms(13)
        states.append(rig.state)
        if rig.state not in (CpuState.SYNC0, CpuState.SYNC1):
            break
        rig.open_barrier()
    outcome.add("states", states)
    outcome.add("steps", rig.steps().tolist())
    rig.run_ms(0.5)
    outcome.add("run", rig.ask(CONTROL_PORT, Command.RUN, (0, 1, 12), bytes(4)))
    rig.open_barrier()
    rig.run_ms(chooser.randrange(2, 9) + 0.3)
    outcome.add("time", rig.ask(CONTROL_PORT, Command.TELL_TIME))
    outcome.add("pause", rig.ask(CONTROL_PORT, Command.PAUSE))
    rig.run_ms(2)
    outcome.add("state", rig.state)
    outcome.add("more steps", rig.steps().tolist())
    rig.close()
    return outcome


def ending(folder: Path, seed: int) -> Outcome:
    """How a core ends, and what is left then."""
    rig = Rig(folder / "exerciser.aplx")
    rig.run_to_end(5)
    rig.say(CONTROL_PORT, (Command.STOP, Command.PROVENANCE)[seed % 2])
    rig.run_ms(1)
    outcome = Outcome()
    outcome.add("state", rig.state)
    outcome.add("provenance", rig.provenance())
    code = rig.ask(0, 3, (rig.regions[4], 4, 2), b"abcd").code
    outcome.add("memory written", (code, rig.chip.read(rig.regions[4], 4)))
    outcome.add("buffers in use", rig.messages_in_use())
    rig.close()
    return outcome


FORMATS = ("%d", "%u", "%x", "%08x", "%5d", "%5u|", "%c", "%k", "%.3k", "%K", "%.4K", "%r", "%R",
           "%f", "%.1f", "%4z", "%8z", "%%", "a%db%uc%x")
"""Not with a width before the point: the official one pads such numbers by less."""


def texts(folder: Path, seed: int) -> Outcome:
    """Text of numbers."""
    chooser = random.Random(seed)
    rig = Rig(folder / "exerciser.aplx")
    rig.run_ms(1)
    outcome = Outcome()
    for form in FORMATS:
        values = tuple(chooser.choice((0, 1, 77, 2**15, 2**31, 2**32 - 1, chooser.randrange(2**32)))
                       for _ in range(3))
        if "c" in form:
            values = tuple(32 + value % 90 for value in values)
        answer = rig.ask(TEXT_PORT, 1, values, form.encode() + b"\0")  # type: ignore[arg-type]
        outcome.add(f"{form} of {values}", answer.data)
    rig.close()
    return outcome


def memory(folder: Path, seed: int) -> Outcome:
    """Memory taken and given back: addresses, from the first one on."""
    chooser = random.Random(seed)
    rig = Rig(folder / "exerciser.aplx")
    rig.run_ms(1)
    taken: list[int] = []
    places: list[int] = []
    first = 0
    for _ in range(60):
        if taken and chooser.random() < 0.4:
            rig.ask(HEAP_PORT, 1, (1, taken.pop(chooser.randrange(len(taken))), 0))
            continue
        address = rig.ask(HEAP_PORT, 1, (0, chooser.choice((1, 4, 30, 500)), 0)).argument
        first = first or address
        taken.append(address)
        places.append(address - first)
    outcome = Outcome()
    outcome.add("places", places)
    outcome.add("largest block of SDRAM", rig.ask(HEAP_PORT, 1, (2, 0, 0)).argument)
    rig.close()
    return outcome


Scenario = Callable[[Path, int], Outcome]
CLASSES: dict[str, tuple[Scenario, list[int]]] = {
    "three runs, disturbed at instructions": (disturbed, list(range(40))),
    "packets and messages at any cycle": (at_random_cycles, list(range(20))),
    "a core that fails or stays too long": (failing, [
        Failure.CODE, Failure.READING, Failure.JUMP_TO_ZERO, Failure.FULL_MEMORY,
        Failure.STAYING]),
    "barriers in a run, endless runs, pauses": (controlled, list(range(10))),
    "the end of an application": (ending, [0, 1]),
    "text of numbers": (texts, list(range(5))),
    "memory of a core": (memory, list(range(5))),
}
