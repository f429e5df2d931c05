"""Cores that wake to find nothing to do: the same figures as if every wake were executed.

The engine Unicorn and profiled machines execute all; the interpreter counts steady wakes.
"""

from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

pytest.importorskip("unicorn", reason="the emulated board is compared with the package unicorn")

from pynn_eprop.emulator.emulated_machine import EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM, SDRAM, Signal
from pynn_eprop.emulator.library import NEVER
from tests.emulator.assembler import INTERRUPTS_ON, RETURN_FROM_IRQ, Program
from tests.emulator.running import APPLICATION, start, word

RESULT = SDRAM + 0x01000000
VIC, TIMER, CC, SYSTEM = 0x1F000000, 0x11000000, 0x10000000, 0xF2000000
PERIOD = 2000
FIGURES = ("now", "instructions", "idle", "irqs", "received", "ticks", "tick_last", "tick_most",
           "tick_overruns", "register_accesses", "pc", "cpsr", "activity")


def program(touching: str = "") -> bytes:
    """Wakes every 10 us to find nothing, as monitors do.

    A packet is stored in SDRAM with the timer's count and the number of packets so far; a signal
    of the monitor is acknowledged. touching: of what wakes use beside the timer.
    """
    code = Program().put(VIC + 0x100, 0x6000)
    for slot, line in enumerate((6, 18, 4)):
        code.put(VIC + 0x200 + 4 * slot, 0x20 | line).put(VIC + 0x10, 1 << line)
    code.put(TIMER, PERIOD).put(TIMER + 0x08, 0xE2).word(INTERRUPTS_ON).sleep()
    code.label("irq").load(1, VIC).read(2, 1).load(3, TIMER)
    code.word(0xE3120040).branch("packet", 0x1)         # tst r2, #bit 6
    code.word(0xE3120701).branch("signal", 0x1)         # tst r2, #bit 18
    if touching == "SDRAM":
        code.load(4, RESULT).read(5, 4, 32)
    elif touching == "memory":
        code.load(4, DTCM + 0x100).read(5, 4).add(5, 5, 1).store(5, 4)
    elif touching == "count":
        code.read(5, 3, 0x04).load(5, 0)
    code.store(1, 3, 0x0C).branch("end")
    code.label("packet").load(4, CC).read(5, 4, 0x14).load(4, RESULT).store(5, 4)
    code.read(5, 3, 0x04).store(5, 4, 4).read(5, 4, 8).add(5, 5, 1).store(5, 4, 8).branch("end")
    code.label("signal").load(4, SYSTEM).load(5, 0x5EC00004).store(5, 4, 0x0C)
    code.label("end").load(5, 0).load(4, 0).load(2, 0)
    return code.word(RETURN_FROM_IRQ).image()


def machine(**options: Any) -> EmulatedMachine:
    shape = geometry(1)
    return EmulatedMachine(shape, {(0, 0): "127.0.3.1"}, Options(**options))


def figures(made: EmulatedMachine) -> list[int]:
    status = made.monitors[0, 0].chip.status(2)
    return [int(getattr(status, name)) for name in FIGURES] + [
        word(made, RESULT + offset) for offset in (0, 4, 8)]


def play(events: list[tuple[int, str]], touching: str, **options: Any) -> list[list[int]]:
    """Figures after each event, which comes so many cycles after the last."""
    made, found = machine(**options), []
    try:
        start(made, program(touching), 2, 3)
        for cycles, what in events:
            made.run(made.now + cycles, exactly=True)
            if what == "packet":
                made.monitors[0, 0].chip.packet(2, 0x1234)
            elif what == "signal":
                made.monitors[0, 0].signal(Signal.SYNC1, APPLICATION, 0xFF)
            elif what == "figures":
                found.append(figures(made))
        made.run(made.now + 5 * PERIOD)
        found.append([made.instructions, *figures(made)])
        return found
    finally:
        made.close()


EVENTS = st.lists(st.tuples(st.integers(1, 60_000), st.sampled_from(
    ["packet", "signal", "figures", "nothing"])), max_size=12)


@settings(max_examples=40)
@example([(40 * PERIOD, "figures"), (PERIOD + 3, "packet"), (7, "packet"), (90_000, "signal"),
          (PERIOD * 100, "figures")], "")
@given(EVENTS, st.sampled_from(["", "SDRAM", "memory", "count"]))
def test_figures_are_those_of_executed_wakes(events: list[tuple[int, str]], touching: str) -> None:
    found = play(events, touching)
    assert found == play(events, touching, profile=True)
    assert found == play(events, touching, engine="unicorn")


@pytest.mark.parametrize(("touching", "steady"), [("", True), ("SDRAM", False), ("memory", False),
                                                  ("count", False)])
def test_only_cores_without_events_of_their_own_are_left_alone(touching: str, steady: bool) -> None:
    made = machine()
    start(made, program(touching), 2)
    made.run(CYCLES_PER_MS)
    assert (made.next_event == NEVER) == steady
    made.monitors[0, 0].chip.packet(2, 7)
    assert made.next_event != NEVER     # it has something to do
    made.run(2 * CYCLES_PER_MS)
    assert (made.next_event == NEVER) == steady
    assert made.monitors[0, 0].chip.status(2).ticks == 2 * CYCLES_PER_MS // PERIOD - 1
    made.close()
