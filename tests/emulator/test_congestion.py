"""Routers that hold packets back: what waits, what is dropped and when, and who is told.

Times follow from the data sheet: the waiting time of SCAMP's control register (0x40: mantissa 0,
exponent 4) is (0 + 16 - 2^(4 - 4)) 2^4 = 240 router cycles of 133 MHz, 1.8 us.
"""

import struct
from typing import Any

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.faults import FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS, ROUTER, SDRAM
from pynn_eprop.errors import EmulatorError
from tests.emulator.assembler import WAIT_FOR_INTERRUPT, Program
from tests.emulator.running import MakeMachine, start, word
from tests.emulator.test_mishaps import receiver
from tests.emulator.test_router import CC, CORE, EAST, VIC, WEST, counters, route
from tests.emulator.test_transmitter import send_when_free

RESULT = SDRAM + 0x01000000
CONTROL, DUMP = ROUTER, ROUTER + 0x18
FROM_A_CORE = 7 << 24   # in the header of a dumped packet
US = CYCLES_PER_MS // 1000
SENT = list(range(1, 9))


def machine_with(make_machine: MakeMachine, chips: int = 1, **settings: Any) -> EmulatedMachine:
    return make_machine(chips, quantum=20, conditions=Conditions(congestion=True, **settings))


def sender(first: int = 1, last: int = 8) -> bytes:
    program = Program()
    for key in range(first, last + 1):
        send_when_free(program, key)
    return program.sleep().image()


def keys(machine: EmulatedMachine, chip: tuple[int, int] = (0, 0)) -> list[int]:
    """Those that the receiver has stored."""
    found = [word(machine, RESULT + 4 * index, chip) for index in range(40)]
    return [key for key in found if key]


def beside_one_that_sleeps(machine: EmulatedMachine) -> None:
    """Core 1 sends to core 3, which reads what comes, and core 2, which never does."""
    route(machine, (0, 0), 1 << CORE + 2 | 1 << CORE + 3, key=0, mask=0)
    start(machine, Program().sleep().image(), 2)
    start(machine, receiver(RESULT), 3)
    start(machine, sender(), 1)


def registers(machine: EmulatedMachine, address: int, count: int) -> tuple[int, ...]:
    return struct.unpack(f"<{count}I", machine.monitors[0, 0].chip.read(address, 4 * count))


def test_nothing_is_lost_on_the_way_to_cores_that_read(make_machine: MakeMachine) -> None:
    machine = machine_with(make_machine)
    route(machine, (0, 0), 1 << CORE + 3, key=0, mask=0)
    start(machine, receiver(RESULT), 3)
    start(machine, sender(), 1)
    machine.run(CYCLES_PER_MS)
    assert keys(machine) == SENT
    assert machine.packets.dropped == 0
    assert counters(machine)[0] == len(SENT)


def test_a_core_that_does_not_read_costs_all_receivers_their_packets(
        make_machine: MakeMachine) -> None:
    machine = machine_with(make_machine)
    beside_one_that_sleeps(machine)
    machine.run(CYCLES_PER_MS)
    assert keys(machine) == [1]     # core 2 had a place for the first
    assert machine.packets.dropped == counters(machine)[8] == 7
    assert machine.packets.longest_wait == pytest.approx(1.8, abs=0.1)
    fault = machine.new_faults()[0]
    assert (fault.kind, fault.core, fault.address) == (FaultKind.PACKET_DROPPED, 2, 2)
    header, key, _, outputs, status = registers(machine, DUMP, 5)
    assert (header, key, outputs) == (FROM_A_CORE, 2, 1 << CORE + 2)
    assert status == 3 << 30 | 1 << CORE + 2    # there were more since
    assert registers(machine, DUMP + 16, 1) == (0,)     # reading it has cleared it


def test_or_only_its_own(make_machine: MakeMachine) -> None:
    machine = machine_with(make_machine, partial_drops=True)
    beside_one_that_sleeps(machine)
    machine.run(CYCLES_PER_MS)
    assert keys(machine) == SENT
    assert machine.packets.dropped == 7


@pytest.mark.parametrize("settings, field, wait", [
    ({}, 0x40, 1.8), ({}, 0x4F, 3.6), ({}, 0x62, 8.64), ({"router_patience": 0.5}, 0x4F, 1.8)])
def test_routers_wait_as_their_register_says(make_machine: MakeMachine, settings: dict[str, Any],
                                             field: int, wait: float) -> None:
    # 0x4F: (15 + 16 - 1) 2^4 = 480; 0x62: (2 + 16) 2^6 = 1152
    machine = machine_with(make_machine, **settings)
    machine.monitors[0, 0].chip.write(CONTROL, struct.pack("<I", 1 | field << 16))
    beside_one_that_sleeps(machine)
    machine.run(CYCLES_PER_MS)
    assert machine.packets.longest_wait == pytest.approx(wait, abs=0.1)
    assert machine.packets.dropped == 7


def test_for_ever_if_it_says_so(make_machine: MakeMachine) -> None:
    machine = machine_with(make_machine)
    machine.monitors[0, 0].chip.write(CONTROL, struct.pack("<I", 1 | 0xFF << 16))
    beside_one_that_sleeps(machine)
    start(machine, sender(9, 30), 1)
    machine.run(CYCLES_PER_MS)
    assert machine.packets.dropped == 0
    status = machine.monitors[0, 0].chip.status(1)
    assert status.sent < 22     # the router is full, and so is the transmitter
    assert status.activity != 0
    assert registers(machine, ROUTER + 4, 1) == (2 << 24,)      # output stage: first wait
    assert machine.new_faults() == []


def test_receivers_with_more_places(make_machine: MakeMachine) -> None:
    machine = machine_with(make_machine, receiver_places=5)
    beside_one_that_sleeps(machine)
    machine.run(CYCLES_PER_MS)
    assert keys(machine) == [1, 2, 3, 4, 5]


def test_dump_interrupts_a_core_that_sends_the_packet_again(make_machine: MakeMachine) -> None:
    """Core 4 does what the reinjector does; core 2 reads from 20 us on."""
    machine = machine_with(make_machine)
    machine.monitors[0, 0].chip.write(CONTROL, struct.pack("<I", 5 | 0x40 << 16))
    route(machine, (0, 0), 1 << CORE + 2 | 1 << CORE + 3, key=0, mask=0)
    late = Program().load(3, 2000).label("loop").subtract(3, 3, 1).branch_not_zero("loop")
    late.load(1, CC).read(2, 1, 0x14).load(3, RESULT + 0x100).store(2, 3)
    late.label("more").read(2, 1, 0x0C).word(0xE3120102).branch("more", 0)  # tst r2, #1 << 31
    late.read(2, 1, 0x14).store(2, 3, 4)
    again = Program().put(VIC + 0x10, 1 << 16).label("next").word(WAIT_FOR_INTERRUPT)
    again.load(1, DUMP).read(2, 1, 0).read(3, 1, 4).read(4, 1, 0x10).load(1, CC)
    again.store(2, 1, 0x18).load(5, 0).store(5, 1).store(3, 1, 8).branch("next")
    start(machine, late.sleep().image(), 2)
    start(machine, receiver(RESULT), 3)
    start(machine, again.image(), 4)
    start(machine, sender(1, 2), 1)
    machine.run(CYCLES_PER_MS)
    assert keys(machine)[:2] == [1, 2]
    assert [word(machine, RESULT + 0x100 + place) for place in (0, 4)] == [1, 2]
    assert machine.packets.dropped > 5      # it came round until core 2 read


def test_links_with_a_rate(make_machine: MakeMachine) -> None:
    machine = machine_with(make_machine, 4, link_rate=0.5)      # a packet in 2 us
    route(machine, (0, 0), 1 << EAST, key=0, mask=0)
    route(machine, (1, 0), 1 << CORE + 3, key=0, mask=0)
    start(machine, receiver(RESULT), 3, chip=(1, 0))
    start(machine, sender(), 1)
    machine.monitors[0, 0].chip.write(CONTROL, struct.pack("<I", 1 | 0xFF << 16))
    machine.run(10 * US)
    assert len(keys(machine, (1, 0))) in (5, 6)
    machine.run(CYCLES_PER_MS)
    assert keys(machine, (1, 0)) == SENT


def test_routers_that_wait_for_each_other_drop(make_machine: MakeMachine) -> None:
    """All cores of two chips send to the other one, and to a core of their own, at once."""
    machine = machine_with(make_machine, 4)
    ends = {(0, 0): EAST, (1, 0): WEST}
    for chip, link in ends.items():
        route(machine, chip, 1 << link | 1 << CORE + 17, key=(link + 1) << 8, mask=0xFF00)
        route(machine, chip, 1 << CORE + 17, key=0, mask=0, entry=2)
        start(machine, receiver(RESULT), 17, chip=chip)
        for core in range(1, 17):
            start(machine, sender((link + 1) << 8, ((link + 1) << 8) + 4), core, chip=chip)
    machine.run(CYCLES_PER_MS)
    assert machine.packets.dropped > 0
    assert machine.packets.longest_wait == pytest.approx(1.8, abs=0.1)
    heard = {chip: machine.monitors[chip].chip.status(17).received for chip in ends}
    assert sum(heard.values()) == 2 * 2 * 16 * 5 - 2 * machine.packets.dropped


@pytest.mark.parametrize("congestion", [False, True])
def test_packet_that_pretends_to_come_over_a_link(make_machine: MakeMachine,
                                                  congestion: bool) -> None:
    machine = make_machine(4, quantum=20, conditions=Conditions(congestion=congestion))
    route(machine, (1, 0), 1 << CORE + 3, key=0, mask=0)
    start(machine, receiver(RESULT), 3, chip=(1, 0))
    start(machine, Program().put(CC + 0x18, WEST << 24).put(CC + 8, 5).sleep().image(), 1)
    machine.run(CYCLES_PER_MS)
    assert keys(machine, (1, 0)) == [5]     # straight on


def test_congestion_is_there_from_the_start(machine: EmulatedMachine) -> None:
    with pytest.raises(EmulatorError, match="congestion=True cannot be set on a board that has "
                       "started with congestion=False"):
        machine.set_conditions(Conditions(congestion=True))
