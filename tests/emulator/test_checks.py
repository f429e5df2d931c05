"""Checks that a chip would make, or that help a developer: each says core, place and symbol."""

from pathlib import Path

import pytest

from pynn_eprop.emulator import faults
from pynn_eprop.emulator.emulated_machine import EmulatedMachine, PacketCounts
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM, SDRAM
from pynn_eprop.emulator.status import LISTED, BoardStatus
from pynn_eprop.emulator.symbols import Symbols
from pynn_eprop.errors import ImageError
from tests.emulator.assembler import NOP, WAIT_FOR_INTERRUPT, Program
from tests.emulator.elf import elf_file
from tests.emulator.running import MakeMachine, start, word
from tests.emulator.test_cores import DMA, RESULT, TICK, VIC, timer_program

CC = 0x10000000
CODE_TOP, STACK_SIZE, STACK_TOP, STACK_FILL = 0x48, 0x44, 0x50, 0x54


def faults_of(machine: EmulatedMachine, program: Program, table: dict[int, int] | None = None,
              milliseconds: int = 1) -> list[Fault]:
    start(machine, program.image(table), 3)
    machine.run(machine.now + milliseconds * CYCLES_PER_MS)
    return machine.new_faults()


def test_unaligned_access_with_every_access_checked(make_machine: MakeMachine) -> None:
    machine = make_machine(every_access=True)
    program = Program().load(5, DTCM + 2).word(NOP)
    where = program.here
    program.read(6, 5).sleep().label("data_abort").put(RESULT, 1).sleep()
    fault, = faults_of(machine, program)
    assert (fault.kind, fault.core, fault.pc, fault.address) == (
        FaultKind.UNALIGNED, 3, where, DTCM + 2)
    assert word(machine, RESULT) == 1  # the core took the exception


def test_unaligned_access_without(machine: EmulatedMachine) -> None:
    """The interpreter always finds it; libunicorn lets it pass."""
    found = faults_of(machine, Program().load(5, DTCM + 2).read(6, 5).sleep()
                      .label("data_abort").sleep())
    always = machine.options.engine == "interpreter"
    assert [fault.kind for fault in found] == [FaultKind.UNALIGNED] * always


@pytest.mark.parametrize("instruction", ["word", "half"])
def test_aligned_accesses_are_not_reported(make_machine: MakeMachine, instruction: str) -> None:
    program = Program().load(5, DTCM + (4 if instruction == "word" else 2))
    program = program.read(6, 5) if instruction == "word" else program.read_half(6, 5)
    assert faults_of(make_machine(every_access=True), program.sleep()) == []


def test_write_into_the_program(machine: EmulatedMachine) -> None:
    # the program claims to reach to 0x4000: pages above the first, with the vectors, are guarded
    program = Program().load(5, 0x3000).word(NOP)
    where = program.here
    program.store(6, 5).sleep().label("data_abort").sleep()
    fault, = faults_of(machine, program, {CODE_TOP: 0x4000})
    assert (fault.kind, fault.pc, fault.address) == (FaultKind.CODE_WRITE, where, 0x3000)


def test_write_into_the_first_page_with_every_access_checked(make_machine: MakeMachine) -> None:
    fault, = faults_of(make_machine(every_access=True), Program().put(0x200, 1).sleep(),
                       {CODE_TOP: 0x400})
    assert (fault.kind, fault.address) == (FaultKind.CODE_WRITE, 0x200)


def test_vectors_may_be_written(make_machine: MakeMachine) -> None:
    assert faults_of(make_machine(every_access=True), Program().put(0x3C, 1).sleep(),
                     {CODE_TOP: 0x400}) == []


@pytest.mark.parametrize("system, tcm", [(0x50000000, DTCM), (SDRAM, 0x00500000),
                                         (SDRAM + (128 << 20) - 32, DTCM)])
def test_dma_to_nowhere(machine: EmulatedMachine, system: int, tcm: int) -> None:
    fault, = faults_of(machine, Program().put(DMA + 4, system).put(DMA + 8, tcm)
                       .put(DMA + 0xC, 64).sleep())
    assert fault.kind is FaultKind.DMA_ADDRESS
    assert fault.address == (tcm if system == SDRAM else system)


def test_third_dma_transfer(machine: EmulatedMachine) -> None:
    program = Program().put(DMA + 4, SDRAM).put(DMA + 8, DTCM)
    for _ in range(3):
        program.put(DMA + 0xC, 1024)
    assert [fault.kind for fault in faults_of(machine, program.sleep())] == [
        FaultKind.DMA_OVERFLOW]


def test_stack_overflow(machine: EmulatedMachine) -> None:
    top, size, fill = DTCM + 0x8000, 0x1000, 0xDEADDEAD
    table = {STACK_TOP: top, STACK_SIZE: size << 16, STACK_FILL: fill}
    program = (Program().put(top - size, fill).word(WAIT_FOR_INTERRUPT).sleep())
    assert faults_of(machine, program, table) == []
    program = Program().put(top - size, 1).sleep()
    fault, = faults_of(machine, program, table)
    assert (fault.kind, fault.address) == (FaultKind.STACK_OVERFLOW, top - size)


def test_register_that_is_not_modelled(machine: EmulatedMachine) -> None:
    fault, = faults_of(machine, Program().put(DMA + 0x180, 0).sleep())
    assert (fault.kind, fault.address) == (FaultKind.UNKNOWN_REGISTER, DMA + 0x180)


def test_packets_that_a_core_does_not_drain(machine: EmulatedMachine) -> None:
    chip = machine.monitors[0, 0].chip
    for register, value in ((0x4000, 1 << 6 + 2), (0x8000, 0x1234), (0xC000, 0xFFFFFFFF)):
        chip.write(0xE1000000 + register, value.to_bytes(4, "little"))
    start(machine, Program().sleep().image(), 2)  # never reads its receiver
    sender = Program().load(1, CC).load(2, 0x1234).store(2, 1, 8)
    sender.load(3, CYCLES_PER_MS).label("wait").subtract(3, 3, 1).branch_not_zero("wait")
    sender.store(2, 1, 8).store(2, 1, 8).sleep()
    start(machine, sender.image(), 1)
    machine.run(10 * CYCLES_PER_MS)
    status = chip.status(2)
    assert (status.received, status.dropped) == (1, 2)
    fault = machine.new_faults()[0]
    assert (fault.kind, fault.core, fault.address) == (FaultKind.PACKET_DROPPED, 2, 0x1234)


def test_findings_are_kept_within_bounds(machine: EmulatedMachine) -> None:
    program = Program().load(2, 100_000).load(1, VIC).label("loop").read(3, 1, 0x80)
    program.subtract(2, 2, 1).branch_not_zero("loop").sleep()
    found = faults_of(machine, program, milliseconds=10)
    assert len(found) == 16  # of one kind on one core
    assert machine.monitors[0, 0].chip.status(3).faults[FaultKind.UNKNOWN_REGISTER] == 100_000


def test_symbol_of_a_known_program(machine: EmulatedMachine, tmp_path: Path) -> None:
    program = Program().word(NOP, NOP)
    faulty = program.here
    program.load(5, 0x90000000).read(6, 5).sleep().label("data_abort").sleep()
    memory = program.assemble()
    path = elf_file(tmp_path / "program.elf", memory, {"before": 0x80, "faulty": faulty})
    machine.faults.add_programs([path])
    fault, = faults_of(machine, program)
    assert fault.symbol == "faulty+0x4"
    assert "in faulty+0x4" in str(fault)


def test_instructions_by_function(make_machine: MakeMachine, tmp_path: Path) -> None:
    from pynn_eprop.emulator.status import function_profile

    machine = make_machine(profile=True)
    program = Program().load(0, 1000)
    loop = program.here
    program.label("loop").subtract(0, 0, 1).branch_not_zero("loop").sleep()
    path = elf_file(tmp_path / "program.elf", program.assemble(), {"begin": 0, "count": loop})
    machine.faults.add_programs([path])
    start(machine, program.image())
    machine.run(CYCLES_PER_MS)
    # the first pass belongs to the block that begins before the loop
    assert function_profile(machine, 0, 0, 1) == {"count": 2 * 999 + 1, "begin": 1 + 1 + 2}


def test_instructions_by_function_need_the_option(machine: EmulatedMachine) -> None:
    from pynn_eprop.emulator.status import function_profile
    from pynn_eprop.errors import EmulatorError

    start(machine, timer_program().image())
    with pytest.raises(EmulatorError, match="profile=True"):
        function_profile(machine, 0, 0, 1)


@pytest.mark.parametrize("content", [b"", b"#!/bin/sh", b"\x7fELF\x01\x01" + bytes(60),
                                     b"\x7fELF\x01\x01" + b"\xff" * 60])
def test_no_elf_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "program.elf"
    path.write_bytes(content)
    if content[:6] == b"\x7fELF\x01\x01" and content[10] == 0:
        assert Symbols.read(path).names == ()
        return
    with pytest.raises(ImageError, match=r"program\.elf"):
        Symbols.read(path)


def test_overruns_leave_room_for_other_findings(machine: EmulatedMachine,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind has room of its own; a network that learns has many overruns, by design."""
    monkeypatch.setattr(faults, "KEPT", 1)
    start(machine, timer_program(body=2 * TICK).image(), 1)
    start(machine, Program().load(5, 0xD0000000).read(6, 5).sleep()
          .label("data_abort").sleep().image(), 3)
    machine.run(machine.now + 10 * TICK)
    assert machine.monitors[0, 0].chip.status(1).tick_overruns > 1
    assert sorted(fault.kind for fault in machine.new_faults()) == [
        FaultKind.UNMAPPED_READ, FaultKind.TICK_OVERRUN]


def test_the_text_of_a_status_has_overruns_in_one_line() -> None:
    def fault(kind: FaultKind, time: float) -> Fault:
        return Fault(kind, 0, 0, 3, "program", time, 16, 7)

    found = [fault(FaultKind.TICK_OVERRUN, float(time)) for time in range(5)] + [
        fault(FaultKind.UNALIGNED, float(time)) for time in range(LISTED + 2)]
    status = BoardStatus(1, ("127.0.0.2",), 1.0, 1, 1.0, PacketCounts(0, 0, 0, 0, 0), faults=found)
    _, *lines = str(status).splitlines()
    assert lines[:LISTED] == list(map(str, found[5:5 + LISTED]))
    assert lines[LISTED] == "... and 2 more findings"
    assert lines[LISTED + 1].endswith(f"by design: 5 or more, the first at {found[0]}")
    assert len(lines) == LISTED + 2
