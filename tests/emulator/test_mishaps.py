"""Packets that conditions lose or double: which ones, where, and what is counted.

Core 1 sends keys 1 to 8 to cores 2 and 3, those with an even number with a payload.
"""

from dataclasses import replace
from typing import Any

import pytest

from pynn_eprop.emulator.board import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine, PacketCounts
from pynn_eprop.emulator.layout import CYCLES_PER_MS, SDRAM
from pynn_eprop.errors import EmulatorError
from tests.emulator.assembler import INTERRUPTS_ON, RETURN_FROM_IRQ, Program
from tests.emulator.running import MakeMachine, start, word
from tests.emulator.test_router import CC, CORE, VIC, route

RESULT = SDRAM + 0x01000000
KEPT = 0x1000
STORE_AND_GO_ON = 0xE4843004  # str r3, [r4], #4
ALL = [1, 2, 3, 4, 5, 6, 7, 8]


def receiver(place: int) -> bytes:
    """Stores the keys that come, one behind the other."""
    program = Program().put(VIC + 0x100, 0).put(VIC + 0x200, 0x26).put(VIC + 0x10, 1 << 6)
    program.load(4, place).word(INTERRUPTS_ON).sleep()
    return (program.label("irq").load(1, CC).read(3, 1, 0x14).word(STORE_AND_GO_ON)
            .word(RETURN_FROM_IRQ).image())


def sender() -> bytes:
    program = Program()
    for key in ALL:
        if key % 2 == 0:
            program.put(CC + 4, key)
        program.put(CC + 8, key)
    return program.sleep().image()


def play(machine: EmulatedMachine, chip: tuple[int, int] = (0, 0)) -> list[list[int]]:
    """The keys that cores 2 and 3 of a chip get from core 1 of the same chip."""
    route(machine, chip, 1 << CORE + 2 | 1 << CORE + 3, key=0, mask=0)
    places = {core: RESULT + KEPT * core for core in (2, 3)}
    for core, place in places.items():
        machine.monitors[chip].chip.write(place, bytes(KEPT))
        start(machine, receiver(place), core, chip=chip)
    start(machine, sender(), 1, chip=chip)
    machine.run(machine.now + CYCLES_PER_MS)
    keys = {core: [word(machine, place + 4 * index, chip) for index in range(20)]
            for core, place in places.items()}
    return [[key for key in keys[core] if key] for core in (2, 3)]


@pytest.mark.parametrize("settings, second, third, counts", [
    ({}, ALL, ALL, (0, 0, 0)),
    ({"lose_packet": 3, "packet_core": (0, 0, 2)}, [1, 2, 4, 5, 6, 7, 8], ALL, (8, 1, 0)),
    ({"lose_packet": 3, "packet_core": (0, 0, 2), "packet_kind": "payload"},
     [1, 2, 3, 4, 5, 7, 8], ALL, (4, 1, 0)),
    ({"lose_packet": 3, "packet_core": (0, 0, 3), "packet_kind": "plain"},
     ALL, [1, 2, 3, 4, 6, 7, 8], (4, 1, 0)),
    ({"lose_every": 3, "packet_core": (0, 0, 2)}, [1, 2, 4, 5, 7, 8], ALL, (8, 2, 0)),
    # a packet comes to core 2 first, then to core 3: the third delivery is that of key 2
    ({"lose_packet": 3}, [1, 3, 4, 5, 6, 7, 8], ALL, (16, 1, 0)),
    ({"lose_packet": 3, "packet_place": "sender"}, *[[1, 2, 4, 5, 6, 7, 8]] * 2, (8, 1, 0)),
    ({"double_packet": 3, "packet_core": (0, 0, 2)}, [1, 2, 3, *ALL[2:]], ALL, (8, 0, 1)),
    ({"double_every": 4, "packet_place": "sender", "packet_core": (0, 0, 1)},
     *[[1, 2, 3, 4, 4, 5, 6, 7, 8, 8]] * 2, (8, 0, 2)),
    ({"lose_packet": 3, "double_every": 3, "packet_core": (0, 0, 2)},
     [1, 2, 4, 5, 6, 6, 7, 8], ALL, (8, 1, 1)),
    ({"lose_every": 1, "packet_place": "sender", "packet_core": (0, 0, 2)}, ALL, ALL, (0, 0, 0)),
    ({"lose_every": 1, "packet_core": (0, 0)}, [], [], (16, 16, 0)),
])
def test_which_packets(make_machine: MakeMachine, settings: dict[str, Any], second: list[int],
                       third: list[int], counts: tuple[int, int, int]) -> None:
    machine = make_machine(conditions=Conditions(**settings))
    assert play(machine) == [second, third]
    assert machine.packets == PacketCounts(*counts)
    assert machine.new_faults() == []


def test_one_chip_only(make_machine: MakeMachine) -> None:
    machine = make_machine(4, conditions=Conditions(lose_every=1, packet_core=(0, 1)))
    assert play(machine, (0, 0)) == [ALL, ALL]
    assert play(machine, (0, 1)) == [[], []]
    assert machine.packets == PacketCounts(16, 16, 0)


def test_conditions_that_change_count_from_their_change(machine: EmulatedMachine) -> None:
    conditions = Conditions(lose_packet=8, packet_core=(0, 0, 2))
    assert play(machine) == [ALL, ALL]
    machine.set_conditions(conditions)
    assert play(machine) == [ALL[:-1], ALL]
    machine.set_conditions(replace(conditions, lose_packet=1))
    assert play(machine) == [ALL[1:], ALL]
    assert machine.packets == PacketCounts(8, 1, 0)


def test_board_says_what_was_lost() -> None:
    board = Board(chips=1, conditions=Conditions(lose_every=4))
    try:
        play(board.machine)
        assert board.packets() == PacketCounts(16, 4, 0)
        assert "4 packets of 16 were lost and 0 doubled" in str(board.status())
        board.set_conditions(Conditions())
        assert board.packets() == PacketCounts(0, 0, 0)
    finally:
        board.close()


def test_chip_that_does_not_exist(make_machine: MakeMachine) -> None:
    with pytest.raises(EmulatorError, match=r"packet_core=\(2, 0\): there is no chip \(2, 0\); "
                       r"choose one of \(0, 0\)"):
        make_machine(4, conditions=Conditions(packet_core=(2, 0)))
