"""A transmitter that is busy after each packet: its bits, its interrupt, and what is lost.

Bits of the transmit control register (data sheet): 31 empty, 30 full (sticky), 29 overrun (sticky),
28 not full.
"""

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.faults import FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS, SDRAM
from tests.emulator.assembler import WAIT_FOR_INTERRUPT, Program
from tests.emulator.running import MakeMachine, start, word
from tests.emulator.test_mishaps import receiver
from tests.emulator.test_router import CC, CORE, VIC, route

RESULT = SDRAM + 0x01000000
BUSY = 300
FREE, FULL, OVERRUN = 0x90000000, 0x40000000, 0x20000000
TEST_NOT_FULL = 0xE3120201  # tst r2, #1 << 28
EQUAL = 0x0


def keep_control(program: Program, place: int) -> Program:
    """Store the bits of the transmit control register."""
    return program.load(1, CC).read(2, 1).load(3, RESULT + place).store(2, 3)


def send_when_free(program: Program, key: int) -> Program:
    (program.load(1, CC).label(f"wait{key}").read(2, 1).word(TEST_NOT_FULL)
     .branch(f"wait{key}", EQUAL))
    return program.put(CC, 0).put(CC + 8, key)


@pytest.fixture
def busy(make_machine: MakeMachine) -> EmulatedMachine:
    """A machine whose transmitters are busy for 300 cycles, with a receiver on core 2."""
    machine = make_machine(conditions=Conditions(transmit_cycles=BUSY), quantum=100)
    route(machine, (0, 0), 1 << CORE + 2, key=0, mask=0)
    start(machine, receiver(RESULT + 0x100), 2)
    return machine


def keys(machine: EmulatedMachine) -> list[int]:
    machine.run(machine.now + CYCLES_PER_MS)
    found = [word(machine, RESULT + 0x100 + 4 * index) for index in range(20)]
    return [key for key in found if key]


def test_what_is_written_while_it_is_busy_is_lost(busy: EmulatedMachine) -> None:
    program = keep_control(Program(), 0).put(CC + 8, 1)
    keep_control(program, 4).put(CC + 8, 2)
    keep_control(program, 8).put(CC, 0)
    keep_control(program, 12)
    send_when_free(program, 3)
    start(busy, keep_control(program, 16).sleep().image(), 1)
    assert keys(busy) == [1, 3]
    assert [word(busy, RESULT + place) for place in range(0, 20, 4)] == [
        FREE, FULL, FULL | OVERRUN, FULL, FULL]     # writing 0 clears overrun; it is full still
    fault, = busy.new_faults()
    assert (fault.kind, fault.core, fault.address) == (FaultKind.TRANSMIT_BUSY, 1, 2)


def test_full_stays_until_it_is_cleared(busy: EmulatedMachine) -> None:
    program = Program().put(CC + 8, 1).load(3, BUSY).label("loop").subtract(3, 3, 1)
    program.branch_not_zero("loop")
    keep_control(program, 0).put(CC, 0)
    start(busy, keep_control(program, 4).sleep().image(), 1)
    busy.run(CYCLES_PER_MS)
    assert [word(busy, RESULT + place) for place in (0, 4)] == [FREE | FULL, FREE]


def test_waiting_for_room_loses_nothing(busy: EmulatedMachine) -> None:
    program = Program()
    for key in range(1, 9):
        send_when_free(program, key)
    start(busy, program.sleep().image(), 1)
    assert keys(busy) == list(range(1, 9))
    assert busy.new_faults() == []


@pytest.mark.parametrize("line", [11, 23])   # empty, not full
def test_interrupt_when_it_is_free(busy: EmulatedMachine, line: int) -> None:
    program = Program().put(CC + 8, 1).put(VIC + 0x10, 1 << line).word(WAIT_FOR_INTERRUPT)
    start(busy, program.put(RESULT, 7).put(VIC + 0x14, 1 << line).sleep().image(), 1)
    busy.run(200)
    assert word(busy, RESULT) == 0
    busy.run(400)
    assert word(busy, RESULT) == 7
    sent_to_sleep = 4   # instructions from the store of the key to the sleep
    assert busy.monitors[0, 0].chip.status(1).idle >= BUSY - sent_to_sleep - 5


def test_free_at_once_without_the_condition(machine: EmulatedMachine) -> None:
    program = Program().put(CC + 8, 1)
    start(machine, keep_control(program, 0).put(CC + 8, 2).sleep().image(), 1)
    machine.run(CYCLES_PER_MS)
    assert word(machine, RESULT) == FREE
    assert machine.monitors[0, 0].chip.status(1).sent == 2
