"""Cores: instruction counts, timers, interrupts, sleep, DMA and exceptions.

Expected values come from the architecture (ARM ARM, ARMv5TE: return addresses and modes of
exceptions) and the chip's data sheet (registers), or are counted by hand in the program.
"""

from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.faults import FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM, SDRAM
from pynn_eprop.emulator.library import NEVER, lib
from tests.emulator.assembler import (
    INTERRUPTS_ON,
    NOP,
    RETURN_FROM_IRQ,
    SVC,
    UNDEFINED,
    WAIT_FOR_INTERRUPT,
    Program,
)
from tests.emulator.running import MakeMachine, start, word

RESULT = SDRAM + 0x01000000
VIC = 0x1F000000
TIMER = 0x11000000
DMA = 0x30000000
CC = 0x10000000
TICK = 20_000


def with_timer(program: Program, period: int = TICK) -> Program:
    """Set timer 1 to interrupt through vector slot 0."""
    return (program.put(VIC + 0x100, 0x7000).put(VIC + 0x200, 0x20 | 4).put(VIC + 0x10, 1 << 4)
            .put(TIMER + 0x00, period).put(TIMER + 0x08, 0xE2).word(INTERRUPTS_ON))


def timer_program(body: int = 0, period: int = TICK) -> Program:
    """Counts ticks at RESULT; each interrupt runs a loop of 2 instructions ``body`` times."""
    program = with_timer(Program(), period).sleep()
    program.label("irq").load(1, RESULT).read(2, 1).add(2, 2, 1).store(2, 1)
    if body:
        program.load(3, body).label("loop").subtract(3, 3, 1).branch_not_zero("loop")
    return (program.load(1, TIMER).store(1, 1, 0x0C).load(1, VIC).read(2, 1, 0x30)
            .store(2, 1, 0x30).word(RETURN_FROM_IRQ))


def test_instructions_are_counted_exactly(machine: EmulatedMachine) -> None:
    # one load, 1000 times a subtraction and a branch, then sleep (one instruction)
    program = Program().load(0, 1000).label("loop").subtract(0, 0, 1).branch_not_zero("loop")
    start(machine, program.sleep().image())
    machine.run(CYCLES_PER_MS)
    status = machine.monitors[0, 0].chip.status(1)
    branch_to_start = 1
    assert status.instructions == branch_to_start + 1 + 2 * 1000 + 1
    assert status.activity == lib.EMU_ASLEEP
    assert machine.instructions == status.instructions


def test_timer_interrupts_come_in_time(machine: EmulatedMachine) -> None:
    start(machine, timer_program().image())
    machine.run(10 * TICK + TICK // 2)
    assert word(machine, RESULT) == 10
    status = machine.monitors[0, 0].chip.status(1)
    assert (status.ticks, status.tick_overruns) == (10, 0)


def test_a_timer_counts_on_before_its_interrupt_is_taken(machine: EmulatedMachine) -> None:
    """Raw interrupt and next period are to be seen in code without a branch, too (SP804)."""
    program = Program().put(TIMER, 100).put(TIMER + 0x08, 0xE2).branch("next").label("next")
    program.word(*[NOP] * 120).load(1, TIMER).read(2, 1, 0x04).read(3, 1, 0x10)
    program.load(1, RESULT).store(2, 1).store(3, 1, 4)
    start(machine, program.sleep().image())
    machine.run(CYCLES_PER_MS)
    count, raised = (word(machine, RESULT + place) for place in (0, 4))
    assert (0 < count < 100, raised) == (True, 1)


def test_what_a_timer_did_comes_before_what_is_written_then(machine: EmulatedMachine) -> None:
    """Without a branch, too: what was raised is cleared, and a new period is the next one."""
    program = Program().put(TIMER, 100).put(TIMER + 0x08, 0xE2).branch("next").label("next")
    program.word(*[NOP] * 120).put(TIMER + 0x18, 5000).put(TIMER + 0x0C, 1)
    program.load(1, TIMER).read(2, 1, 0x04).read(3, 1, 0x10)
    program.load(1, RESULT).store(2, 1).store(3, 1, 4)
    start(machine, program.sleep().image())
    machine.run(CYCLES_PER_MS)
    count, raised = (word(machine, RESULT + place) for place in (0, 4))
    assert (0 < count < 100, raised) == (True, 0)


def test_instructions_of_a_tick(machine: EmulatedMachine) -> None:
    start(machine, timer_program(body=500).image())
    machine.run(20 * TICK)
    status = machine.monitors[0, 0].chip.status(1)
    handler = 1 + 4 + 1 + 2 * 500 + 5 + 1  # vector, count, loop, registers, return
    back_to_sleep = 2
    assert status.tick_last == handler + back_to_sleep
    assert status.tick_most == status.tick_last


def test_time_without_events_is_skipped(machine: EmulatedMachine) -> None:
    start(machine, timer_program().image())
    machine.run(10_000 * TICK)  # 1 s of the chip in a fraction of one
    status = machine.monitors[0, 0].chip.status(1)
    assert status.ticks in (9999, 10_000)
    assert status.instructions + status.idle == status.now
    assert status.instructions < 20 * status.ticks


def test_nothing_to_do_for_ever(machine: EmulatedMachine) -> None:
    assert machine.next_event == NEVER
    start(machine, Program().sleep().image())
    machine.run(CYCLES_PER_MS)
    assert machine.next_event == NEVER


def test_a_tick_that_takes_too_long_is_reported(machine: EmulatedMachine) -> None:
    start(machine, timer_program(body=TICK).image())
    machine.run(10 * TICK)
    status = machine.monitors[0, 0].chip.status(1)
    assert status.tick_overruns > 0
    fault = next(fault for fault in machine.new_faults())
    assert fault.kind is FaultKind.TICK_OVERRUN
    assert TICK - 10 <= fault.address <= TICK + 10
    assert "tick overrun" in str(fault)


def test_fast_interrupt_beats_the_other(machine: EmulatedMachine) -> None:
    # both timers fire together; timer 2 is chosen as the fast one
    program = Program().load(8, RESULT)
    (program.put(VIC + 0x100, 0).put(VIC + 0x200, 0x24).put(VIC + 0x0C, 1 << 5)
     .put(VIC + 0x10, 3 << 4).put(TIMER + 0x20, 1000).put(TIMER + 0x28, 0xA3)
     .put(TIMER, 1000).put(TIMER + 8, 0xA3).word(0xE321F013 & ~0x40).sleep())
    program.label("fiq").load(9, RESULT).read(10, 9).add(10, 10, 1).store(10, 9)
    program.read(11, 9, 4).store(11, 9, 8)  # had the slow one run before?
    program.load(9, TIMER).store(9, 9, 0x2C).word(RETURN_FROM_IRQ)
    program.label("irq").load(1, RESULT + 4).load(2, 1).store(2, 1)
    program.load(1, TIMER).store(1, 1, 0x0C).word(RETURN_FROM_IRQ)
    start(machine, program.image())
    machine.run(CYCLES_PER_MS)
    assert [word(machine, RESULT + offset) for offset in (0, 4, 8)] == [1, 1, 0]


def test_sleep_ends_also_with_interrupts_masked(machine: EmulatedMachine) -> None:
    program = (Program().put(VIC + 0x10, 1 << 4).put(TIMER, 1000).put(TIMER + 8, 0xA3)
               .word(WAIT_FOR_INTERRUPT).put(RESULT, 77))
    start(machine, program.put(TIMER + 0x0C, 0).sleep().image())
    machine.run(CYCLES_PER_MS)
    assert word(machine, RESULT) == 77


def test_dma_moves_bytes_both_ways_and_interrupts(machine: EmulatedMachine) -> None:
    machine.monitors[0, 0].chip.write(RESULT, bytes(range(64)))
    program = Program().put(DMA + 0x18, 0x400).put(VIC + 0x10, 1 << 12)
    (program.put(DMA + 4, RESULT).put(DMA + 8, DTCM + 0x100).put(DMA + 0xC, 64)
     .word(WAIT_FOR_INTERRUPT).put(DMA + 0x10, 8)
     .put(DMA + 4, RESULT + 256).put(DMA + 8, DTCM + 0x100).put(DMA + 0xC, 1 << 19 | 64)
     .word(WAIT_FOR_INTERRUPT).put(DMA + 0x10, 8).put(RESULT + 512, 5).sleep())
    start(machine, program.image())
    machine.run(CYCLES_PER_MS)
    chip = machine.monitors[0, 0].chip
    assert chip.read(RESULT + 256, 64) == bytes(range(64))
    assert word(machine, RESULT + 512) == 5
    assert (chip.status(1).dma_transfers, chip.status(1).dma_bytes) == (2, 128)


def exception_program(cause: Program, vector: str) -> Program:
    """Runs a program and stores LR and SPSR of the exception that it causes."""
    return (cause.sleep().label(vector).load(0, RESULT).store(14, 0)
            .word(0xE14F1000).store(1, 0, 4).sleep())  # mrs r1, spsr


def run_exception(machine: EmulatedMachine, cause: Program, vector: str) -> tuple[int, int]:
    start(machine, exception_program(cause, vector).image())
    machine.run(CYCLES_PER_MS)
    return word(machine, RESULT), word(machine, RESULT + 4)


SUPERVISOR = 0xD3


def test_data_abort_returns_to_the_access_plus_8(machine: EmulatedMachine) -> None:
    program = Program().load(5, 0x90000000).word(NOP)
    where = program.here
    link, saved = run_exception(machine, program.read(6, 5), "data_abort")
    assert (link, saved & 0xFF) == (where + 8, SUPERVISOR)
    fault, = machine.new_faults()
    assert (fault.kind, fault.pc, fault.address) == (FaultKind.UNMAPPED_READ, where, 0x90000000)


def test_store_to_nowhere(machine: EmulatedMachine) -> None:
    program = Program().load(5, 0x90000004)
    where = program.here
    link, _ = run_exception(machine, program.store(6, 5), "data_abort")
    assert link == where + 8
    fault, = machine.new_faults()
    assert (fault.kind, fault.pc) == (FaultKind.UNMAPPED_WRITE, where)


def test_jump_to_nowhere(machine: EmulatedMachine) -> None:
    program = Program().load(5, 0x00300000).word(0xE12FFF15)  # bx r5
    link, _ = run_exception(machine, program, "prefetch_abort")
    assert link == 0x00300000 + 4
    assert machine.new_faults()[0].kind is FaultKind.UNMAPPED_FETCH


def test_undefined_instruction(machine: EmulatedMachine) -> None:
    program = Program().word(NOP)
    where = program.here
    link, _ = run_exception(machine, program.word(UNDEFINED), "undefined")
    assert link == where + 4
    fault, = machine.new_faults()
    assert (fault.kind, fault.pc) == (FaultKind.UNDEFINED, where)


def test_supervisor_call(machine: EmulatedMachine) -> None:
    program = Program().word(NOP)
    where = program.here
    link, saved = run_exception(machine, program.word(SVC), "svc")
    assert (link, saved & 0xFF) == (where + 4, SUPERVISOR)
    assert machine.new_faults() == []


def test_restart_gives_a_clean_core(machine: EmulatedMachine) -> None:
    start(machine, timer_program().image())
    machine.run(10 * TICK)
    start(machine, Program().put(RESULT, 3).sleep().image())
    machine.run(machine.now + 10 * TICK)
    status = machine.monitors[0, 0].chip.status(1)
    assert (word(machine, RESULT), status.ticks, status.irqs) == (3, 0, 0)


def test_threads_and_slices_do_not_change_a_chip(make_machine: MakeMachine) -> None:
    figures = []
    for threads in (1, 2):
        machine = make_machine(4, threads=threads)
        for chip in machine.monitors:
            start(machine, timer_program(body=300).image(), 1, 2, chip=chip)
        machine.run(50 * TICK)
        figures.append([(status.instructions, status.now, status.irqs)
                        for monitor in machine.monitors.values() for core in (1, 2)
                        for status in [monitor.chip.status(core)]])
    assert figures[0] == figures[1]


def test_a_run_may_end_within_a_slice(machine: EmulatedMachine) -> None:
    machine.run(12_345, exactly=True)
    assert machine.now == 12_345
    machine.run(12_346)
    assert machine.now == 14_000  # whole slices of 2000


def test_a_packet_from_outside_arrives_at_its_cycle(machine: EmulatedMachine) -> None:
    """The program sleeps until one comes and stores key, status and payload."""
    program = Program().put(VIC + 0x10, 1 << 24).load(1, RESULT).load(2, CC)
    for place in (0, 12):
        (program.word(WAIT_FOR_INTERRUPT).read(3, 2, 0x0C).read(4, 2, 0x10).read(5, 2, 0x14)
         .store(5, 1, place).store(3, 1, place + 4).store(4, 1, place + 8))
    start(machine, program.sleep().image())
    machine.run(777, exactly=True)
    chip = machine.monitors[0, 0].chip
    chip.packet(1, 0x1234, 99)
    machine.run(10 * TICK)
    assert chip.status(1).idle < 777
    chip.packet(1, 0x4321)
    machine.run(20 * TICK)
    received, with_payload = 1 << 31, 1 << 17
    assert [word(machine, RESULT + offset) for offset in range(0, 24, 4)] == [
        0x1234, received | with_payload, 99, 0x4321, received, 0]
    assert chip.status(1).received == 2


def test_a_run_may_end_at_any_instruction(make_machine: MakeMachine) -> None:
    """100 instructions without a branch: one block, or 100 of them."""
    stops = []
    for every in (False, True):
        machine = make_machine(every_instruction=every)
        program = Program()
        begin = program.here
        start(machine, program.word(*[NOP] * 100).sleep().image())
        machine.run(38, exactly=True)
        stops.append((machine.monitors[0, 0].chip.status(1).pc - begin) // 4)
        machine.run(CYCLES_PER_MS)
        assert machine.monitors[0, 0].chip.status(1).instructions == 1 + 100 + 1
    # one block goes to its end, the sleep; the first instruction is the branch at address 0
    assert stops == [101, 37]
