"""Findings of the emulator's checks, in words."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from pynn_eprop.emulator import layout
from pynn_eprop.emulator.layout import CYCLES_PER_MS
from pynn_eprop.emulator.library import ffi, lib
from pynn_eprop.emulator.monitor import Monitor
from pynn_eprop.emulator.symbols import Symbols

KEPT: Final = 1000
"""Findings of a kind that are kept."""
AT_ONCE: Final = 64


class FaultKind(IntEnum):
    """The kind of a finding; the order is that of ``enum emu_fault_kind``."""

    UNMAPPED_READ = 0
    UNMAPPED_WRITE = 1
    UNMAPPED_FETCH = 2
    UNALIGNED = 3
    CODE_WRITE = 4
    UNDEFINED = 5
    STACK_OVERFLOW = 6
    DMA_ADDRESS = 7
    DMA_OVERFLOW = 8
    PACKET_DROPPED = 9
    TICK_OVERRUN = 10
    UNKNOWN_REGISTER = 11
    DMA_ALIGNMENT = 12
    TRANSMIT_BUSY = 13


MEANING: Final = {
    FaultKind.UNMAPPED_READ: "reads 0x{address:08x}, where nothing is",
    FaultKind.UNMAPPED_WRITE: "writes to 0x{address:08x}, where nothing is",
    FaultKind.UNMAPPED_FETCH: "jumps to 0x{address:08x}, where no code can be",
    FaultKind.UNALIGNED: "unaligned access to 0x{address:08x}",
    FaultKind.CODE_WRITE: "overwrites its own program at 0x{address:08x}",
    FaultKind.UNDEFINED: "undefined instruction at 0x{address:08x}",
    FaultKind.STACK_OVERFLOW: "stack overflow: the last word of the stacks, 0x{address:08x}, "
                              "was overwritten",
    FaultKind.DMA_ADDRESS: "DMA transfer at 0x{address:08x}, where nothing is",
    FaultKind.DMA_OVERFLOW: "third DMA transfer while two wait (system address 0x{address:08x})",
    FaultKind.PACKET_DROPPED: "packet with key 0x{address:08x} lost: the core did not drain its "
                              "receiver",
    FaultKind.TICK_OVERRUN: "timer tick overrun: {address} instructions without sleep",
    FaultKind.UNKNOWN_REGISTER: "register 0x{address:08x} is not modelled",
    FaultKind.DMA_ALIGNMENT: "DMA transfer with an address or a length that is not a multiple of "
                             "the words it moves: 0x{address:08x}",
    FaultKind.TRANSMIT_BUSY: "packet with key 0x{address:08x} lost: the transmitter had not sent "
                             "the one before",
}


@dataclass(frozen=True)
class Fault:
    """One finding: what, on which core, when (in ms since boot) and where in its program."""

    kind: FaultKind
    x: int
    y: int
    core: int
    application: str
    milliseconds: float
    pc: int
    address: int
    symbol: str = ""

    def __str__(self) -> str:
        where = f" in {self.symbol}" if self.symbol else ""
        name = f" ({self.application})" if self.application else ""
        return (f"{self.milliseconds:.3f} ms, chip ({self.x}, {self.y}) core {self.core}{name}, "
                f"pc 0x{self.pc:08x}{where}: {MEANING[self.kind].format(address=self.address)}")


class FaultLog:
    """Findings of all cores; the first thousand of a kind are kept, cores count them all."""

    def __init__(self) -> None:
        self.all: list[Fault] = []
        self._given = 0
        self._kept: Counter[FaultKind] = Counter()
        self._programs: list[Symbols] = []
        self._buffer = ffi.new("emu_fault[]", AT_ONCE)

    def add_programs(self, paths: Iterable[Path]) -> None:
        """Add ELF files whose functions are named; raises ImageError for another sort of file."""
        self._programs += [Symbols.read(path) for path in paths]

    def symbols(self, monitor: Monitor, core: int) -> Symbols | None:
        """The program in a core, if its ELF file is known."""
        if not self._programs:
            return None
        itcm = bytes(ffi.buffer(lib.emu_itcm(monitor.chip.handle, core), layout.ITCM_SIZE))
        return next((program for program in self._programs if program.matches(itcm)), None)

    def take(self, monitor: Monitor) -> None:
        """Fetch the findings of the cores of a chip."""
        chip = monitor.chip
        while count := lib.emu_take_faults(chip.handle, self._buffer, AT_ONCE):
            for record in self._buffer[0:count]:
                kind = FaultKind(record.kind)
                if self._kept[kind] < KEPT:
                    self._kept[kind] += 1
                    program = self.symbols(monitor, record.core)
                    self.all.append(Fault(
                        kind, chip.x, chip.y, record.core,
                        chip.application_name(record.core), record.time / CYCLES_PER_MS,
                        record.pc, record.address, program.name(record.pc) if program else ""))

    def new(self) -> list[Fault]:
        """Findings since the last call."""
        fresh = self.all[self._given:]
        self._given = len(self.all)
        return fresh
