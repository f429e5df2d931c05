"""The DMA controller's status under the conditions, and what its transfers must be aligned to."""

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM, SDRAM
from tests.emulator.assembler import NOP, Program
from tests.emulator.running import MakeMachine, start, word
from tests.emulator.test_cores import DMA, RESULT

SYSTEM, TCM, DESCRIPTION, CONTROL, STATUS = DMA + 4, DMA + 8, DMA + 0xC, DMA + 0x10, DMA + 0x14
DOUBLE_WORDS = 1 << 24
IN_WORK, DONE, SECOND_DONE = 1, 1 << 10, 1 << 11
CLEAR_DONE = 8


def transfer(program: Program, system: int = SDRAM, tcm: int = DTCM, length: int = 64,
             wide: bool = True) -> Program:
    return (program.put(SYSTEM, system).put(TCM, tcm)
            .put(DESCRIPTION, length | (DOUBLE_WORDS if wide else 0)))


def wait(program: Program, times: int = 1000) -> Program:
    """So many times two instructions, in which transfers end."""
    name = f"wait{program.here}"
    return program.load(3, times).label(name).subtract(3, 3, 1).branch_not_zero(name)


def keep_status(program: Program, place: int) -> Program:
    return program.load(8, STATUS).read(9, 8).load(8, RESULT + 4 * place).store(9, 8)


def statuses(make_machine: MakeMachine, program: Program, count: int, **conditions: object
             ) -> list[int]:
    machine = make_machine(conditions=Conditions(**conditions))  # type: ignore[arg-type]
    start(machine, program.sleep().image())
    machine.run(machine.now + CYCLES_PER_MS)
    return [word(machine, RESULT + 4 * place) & 0xFFFFFF for place in range(count)]


@pytest.mark.parametrize("clear, expected", [
    ("one", [DONE | SECOND_DONE, DONE, 0]), ("both", [DONE | SECOND_DONE, 0, 0]),
    ("first", [DONE | SECOND_DONE, SECOND_DONE, 0])])
def test_clears_when_two_transfers_are_done(make_machine: MakeMachine, clear: str,
                                            expected: list[int]) -> None:
    program = wait(transfer(transfer(Program())))
    for place in range(3):
        keep_status(program, place).put(CONTROL, CLEAR_DONE)
    assert statuses(make_machine, program, 3, dma_clear=clear) == expected


@pytest.mark.parametrize("clear", ["one", "both", "first"])
def test_one_transfer_at_a_time_is_the_same_for_all(make_machine: MakeMachine, clear: str) -> None:
    program = Program()
    for place in (0, 3):
        keep_status(transfer(program), place)
        keep_status(wait(program), place + 1)
        keep_status(program.put(CONTROL, CLEAR_DONE), place + 2)
    assert statuses(make_machine, program, 6, dma_clear=clear) == 2 * [IN_WORK, DONE, 0]


def test_status_is_stale_after_a_start_and_after_a_clear(make_machine: MakeMachine) -> None:
    # a transfer of 64 bytes is over before the 500 cycles, in which it never shows
    program = keep_status(transfer(Program()), 0)
    keep_status(wait(program, 200), 1)
    keep_status(wait(program, 100), 2).put(CONTROL, CLEAR_DONE)
    keep_status(program, 3)
    keep_status(wait(program, 300), 4)
    assert statuses(make_machine, program, 5, dma_stale_cycles=500) == [0, 0, DONE, DONE, 0]


def found(make_machine: MakeMachine, program: Program, **conditions: object) -> list[Fault]:
    machine = make_machine(conditions=Conditions(**conditions))  # type: ignore[arg-type]
    start(machine, program.sleep().image(), 3)
    machine.run(machine.now + CYCLES_PER_MS)
    return machine.new_faults()


@pytest.mark.parametrize("system, tcm, length, wrong", [
    (SDRAM + 2, DTCM, 64, SDRAM + 2), (SDRAM, DTCM + 1, 64, DTCM + 1), (SDRAM, DTCM, 62, 62)])
def test_transfers_of_parts_of_words_are_found(make_machine: MakeMachine, system: int, tcm: int,
                                               length: int, wrong: int) -> None:
    fault, = found(make_machine, transfer(Program(), system, tcm, length))
    assert (fault.kind, fault.core, fault.address) == (FaultKind.DMA_ALIGNMENT, 3, wrong)


@pytest.mark.parametrize("system, tcm, length", [
    (SDRAM + 4, DTCM, 64), (SDRAM, DTCM + 4, 64), (SDRAM, DTCM, 60)])
def test_half_a_double_word_is_found_if_asked_for(make_machine: MakeMachine, system: int, tcm: int,
                                                  length: int) -> None:
    """The official interface promises that multiples of words will do."""
    assert found(make_machine, transfer(Program(), system, tcm, length)) == []
    fault, = found(make_machine, transfer(Program(), system, tcm, length), dma_aligned_to_8=True)
    assert fault.kind is FaultKind.DMA_ALIGNMENT
    assert found(make_machine, transfer(Program(), system, tcm, length, wide=False),
                 dma_aligned_to_8=True) == []


@pytest.mark.parametrize("instruction", [0xE1C560D0, 0xE1C560F0], ids=["ldrd", "strd"])
@pytest.mark.parametrize("address", [DTCM, DTCM + 4])
def test_double_words_of_the_core(make_machine: MakeMachine, instruction: int,
                                  address: int) -> None:
    """ARMv5TE: unpredictable unless aligned to 8. libunicorn lets them pass."""
    machine = make_machine()
    program = Program().load(5, address).word(NOP)
    where = program.here
    program.word(instruction).put(RESULT, 1).sleep().label("data_abort").put(RESULT, 2).sleep()
    start(machine, program.image(), 3)
    machine.run(CYCLES_PER_MS)
    faults = [(fault.kind, fault.pc, fault.address) for fault in machine.new_faults()]
    aborts = address % 8 != 0 and machine.options.engine == "interpreter"
    assert faults == ([(FaultKind.UNALIGNED, where, address)] if aborts else [])
    assert word(machine, RESULT) == (2 if aborts else 1)
