"""Helpers for tests with the cores of a machine that has no network."""

from collections.abc import Callable

from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.layout import SDRAM_SYSTEM

APPLICATION = 16
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
