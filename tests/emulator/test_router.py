"""Packets between cores and chips: routes, default routing, payloads, counters."""

import struct

import pytest

from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.geometry import BOARD_48, geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, LINKS, ROUTER, SDRAM
from pynn_eprop.errors import EmulatorError
from tests.emulator.assembler import Program
from tests.emulator.running import MakeMachine, start, word

CC = 0x10000000
VIC = 0x1F000000
RESULT = SDRAM + 0x01000000
KEY, PAYLOAD = 0x00012345, 0xCAFE
CORE = 6
EAST, NORTH_EAST, NORTH, WEST = range(4)


def receiver() -> bytes:
    """Stores key, payload, control byte and number of packets at RESULT."""
    program = Program().put(VIC + 0x100, 0).put(VIC + 0x200, 0x26).put(VIC + 0x10, 1 << 6)
    program.word(0xE321F013).sleep().label("irq").load(1, CC).load(2, RESULT)
    program.read(3, 1, 0x0C).store(3, 2, 8).read(3, 1, 0x10).store(3, 2, 4)
    program.read(3, 1, 0x14).store(3, 2).read(3, 2, 12).add(3, 3, 1).store(3, 2, 12)
    return program.word(0xE25EF004).image()


def sender(control: int = 0, payload: bool = False, key: int = KEY) -> bytes:
    program = Program().put(CC, control | (1 << 17 if payload else 0))
    if payload:
        program.put(CC + 4, PAYLOAD)
    return program.put(CC + 8, key).sleep().image()


def route(machine: EmulatedMachine, chip: tuple[int, int], outputs: int, key: int = KEY,
          mask: int = 0xFFFFFFFF, entry: int = 1) -> None:
    for base, value in ((0x4000, outputs), (0x8000, key), (0xC000, mask)):
        machine.monitors[chip].chip.write(ROUTER + base + 4 * entry, struct.pack("<I", value))


def counters(machine: EmulatedMachine, chip: tuple[int, int] = (0, 0)) -> list[int]:
    return list(struct.unpack("<16I", machine.monitors[chip].chip.read(ROUTER + 0x300, 64)))


def run(machine: EmulatedMachine) -> None:
    machine.run(machine.now + CYCLES_PER_MS)


def received(machine: EmulatedMachine, chip: tuple[int, int] = (0, 0)) -> list[int]:
    return [word(machine, RESULT + offset, chip) for offset in (0, 4, 12)]


@pytest.mark.parametrize("payload", [False, True])
def test_packet_to_a_core_of_the_same_chip(machine: EmulatedMachine, payload: bool) -> None:
    route(machine, (0, 0), 1 << CORE + 2)
    start(machine, receiver(), 2)
    start(machine, sender(payload=payload), 1)
    run(machine)
    assert received(machine) == [KEY, PAYLOAD if payload else 0, 1]
    assert word(machine, RESULT + 8) == 1 << 31 | payload << 17
    assert counters(machine)[:2] == [1, 0]


def test_payload_is_what_was_written_since_the_packet_before(machine: EmulatedMachine) -> None:
    """Data sheet, 8.6, "r1", whatever the control byte says; sPyNNaker's sources leave that 0."""
    other = KEY + 1
    route(machine, (0, 0), 1 << CORE + 2, key=KEY)
    route(machine, (0, 0), 1 << CORE + 3, key=other, entry=2)
    start(machine, receiver(), 2)
    program = Program().put(CC, 0).put(CC + 4, PAYLOAD).put(CC + 8, KEY)
    start(machine, program.put(CC, 1 << 17).put(CC + 8, other).sleep().image(), 1)
    run(machine)
    assert received(machine) == [KEY, PAYLOAD, 1]
    assert word(machine, RESULT + 8) == 1 << 31 | 1 << 17
    start(machine, receiver(), 3)
    start(machine, Program().put(CC, 1 << 17).put(CC + 8, other).sleep().image(), 1)
    run(machine)
    assert received(machine) == [other, 0, 2]
    assert word(machine, RESULT + 8) == 1 << 31


def test_first_matching_entry_counts(machine: EmulatedMachine) -> None:
    route(machine, (0, 0), 1 << CORE + 2, entry=1)
    route(machine, (0, 0), 1 << CORE + 3, entry=2, key=0, mask=0)
    start(machine, receiver(), 2, 3)
    start(machine, sender(), 1)
    run(machine)
    assert [machine.monitors[0, 0].chip.status(core).received for core in (2, 3)] == [1, 0]


def test_straight_on_without_entry(make_machine: MakeMachine) -> None:
    machine = make_machine(48)
    route(machine, (0, 0), 1 << EAST)
    route(machine, (4, 0), 1 << CORE + 2)  # nothing is set on the three chips between
    start(machine, receiver(), 2, chip=(4, 0))
    start(machine, sender(), 1)
    run(machine)
    assert received(machine, (4, 0)) == [KEY, 0, 1]
    assert counters(machine, (2, 0))[1] == 1


def test_copies_to_several_chips(make_machine: MakeMachine) -> None:
    machine = make_machine(48)
    ends = {EAST: (1, 0), NORTH_EAST: (1, 1), NORTH: (0, 1)}
    route(machine, (0, 0), sum(1 << link for link in ends) | 1 << CORE + 3)
    start(machine, receiver(), 3)
    for chip in ends.values():
        route(machine, chip, 1 << CORE + 2)
        start(machine, receiver(), 2, chip=chip)
    start(machine, sender(), 1)
    run(machine)
    assert [received(machine, chip) for chip in [(0, 0), *ends.values()]] == [[KEY, 0, 1]] * 4


@pytest.mark.parametrize("outputs", [0, 1 << WEST])
def test_packet_that_leads_nowhere_is_counted(machine: EmulatedMachine, outputs: int) -> None:
    if outputs:
        route(machine, (0, 0), outputs)
    start(machine, sender(), 1)
    run(machine)
    assert counters(machine)[8] == 1
    assert machine.monitors[0, 0].chip.read(ROUTER + 0x1C, 4) == struct.pack("<I", KEY)


def test_packet_in_a_circle_dies(make_machine: MakeMachine) -> None:
    machine = make_machine(48, boards=3)
    route(machine, (0, 0), 1 << EAST, key=0, mask=0)  # once round the torus, again and again
    start(machine, sender(), 1)
    run(machine)
    assert sum(counters(machine, chip)[8] for chip in machine.monitors) == 1


def test_fixed_route(make_machine: MakeMachine) -> None:
    machine = make_machine(4)
    machine.monitors[0, 0].chip.write(ROUTER + 0x84, struct.pack("<I", 1 << NORTH))
    machine.monitors[0, 1].chip.write(ROUTER + 0x84, struct.pack("<I", 1 << CORE + 2))
    start(machine, receiver(), 2, chip=(0, 1))
    start(machine, sender(control=0xC0 << 16), 1)
    run(machine)
    assert received(machine, (0, 1)) == [KEY, 0, 1]
    assert counters(machine)[6] == 1


def test_counters_are_cleared(machine: EmulatedMachine) -> None:
    start(machine, sender(), 1)
    run(machine)
    machine.monitors[0, 0].chip.write(ROUTER + 0x2C, struct.pack("<I", 0xFFFFFFFF))
    assert counters(machine) == [0] * 16


def test_boards() -> None:
    assert len(BOARD_48) == 48
    assert len(geometry(48).board) == 48
    triad = geometry(48, 3)
    assert len(triad.board) == 144
    assert triad.ethernet_chips == [(0, 0), (4, 8), (8, 4)]
    assert all(triad.links(x, y) == 0x3F for x, y in triad.board)


@pytest.mark.parametrize("chips, boards", [(1, 1), (4, 1), (48, 1), (48, 3), (48, 6)])
def test_links_lead_back(chips: int, boards: int) -> None:
    shape = geometry(chips, boards)
    for x, y in shape.board:
        for link in range(len(LINKS)):
            other = shape.neighbour(x, y, link)
            if other is not None:
                assert shape.neighbour(*other, (link + 3) % 6) == (x, y)


@pytest.mark.parametrize("chips, boards", [(0, 1), (2, 1), (4, 3), (48, 2), (48, 0)])
def test_no_such_machine(chips: int, boards: int) -> None:
    with pytest.raises(EmulatorError, match=str(chips)):
        geometry(chips, boards)
