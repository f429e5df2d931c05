"""A released sPyNNaker binary that is started without, or with wrong, data: how a core dies.

The binary's own exception handler runs and leaves its registers, as on a chip.
"""

from pathlib import Path

import pytest

from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.faults import FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS, CpuState, Vcpu
from tests.emulator.running import start


def run(machine: EmulatedMachine, data_address: int) -> None:
    spynnaker = pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")
    binary = Path(next(iter(spynnaker.__path__))) / "pyNN/model_binaries/IF_curr_exp.aplx"
    chip = machine.monitors[0, 0].chip
    chip.set_word(chip.vcpu(1, Vcpu.USER0), data_address)
    start(machine, binary.read_bytes())
    machine.run(machine.now + 20 * CYCLES_PER_MS)


def test_data_that_is_none(machine: EmulatedMachine) -> None:
    monitor = machine.monitors[0, 0]
    run(machine, 0x60800000)  # memory that was never written
    assert monitor.chip.state(1) is CpuState.RUN_TIME_EXCEPTION
    assert monitor.failures() == {1: "API"}  # the data could not be understood
    # released binaries print the number of a message and its value: here the word they found
    assert monitor.chip.iobuf(1).endswith("\x1e00000000\n")
    assert monitor.chip.application_name(1) == "IF_curr_exp"
    assert machine.new_faults() == []


def test_data_at_an_address_where_nothing_is(machine: EmulatedMachine) -> None:
    monitor = machine.monitors[0, 0]
    run(machine, 0x90000000)
    assert monitor.chip.state(1) is CpuState.RUN_TIME_EXCEPTION
    assert monitor.failures() == {1: "DATA_ABORT"}
    fault = machine.new_faults()[0]
    assert (fault.kind, fault.core, fault.application) == (
        FaultKind.UNMAPPED_READ, 1, "IF_curr_exp")
    link = monitor.chip.word(monitor.chip.vcpu(1, Vcpu.LR))
    assert link == fault.pc + 8  # what the architecture gives a data abort
