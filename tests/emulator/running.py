"""Helpers for tests with the cores of a machine that has no network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, SDRAM_SYSTEM
from pynn_eprop.emulator.library import lib
from tests.emulator.assembler import Program

APPLICATION = 16
MODEL = Conditions(timing="arm968")
MakeMachine = Callable[..., EmulatedMachine]


def start(machine: EmulatedMachine, image: bytes, *cores: int, chip: tuple[int, int] = (0, 0),
          flags: int = 0) -> None:
    """Load an image into cores as a host does."""
    monitor = machine.monitors[chip]
    monitor.chip.write(SDRAM_SYSTEM, image)
    monitor.start(SDRAM_SYSTEM, APPLICATION, flags, sum(1 << core for core in cores or (1,)))


def word(machine: EmulatedMachine, address: int, chip: tuple[int, int] = (0, 0)) -> int:
    """A word of a chip's memory."""
    return machine.monitors[chip].chip.word(address)


@contextmanager
def modelled(conditions: Conditions = MODEL, **options: Any) -> Iterator[EmulatedMachine]:
    """A machine of one chip whose cycles are modelled."""
    machine = EmulatedMachine(geometry(1), {(0, 0): "127.0.3.1"},
                              Options(conditions=conditions, **options))
    try:
        yield machine
    finally:
        machine.close()


def awake(machine: EmulatedMachine, program: Program, core: int = 1) -> int:
    """Cycles of a program that ends within a millisecond."""
    start(machine, program.sleep().image(), core)
    machine.run(machine.now + CYCLES_PER_MS)
    status = machine.monitors[0, 0].chip.status(core)
    assert status.activity == lib.EMU_ASLEEP
    return int(status.cycles)
