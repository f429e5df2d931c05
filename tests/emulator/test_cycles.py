"""Cycles of the ARM968E-S: sequences of instructions with the counts of its manual.

Numbers are those of the ARM9E-S Technical Reference Manual (ARM DDI 0165B, chapter 8; the examples
of interlocks are from page 8-22) and of the ARM9EJ-S (DDI 0222B, table 8.2).
"""

from collections.abc import Iterator
from random import Random

import pytest

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine, Options, PacketCounts
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, DTCM, DTCM_SIZE
from pynn_eprop.emulator.library import ffi, lib
from pynn_eprop.emulator.status import BoardStatus, CoreStatus, function_profile
from pynn_eprop.errors import EmulatorError
from tests.emulator.assembler import INTERRUPTS_OFF, Program
from tests.emulator.random_programs import arm_program, thumb_program
from tests.emulator.running import MODEL, awake, modelled, start
from tests.emulator.test_cores import TICK, timer_program

NOP = 0xE1A08008            # mov r8, r8
ADD_2 = 0xE0802003          # add r2, r0, r3
ADD_4 = 0xE0804005          # add r4, r0, r5
LDR = 0xE5910000            # ldr r0, [r1]
LDRB = 0xE5D10000           # ldrb r0, [r1]
LDRH = 0xE1D100B0           # ldrh r0, [r1]
MUL = 0xE0000392            # mul r0, r2, r3
MLA_INTO = 0xE0220493       # mla r2, r3, r4, r0: accumulates r0
MLA_OTHERS = 0xE0226493     # mla r2, r3, r4, r6
SMULL = 0xE0C06392          # smull r6, r0, r2, r3: low in r6
SMULBB = 0xE1600382         # smulbb r0, r2, r3
QADD = 0xE1020053           # qadd r0, r3, r2


@pytest.fixture(scope="module")
def machine() -> Iterator[EmulatedMachine]:
    """One whose cycles are modelled."""
    with modelled() as made:
        yield made


def cycles(machine: EmulatedMachine, *words: int) -> int:
    """Cycles of a sequence whose registers 1 and 9, and the word there, are an address in DTCM."""
    def program() -> Program:
        return Program().load(1, DTCM).load(9, DTCM).word(0xE5811000, NOP, NOP)

    with_words = awake(machine, program().word(*words, NOP, NOP, NOP))
    return with_words - awake(machine, program().word(NOP, NOP, NOP))


@pytest.mark.parametrize("words, expected", [
    pytest.param((0xE0802003,), 1, id="add"),
    pytest.param((0xE0802183,), 1, id="add, shifted by a constant"),
    pytest.param((0xE0802513,), 2, id="add, shifted by a register"),
    pytest.param((0xE16F0F12,), 1, id="clz"),
    pytest.param((LDR,), 1, id="ldr"),
    pytest.param((LDR, ADD_2), 3, id="ldr, used at once"),
    pytest.param((LDR, NOP, ADD_2), 3, id="ldr, used later"),
    pytest.param((LDR, LDR | 0x00080000), 2, id="ldr, other base"),
    pytest.param((0xE5911000, LDR), 3, id="ldr of the next base"),
    pytest.param((LDRB, ADD_2, ADD_4), 5, id="ldrb, used at once (page 8-22)"),
    pytest.param((LDRH, NOP, ADD_4), 4, id="ldrh, used behind one"),
    pytest.param((LDRB, MUL | 0x00060000, ADD_4), 4, id="ldrb, mul between (page 8-22)"),
    pytest.param((LDR, 0xE5890000), 3, id="ldr, stored at once (page 8-22)"),
    pytest.param((LDR, NOP, 0xE5890000), 3, id="ldr, nop, stored (page 8-22)"),
    pytest.param((LDR, MLA_OTHERS), 3, id="ldr, mla with other operands"),
    pytest.param((LDR, MLA_INTO), 4, id="ldr, accumulated at once (page 8-22)"),
    pytest.param((0xE5919000, 0xE8890006), 4, id="ldr of the base of stm (page 8-22)"),
    pytest.param((LDR, 0xE8890003), 4, id="ldr, first of stm: second-cycle interlock (page 8-22)"),
    pytest.param((0xE5917000, 0xE8890081), 3, id="ldr, second of stm"),
    pytest.param((0xE7910002,), 1, id="ldr, offset in a register"),
    pytest.param((0xE7910102,), 2, id="ldr, scaled offset (DDI 0222B)"),
    pytest.param((0xE7890102,), 2, id="str, scaled offset (DDI 0222B)"),
    pytest.param((0xE8910001,), 2, id="ldm of one"),
    pytest.param((0xE8910001, ADD_2), 3, id="ldm of one, used at once"),
    pytest.param((0xE89100FD,), 7, id="ldm of seven"),
    pytest.param((0xE89100FD, 0xE0802007), 9, id="ldm, the last one used at once"),
    pytest.param((0xE89100FD, 0xE0802006), 8, id="ldm, the last but one used"),
    pytest.param((0xE8890001,), 2, id="stm of one"),
    pytest.param((0xE88900FD,), 7, id="stm of seven"),
    pytest.param((0xE1C160D0,), 2, id="ldrd"),
    pytest.param((0xE1C160D0, 0xE0802006), 3, id="ldrd, the first one used"),
    pytest.param((0xE1C160D0, 0xE0802007), 4, id="ldrd, the last one used"),
    pytest.param((0xE1C960F0,), 2, id="strd"),
    pytest.param((MUL,), 2, id="mul"),
    pytest.param((MUL, ADD_2), 4, id="mul, used at once"),
    pytest.param((MUL, MLA_INTO), 4, id="mul, accumulated at once"),
    pytest.param((MUL, 0xE5890000), 4, id="mul, stored at once"),
    pytest.param((MUL | 1 << 20, ADD_2), 5, id="muls, used at once"),
    pytest.param((SMULL,), 3, id="smull"),
    pytest.param((SMULL, ADD_2), 5, id="smull, used at once"),
    pytest.param((SMULL | 1 << 20, ADD_2), 6, id="smulls, used at once"),
    pytest.param((SMULBB,), 1, id="smulbb"),
    pytest.param((SMULBB, ADD_2), 3, id="smulbb, used at once"),
    pytest.param((0xE1406382,), 2, id="smlalbb"),
    pytest.param((QADD, ADD_2), 3, id="qadd, used at once"),
    pytest.param((QADD, 0xE5890000), 2, id="qadd, stored at once"),
    pytest.param((0xE1090092, ADD_2), 4, id="swp, used at once"),
    pytest.param((0xE10F0000,), 2, id="mrs"),
    pytest.param((0xE128F000,), 1, id="msr, flags"),
    pytest.param((INTERRUPTS_OFF,), 3, id="msr, control bits"),
    pytest.param((0xEA000000, NOP), 3, id="branch over one"),
    pytest.param((0xE1500000, 0x1A000000, NOP), 3, id="branch not taken"),
    pytest.param((0xE1500000, 0x0A000000, NOP), 4, id="branch taken"),
    pytest.param((0xE1500000, 0x189100FD), 2, id="ldm, condition fails"),
    pytest.param((0xE28FE004, 0xE12FFF1E, NOP), 4, id="bx to the second next"),
    pytest.param((0xE1A0F00F, NOP, NOP), 3 + 1, id="mov to the pc"),
])
def test_sequences(machine: EmulatedMachine, words: tuple[int, ...], expected: int) -> None:
    assert cycles(machine, *words) == expected


def outcome(images: list[bytes], conditions: Conditions) -> list[tuple[object, ...]]:
    """Activity, instructions, cycles and what is in the memory of cores, with an image each."""
    machine = EmulatedMachine(geometry(1), {(0, 0): "127.0.3.1"}, Options(conditions=conditions))
    chip = machine.monitors[0, 0].chip
    for core, image in enumerate(images, 1):
        start(machine, image, core)
    machine.run(CYCLES_PER_MS)
    found = []
    for core in range(1, len(images) + 1):
        status = chip.status(core)
        data = bytes(ffi.buffer(lib.emu_dtcm(chip.handle, core), DTCM_SIZE))
        found.append((status.activity, status.instructions, status.cycles,
                      (status.cpsr, status.sp, status.lr, list(status.faults), data)))
    machine.close()
    return found


@pytest.mark.parametrize("make", [arm_program, thumb_program])
@pytest.mark.parametrize("seed", range(3))
def test_programs_do_the_same_in_more_cycles(seed: int, make) -> None:  # type: ignore[no-untyped-def]
    random = Random(seed)
    images = [make(random, 120) for _ in range(17)]
    plain, timed = (outcome(images, conditions) for conditions in (Conditions(), MODEL))
    for one, other in zip(plain, timed, strict=True):
        assert one[0] == other[0] == lib.EMU_ASLEEP
        assert one[1] == one[2] == other[1]
        assert one[3] == other[3]
        assert 1.1 * one[2] < other[2] < 2.5 * one[2]


def test_cycles_of_a_tick() -> None:
    """Each time round the handler's loop takes 4 cycles, but for the last one: 2."""
    most = []
    for body in (400, 500):
        with modelled() as machine:
            start(machine, timer_program(body=body).image())
            machine.run(20 * TICK)
            status = machine.monitors[0, 0].chip.status(1)
            assert status.tick_cycles_last == status.tick_cycles_most > status.tick_most
            assert status.cycles + status.idle == status.now
            most.append(int(status.tick_cycles_most))
    assert most[1] - most[0] == 4 * 100


def test_the_profile_has_all_cycles() -> None:
    with modelled(profile=True) as machine:
        start(machine, timer_program(body=100).image())
        machine.run(20 * TICK)
        profile = function_profile(machine, 0, 0, 1)
        assert sum(profile.values()) == machine.monitors[0, 0].chip.status(1).cycles


@pytest.mark.parametrize("options, message", [
    ({"engine": "unicorn"}, "'unicorn' counts instructions; .*timing='arm968'.*'interpreter'"),
    ({"every_instruction": True}, "timing='arm968' .*every_instruction=False"),
])
def test_refusals(options: dict[str, object], message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        Options(conditions=MODEL, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("counts_cycles", [False, True])
def test_the_table_of_cores_has_cycles_if_they_are_modelled(counts_cycles: bool) -> None:
    core = CoreStatus(0, 0, 1, "program", 16, "RUNNING", "", 0x80, "", 1111, 2222, 0.0, 7, 33, 44,
                      55, 0, 0, 0, 0, 0, 0, 0, 0)
    heading, columns, row = str(BoardStatus(
        1, ("127.0.0.2",), 1.0, 1111, 1.0, PacketCounts(0, 0, 0, 0, 0.0), counts_cycles,
        [core])).splitlines()
    assert ("cycles are not modelled" in heading) != counts_cycles
    assert ("cycles" in columns) == ("2222" in row.split()) == counts_cycles
    assert row.split()[4:6] == ["1111", "44"]
