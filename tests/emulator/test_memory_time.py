"""How long memories, devices and DMA keep cores waiting, if cycles are modelled.

Expected values are those of the conditions (600 MB/s are 3 bytes a cycle) and, for what they do not
say, those that c_models/emulator/memory_time.c gives with their sources.
"""

from collections.abc import Sequence

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.layout import DTCM, SDRAM, SDRAM_UNBUFFERED, SYSRAM_USER
from pynn_eprop.emulator.library import ffi, lib
from tests.emulator.assembler import WAIT_FOR_INTERRUPT, Program
from tests.emulator.running import awake, modelled, start
from tests.emulator.test_cores import CYCLES_PER_MS, DMA, TIMER, VIC

PLACE = 1 << 20
READ, DEVICE, WORD, BUFFER = 30, 4, 10, 4
SETUP, OWN, SHARED = 80, 2, 3
"""Cycles until a transfer's first byte; bytes a cycle of a core's DMA and of SDRAM."""
LDR, STR = 0xE5910000, 0xE5810000       # ldr, str r0, [r1]


def extra(machine: EmulatedMachine, address: int, words: Sequence[int]) -> int:
    """Cycles that accesses to the address in register 1 take longer than to DTCM."""
    there, here = (awake(machine, Program().load(1, where).word(*words))
                   for where in (address, DTCM))
    return there - here


@pytest.mark.parametrize("address, words, expected", [
    (SDRAM + PLACE, (LDR,), READ),
    (SDRAM_UNBUFFERED + PLACE, (LDR, LDR), 2 * READ),
    (SYSRAM_USER, (LDR,), READ),
    (TIMER, (LDR,), DEVICE),
    (0x80, (LDR,), 2),                                      # a word of the program
    (SDRAM_UNBUFFERED + PLACE, (STR,), READ),
    (SDRAM + PLACE, (STR,) * BUFFER, 0),                    # they fit the write buffer
    # all accesses of a block of code are at the time of its end
    (SDRAM + PLACE, (STR,) * (BUFFER + 3), 3 * WORD),
    (SDRAM + PLACE, (STR, LDR), WORD + READ),               # the word goes out first
], ids=lambda value: f"{value:#x}" if isinstance(value, int) and value > 99 else None)
def test_single_words(address: int, words: Sequence[int], expected: int) -> None:
    with modelled() as machine:
        assert extra(machine, address, words) == expected


def transfer(program: Program, size: int) -> Program:
    return (program.put(DMA + 4, SDRAM + PLACE).put(DMA + 8, DTCM + 0x100)
            .put(DMA + 0xC, size))


def ends(machine: EmulatedMachine, sizes: Sequence[int]) -> list[int]:
    """When transfers of cores 1, 2, ... that begin at once end, in cycles since then."""
    for core, size in enumerate(sizes, 1):
        program = transfer(Program().put(DMA + 0x18, 0x400).put(VIC + 0x10, 1 << 12), size)
        start(machine, program.word(WAIT_FOR_INTERRUPT).put(DMA + 0x10, 8).sleep().image(), core)
    chip = machine.monitors[0, 0].chip
    machine.run(1000, exactly=True)
    cores = range(1, 1 + len(sizes))
    begun = {core: chip.status(core).cycles for core in cores}
    assert len(set(begun.values())) == 1 and begun[1] < 1000
    found: dict[int, int] = {}
    while len(found) < len(sizes):
        machine.run(max(machine.next_event, machine.now) + 1, exactly=True)
        for core in cores:
            if chip.status(core).dma_transfers and core not in found:
                found[core] = machine.now - begun[core]
    return [found[core] for core in cores]


def test_a_core_alone_is_limited_by_its_own_controller() -> None:
    with modelled() as machine:
        end, = ends(machine, [6000])
    assert end == pytest.approx(SETUP + 6000 / OWN, abs=20)


def test_without_the_model_transfers_are_as_they_were() -> None:
    with modelled(Conditions()) as machine:
        end, = ends(machine, [6000])
    assert end == pytest.approx(60 + 6000 / 4 * 2, abs=20)


@pytest.mark.parametrize("cores", [2, 5, 17])
def test_cores_share_the_rate_of_sdram(cores: int) -> None:
    """The last one ends when all bytes have passed, but for what its own controller delays it."""
    size = 6000
    with modelled() as machine:
        found = ends(machine, [size] * cores)
    all_bytes = SETUP + size * cores / SHARED
    assert all_bytes <= max(found) <= all_bytes + size / OWN - size / SHARED
    assert min(found) >= SETUP + size / OWN


def timed(size: int) -> bytes:
    """Measures a transfer with the second timer, which it stores at DTCM."""
    program = Program().put(DMA + 0x18, 0x400).put(VIC + 0x10, 1 << 12)
    program.put(TIMER + 0x20, 1 << 20).put(TIMER + 0x28, 0x82)
    transfer(program, size).word(WAIT_FOR_INTERRUPT).put(DMA + 0x10, 8)
    return program.load(1, TIMER).read(0, 1, 0x24).load(2, DTCM).store(0, 2).sleep().image()


def time_taken(machine: EmulatedMachine, core: int) -> int:
    memory = ffi.buffer(lib.emu_dtcm(machine.monitors[0, 0].chip.handle, core), 4)
    return (1 << 20) - int.from_bytes(bytes(memory), "little")


def test_an_early_transfer_does_not_wait_for_later_ones_of_a_core_that_is_emulated_first() -> None:
    """Core 1 does five in the slice of 2000 cycles in which core 2 begins one."""
    size, found = 400, []
    for busy in (False, True):
        with modelled() as machine:
            if busy:
                program = Program()
                for _ in range(5):
                    transfer(program, size).load(1, DMA).label(f"poll {program.here}")
                    poll = f"poll {program.here}"
                    program.read(2, 1, 0x14).word(0xE3120B01).branch(poll, 0x0)
                    program.put(DMA + 0x10, 8)
                start(machine, program.sleep().image(), 1)
            start(machine, timed(size), 2)
            machine.run(2000)
            assert machine.monitors[0, 0].chip.status(1).dma_transfers == 5 * busy
            found.append(time_taken(machine, 2))
    alone, beside = found
    assert SETUP + size / OWN < alone < SETUP + size / OWN + 100    # to begin and to end
    assert beside - alone < size / SHARED + 64


def streams(machine: EmulatedMachine, cores: int, count: int, size: int) -> list[int]:
    """When cores have done so many transfers one after the other, in cycles."""
    program = Program().load(6, count).label("next")
    transfer(program, size).load(1, DMA).label("poll").read(2, 1, 0x14)
    program.word(0xE3120B01).branch("poll", 0x0)            # tst r2, #0x400; beq
    program.put(DMA + 0x10, 8).subtract(6, 6, 1).branch_not_zero("next")
    for core in range(1, 1 + cores):
        start(machine, program.sleep().image() if core == 1 else program.image(), core)
    machine.run(20 * CYCLES_PER_MS)
    return [int(machine.monitors[0, 0].chip.status(core).cycles)
            for core in range(1, 1 + cores)]


def test_streams_of_many_cores_take_turns() -> None:
    cores, count, size = 6, 100, 1024
    with modelled() as machine:
        found = streams(machine, cores, count, size)
        moved = [machine.monitors[0, 0].chip.status(core).dma_bytes
                 for core in range(1, 1 + cores)]
    assert moved == [count * size] * cores
    least = cores * count * size / SHARED
    assert least <= max(found) < 1.05 * least
    assert min(found) > 0.9 * max(found)


def test_a_word_waits_for_one_burst_of_each_other_core_at_most() -> None:
    burst, others = 128, 17
    with modelled() as machine:
        for core in range(2, 14):
            program = transfer(Program(), 32768)
            start(machine, program.sleep().image(), core)
        machine.run(machine.now + 2000)
        assert READ <= extra(machine, SDRAM + PLACE, (LDR,)) <= READ + others * burst / SHARED


@pytest.mark.parametrize("rate", [300, 600])
def test_the_rate_is_a_condition(rate: int) -> None:
    conditions = Conditions(timing="arm968", sdram_mb_s=rate, dma_setup_cycles=0)
    with modelled(conditions) as machine:
        found = ends(machine, [6000, 6000])
    least = 12000 * 200 / rate
    assert least <= max(found) < least + 6000 / OWN - 6000 / SHARED
