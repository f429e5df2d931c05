"""How a core dies on the own runtime: state, code, registers and text that a host can read."""

import struct
import subprocess
from functools import cache

import pytest

from pynn_eprop.emulator.faults import FaultKind
from pynn_eprop.emulator.layout import CpuState, Vcpu
from tests.runtime.builds import build
from tests.runtime.conftest import MakeRig
from tests.runtime.exerciser import CORE, Failure, Rig

SYSTEM_MODE, FAST_MODE = 0x1F, 0x11


@cache
def functions() -> list[tuple[int, int, str]]:
    """Address, size and name of the functions of the test application."""
    listing = subprocess.run(["arm-none-eabi-nm", "--print-size", build() / "exerciser.elf"],
                             check=True, capture_output=True, text=True).stdout
    return [(int(address, 16), int(size, 16), name)
            for address, size, kind, name in (
                line.split() for line in listing.splitlines() if len(line.split()) == 4)
            if kind in "tT"]


def function_at(address: int) -> str:
    return next(name for start, size, name in functions()
                if start & ~1 <= address < (start & ~1) + size)


def block(rig: Rig, offset: int) -> int:
    return rig.chip.word(rig.chip.vcpu(CORE, offset))


@pytest.mark.parametrize("failure, code", [
    (Failure.CODE, "SOFTWARE_ERROR"), (Failure.READING, "DATA_ABORT"),
    (Failure.JUMP_TO_ZERO, "RESET"), (Failure.FULL_MEMORY, "MALLOC")])
def test_a_failure_is_left_for_the_host(make_rig: MakeRig, failure: Failure, code: str) -> None:
    rig = make_rig(failure=failure, failure_step=3)
    rig.start_run(10)
    rig.run_ms(12)
    assert rig.monitor.failures() == {CORE: code}
    assert block(rig, Vcpu.PSR) & 0x1F == SYSTEM_MODE
    stack = block(rig, Vcpu.SP)
    assert 0x410000 - 2048 < stack < 0x410000 and stack % 4 == 0
    assert function_at(block(rig, Vcpu.LR)) == "tick"  # fail() is part of it
    before = rig.chip.status(CORE).instructions
    rig.run_ms(20)
    assert rig.chip.status(CORE).instructions - before < 10  # it sleeps


def test_messages_of_a_failure_are_kept(make_rig: MakeRig) -> None:
    rig = make_rig(failure=Failure.CODE, failure_step=3)
    rig.start_run(10)
    rig.run_ms(12)
    assert "[ERROR] (exerciser.c: " in rig.text
    assert "failure 1 at step 3, as asked" in rig.text


def test_a_failure_inside_a_fast_interrupt_leaves_its_registers(make_rig: MakeRig) -> None:
    rig = make_rig(failure=Failure.READING_IN_PACKET, failure_step=2)
    rig.start_run(10)
    rig.run_ms(3.5)
    rig.packet(0xABCD)
    rig.run_ms(1)
    assert rig.monitor.failures() == {CORE: "DATA_ABORT"}
    assert block(rig, Vcpu.PSR) & 0x1F == FAST_MODE
    assert function_at(block(rig, Vcpu.LR) - 8) == "packet"
    registers = struct.unpack("<8I", rig.chip.read(rig.chip.vcpu(CORE, 0), 32))
    assert 0x90000000 in registers  # the address that was read
    fault = rig.machine.new_faults()[0]
    assert (fault.kind, fault.pc) == (FaultKind.UNMAPPED_READ, block(rig, Vcpu.LR) - 8)


@pytest.mark.parametrize("version, failures", [(0x030401, {CORE: "VERSION"}), (0x040100, {})])
def test_the_monitor_must_be_of_the_same_major_version(
        make_rig: MakeRig, version: int, failures: dict[int, str]) -> None:
    rig = make_rig({"monitor_version": version, "started": False})
    assert rig.monitor.failures() == failures


def test_the_name_of_the_application(rig: Rig) -> None:
    assert rig.chip.application_name(CORE) == "exerciser"
    assert rig.chip.byte(rig.chip.vcpu(CORE, Vcpu.APPLICATION)) == 16
    assert rig.state is not CpuState.RUN_TIME_EXCEPTION
