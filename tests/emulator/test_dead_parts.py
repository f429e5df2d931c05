"""Machines with dead parts and physical core numbers: what monitors report and cores see.

Expected is what SC&MP of spinnaker_tools 3.4 does (scamp-3.c: assign_virt_cpu, scamp-cmd.c:
cmd_info, sark_hw.c: rtr_mc_set): dead cores have no virtual number, interrupts and routes in the
router's registers go by physical numbers, the copy of the routes and barrier flags by virtual ones.
"""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.emulator.conditions import Conditions, read_conditions
from pynn_eprop.emulator.dead_parts import core_numbers, routes_to, without_dead
from pynn_eprop.emulator.geometry import BOARD_48, geometry
from pynn_eprop.emulator.layout import (
    CORES,
    DTCM,
    ROUTER_P2P,
    ROUTER_ROUTE,
    SDRAM,
    SV,
    CpuState,
    Signal,
    Sv,
    Vcpu,
)
from pynn_eprop.emulator.refusal import ReturnCode
from pynn_eprop.errors import EmulatorError
from tests.emulator.assembler import Program
from tests.emulator.running import APPLICATION, MakeMachine, start, word
from tests.emulator.test_commands import INFO, READ, command, done
from tests.emulator.test_router import CORE, KEY, received, receiver, run, sender

RESULT = SDRAM + 0x01000000
DMA_STATUS, SYSTEM = 0x30000014, 0xF2000000
PHYSICAL = Conditions(core_numbers=11, dead_cores=((0, 0, 0), (0, 0, 5)))


@pytest.mark.parametrize("changed, message", [
    ({"dead_chips": ((2, 0),)}, r"dead_chips: the machine has no chip \(2, 0\)"),
    ({"dead_chips": ((0, 0),)}, r"dead_chips: chip \(0, 0\) has the Ethernet link"),
    ({"dead_cores": ((0, 3, 1),)}, r"dead_cores: the machine has no chip \(0, 3\)"),
    ({"dead_cores": [(1, 1, core) for core in range(17)]}, r"chip \(1, 1\) has no core but its"),
    ({"dead_links": ((0, 0, 3),)}, r"dead_links: chip \(0, 0\) has no link 3"),
    ({"dead_chips": ((0, 1), (1, 1)), "dead_links": ((0, 0, 0), (0, 0, 5), (0, 0, 2))},
     r"leave no way to chip \(1, 0\)"),
])
def test_machines_that_cannot_be(changed: dict[str, Any], message: str,
                                 make_machine: MakeMachine) -> None:
    with pytest.raises(EmulatorError, match=message):
        make_machine(4, conditions=Conditions(**changed))


def test_places_are_read_in_several_forms() -> None:
    assert read_conditions([("dead_chips", (1, 1))]) == Conditions(dead_chips=((1, 1),))
    assert read_conditions([("dead_cores", [[0, 0, 3]])]) == Conditions(dead_cores=((0, 0, 3),))
    for wrong in (3, "all", ((1, 1, 1),), ((1, -1),), ((1, True),), ((1.0, 1),)):
        with pytest.raises(EmulatorError, match=r"must be places \(x, y\), with numbers below 256"):
            read_conditions([("dead_chips", wrong)])


@given(st.sets(st.tuples(st.sampled_from(BOARD_48), st.integers(0, 5)), max_size=30),
       st.sets(st.sampled_from(BOARD_48[1:]), max_size=10))
def test_routes_lead_to_their_chips(links: set, chips: set) -> None:
    """Over working links only, on a board of 48 chips with others that are dead."""
    whole = geometry(48)
    dead = tuple(sorted((*chip, link) for chip, link in links if whole.neighbour(*chip, link)))
    try:
        made = without_dead(whole, Conditions(dead_chips=tuple(sorted(chips)), dead_links=dead))
    except EmulatorError:
        return      # some chip cannot be reached
    assert made.board.keys() == set(BOARD_48) - chips
    for x, y, link in dead:
        assert (x, y) not in made.board or made.neighbour(x, y, link) is None
    for target in ((0, 0), max(made.board)):
        routes = routes_to(made, target)
        assert routes.keys() == made.board.keys() and routes[target] == 7
        for chip in made.board:
            steps = 0
            while chip != target:
                chip, steps = made.neighbour(*chip, routes[chip]), steps + 1
                assert chip is not None and steps < len(made.board)


def test_numbers_of_cores() -> None:
    assert core_numbers(Conditions(), (3, 4)) == list(range(CORES))
    assert core_numbers(Conditions(dead_cores=((0, 0, 2),)), (0, 0)) == [0, 1, *range(3, CORES)]
    found = [core_numbers(PHYSICAL, chip) for chip in ((0, 0), (0, 1), (1, 0))]
    assert sorted(found[0]) == [1, 2, 3, 4, *range(6, CORES)]
    assert sorted(found[1]) == sorted(found[2]) == list(range(CORES))
    assert found[0] != sorted(found[0]) and found[1] != found[2]
    assert core_numbers(PHYSICAL, (0, 0)) == found[0]


def test_what_a_monitor_reports(make_machine: MakeMachine) -> None:
    machine = make_machine(4, conditions=Conditions(
        core_numbers=11, dead_cores=((0, 0, 0), (0, 0, 5)), dead_chips=((1, 1),),
        dead_links=((0, 0, 2),)))
    numbers = core_numbers(PHYSICAL, (0, 0))
    data = done(command(machine, INFO))
    information, = struct.unpack_from("<I", data)
    assert information & 31 == 16
    # 0, 1, 2 and 5 lead to chips, of which 1 to the dead one
    assert geometry(4).links(0, 0) == 0b100111
    assert information >> 8 & 63 == 0b100001
    states = list(data[12:30])
    assert states == [CpuState.RUNNING, *15 * [CpuState.IDLE], *2 * [CpuState.DEAD]]
    assert command(machine, INFO, chip=(1, 1))[0] == ReturnCode.NO_ROUTE
    # tables of 20 bytes each
    maps = done(command(machine, READ, SV + Sv.PHYSICAL_TO_VIRTUAL, 40))
    to_virtual, to_physical = maps[:20], maps[20:]
    assert list(to_physical) == numbers + [255] * 4
    assert [to_virtual[number] for number in numbers] == list(range(16))
    assert {to_virtual[number] for number in (0, 5, 18, 19)} == {255}
    assert done(command(machine, READ, SV + Sv.CPUS, 1)) == b"\x10"
    table = machine.monitors[0, 0].chip
    routes = {(x, y): int.from_bytes(table.read(ROUTER_P2P + 128 * x, 4), "little")
              >> 3 * y & 7 for x in range(2) for y in range(2)}
    assert routes == {(0, 0): 7, (1, 0): 0, (1, 1): 6, (0, 1): 5}    # round the board's edge
    assert command(machine, READ, SDRAM, 4, core=16)[0] == ReturnCode.CPU


def test_cores_and_routers_know_physical_numbers(make_machine: MakeMachine) -> None:
    machine = make_machine(conditions=PHYSICAL)
    monitor, numbers = machine.monitors[0, 0], core_numbers(PHYSICAL, (0, 0))
    program = Program().load(1, DMA_STATUS).read(2, 1).load(1, RESULT).store(2, 1, 16)
    start(machine, program.sleep().image(), 4)
    run(machine)
    assert word(machine, RESULT + 16) >> 24 == numbers[4]
    assert monitor.chip.byte(monitor.chip.vcpu(4, Vcpu.PHYSICAL_CPU)) == numbers[4]
    # a host's entry has virtual cores; so has the copy
    monitor.chip.write(RESULT + 64, struct.pack("<HHIII", 1, 1, 1 << CORE + 2, KEY, 0xFFFFFFFF))
    assert monitor.router.load(RESULT + 64, 1, 1, APPLICATION)
    route = int.from_bytes(monitor.chip.read(ROUTER_ROUTE + 8, 4), "little")
    assert route & 0xFFFFFF == 1 << CORE + numbers[2]
    assert monitor.router.entries()[0] == (2, KEY, 0xFFFFFFFF, 1 << CORE + 2)
    start(machine, receiver(), 2, 3)
    start(machine, sender(), 1)
    run(machine)
    assert [monitor.chip.status(core).received for core in (2, 3)] == [1, 0]
    assert received(machine) == [KEY, 0, 1]


def test_signals_find_cores_by_both_numbers(make_machine: MakeMachine) -> None:
    """A barrier sets the flag of a virtual core and interrupts a physical one."""
    machine = make_machine(conditions=PHYSICAL)
    numbers = core_numbers(PHYSICAL, (0, 0))
    program = Program().put(0x1F000100, 0).put(0x1F000200, 0x20 | 18).put(0x1F000010, 1 << 18)
    program.word(0xE321F013).sleep().label("irq").load(1, RESULT).load(2, SYSTEM)
    program.read(3, 2, 0x58).store(3, 1)
    program.read(3, 2, 0x08).store(3, 1, 4)
    start(machine, program.sleep().image(), 3)
    run(machine)
    machine.monitors[0, 0].signal(Signal.SYNC1, APPLICATION, 0xFF)
    run(machine)
    assert word(machine, RESULT) == 1 << 3
    assert word(machine, RESULT + 4) == 1 << numbers[3]
    assert machine.monitors[0, 0].chip.status(3).irqs == 1


def test_a_core_that_is_to_crash(make_machine: MakeMachine) -> None:
    """At its third tick, into the program's own handler."""
    machine = make_machine(conditions=Conditions(crash_cores=(0, 0, 2), crash_tick=3))
    program = Program().put(0x1F000100, 0).put(0x1F000200, 0x20 | 4).put(0x1F000010, 1 << 4)
    program.put(0x11000000, 20_000).put(0x11000008, 0xE2).word(0xE321F013).sleep()
    program.label("irq").load(1, DTCM).read(2, 1).add(2, 2, 1).store(2, 1)
    program.load(1, 0x11000000).store(1, 1, 0x0C).word(0xE25EF004)
    program.label("undefined").load(1, DTCM).read(2, 1).load(1, RESULT).store(2, 1).sleep()
    start(machine, program.image(), 2, 3)
    run(machine)
    assert word(machine, RESULT) == 2       # ticks before
    assert [machine.monitors[0, 0].chip.status(core).faults[5] for core in (2, 3)] == [1, 0]


def test_what_cannot_change_while_a_machine_runs(make_machine: MakeMachine) -> None:
    machine = make_machine(4)
    machine.set_conditions(Conditions(crash_cores=(0, 0, 2), lost_to_host=0.1))
    for changed in ({"core_numbers": 3}, {"dead_chips": (1, 1)}, {"monitors": True}):
        with pytest.raises(EmulatorError, match=f"condition {next(iter(changed))}=.* cannot be set "
                           "on a board that has started with"):
            machine.set_conditions(Conditions(**changed))
