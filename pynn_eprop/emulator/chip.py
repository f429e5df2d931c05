"""One chip: its memories as a monitor sees them, and the cores of the emulator."""

import struct
from typing import Any

from pynn_eprop.emulator import layout
from pynn_eprop.emulator.layout import SV, VCPU, VCPU_SIZE, CpuState, Sv, Vcpu
from pynn_eprop.emulator.library import ffi, lib, text
from pynn_eprop.emulator.refusal import Refused, ReturnCode
from pynn_eprop.errors import EmulatorError

REGISTERS = (0xE1, 0xE2, 0xF1, 0xF2)
"""Top byte of the addresses of the router and of the system controller."""


class Chip:
    """Memory and registers of one chip, by the addresses that a monitor uses.

    Reads and writes outside SDRAM, system RAM and the chip's registers raise Refused.
    """

    def __init__(self, handle: Any, x: int, y: int) -> None:
        self.handle = handle
        self.x = x
        self.y = y
        self._sdram = ffi.buffer(lib.emu_sdram(handle), layout.SDRAM_SIZE)
        self._sysram = ffi.buffer(lib.emu_sysram(handle), layout.SYSRAM_SIZE)

    def _place(self, address: int, size: int) -> tuple[Any, int]:
        for base in (layout.SDRAM, layout.SDRAM_UNBUFFERED):
            if base <= address and address + size <= base + layout.SDRAM_SIZE:
                return self._sdram, address - base
        for base in (layout.SYSRAM, layout.SYSRAM_UNBUFFERED):
            if base <= address and address + size <= base + layout.SYSRAM_SIZE:
                return self._sysram, address - base
        raise Refused(ReturnCode.ARGUMENT,
                      f"no memory of the monitor at 0x{address:08x}, {size} bytes")

    def read(self, address: int, size: int) -> bytes:
        """Bytes from memory or registers."""
        if address >> 24 in REGISTERS:
            return self._read_registers(address, size)
        memory, offset = self._place(address, size)
        return bytes(memory[offset:offset + size])

    def write(self, address: int, data: bytes) -> None:
        """Bytes to memory or registers."""
        if address >> 24 in REGISTERS:
            self._write_registers(address, data)
            return
        memory, offset = self._place(address, len(data))
        memory[offset:offset + len(data)] = data

    def _read_registers(self, address: int, size: int) -> bytes:
        first = address & ~3
        words = bytearray()
        value = ffi.new("uint32_t *")
        for word in range(first, address + size, 4):
            if not lib.emu_peek(self.handle, word, value):
                raise Refused(ReturnCode.ARGUMENT, f"no register at 0x{word:08x}")
            words += struct.pack("<I", value[0])
        return bytes(words[address - first:address - first + size])

    def _write_registers(self, address: int, data: bytes) -> None:
        if address % 4 or len(data) % 4:
            raise Refused(ReturnCode.ARGUMENT, f"registers are written by words: 0x{address:08x}")
        for index, (value,) in enumerate(struct.iter_unpack("<I", data)):
            if not lib.emu_poke(self.handle, address + 4 * index, value):
                raise Refused(ReturnCode.ARGUMENT, f"no register at 0x{address + 4 * index:08x}")

    def word(self, address: int) -> int:
        """A 32-bit word of memory."""
        memory, offset = self._place(address, 4)
        return int.from_bytes(memory[offset:offset + 4], "little")

    def half(self, address: int) -> int:
        """A 16-bit word of memory."""
        memory, offset = self._place(address, 2)
        return int.from_bytes(memory[offset:offset + 2], "little")

    def byte(self, address: int) -> int:
        """A byte of memory."""
        memory, offset = self._place(address, 1)
        return int(memory[offset][0])

    def set_word(self, address: int, value: int) -> None:
        """Set a 32-bit word."""
        self.write(address, (value & 0xFFFFFFFF).to_bytes(4, "little"))

    def set_half(self, address: int, value: int) -> None:
        """Set a 16-bit word."""
        self.write(address, (value & 0xFFFF).to_bytes(2, "little"))

    def set_byte(self, address: int, value: int) -> None:
        """Set a byte."""
        self.write(address, bytes([value & 0xFF]))

    def sv(self, offset: int) -> int:
        """A word of the system variables (offset from :class:`Sv`)."""
        return self.word(SV + offset)

    @staticmethod
    def vcpu(core: int, offset: int = 0) -> int:
        """Address in a core's vcpu block (offset from :class:`Vcpu`)."""
        return VCPU + VCPU_SIZE * core + offset

    def state(self, core: int) -> CpuState:
        """State of a core."""
        return CpuState(self.byte(self.vcpu(core, Vcpu.STATE)) & 15)

    def set_state(self, core: int, state: CpuState) -> None:
        """Set the state of a core."""
        self.set_byte(self.vcpu(core, Vcpu.STATE), state)

    def application_name(self, core: int) -> str:
        """Name of a core's application, as its image has it."""
        name = self.read(self.vcpu(core, Vcpu.NAME), 16)
        return name.split(b"\0")[0].decode("ascii", "replace")

    def iobuf(self, core: int) -> str:
        """The text that a core has printed."""
        parts = []
        block = self.word(self.vcpu(core, Vcpu.IOBUF))
        seen = set()
        while block and block not in seen:
            seen.add(block)
            following, _, _, size = struct.unpack("<4I", self.read(block, 16))
            parts.append(self.read(block + 16, min(size, self.sv(Sv.IOBUF_SIZE))))
            block = following
        return b"".join(parts).decode("latin1")

    def status(self, core: int) -> Any:
        """The emulator's own figures of a core (struct emu_core_status)."""
        status = ffi.new("emu_core_status *")
        lib.emu_core_status_get(self.handle, core, status)
        return status

    def packet(self, core: int, key: int, payload: int | None = None) -> None:
        """Let a multicast packet arrive at a core now, as from the router."""
        lib.emu_packet(self.handle, core, key, payload or 0, payload is not None)

    def reset_core(self, core: int) -> tuple[Any, Any]:
        """Empty a core. Returns its instruction memory and its data memory."""
        problem = lib.emu_core_reset(self.handle, core)
        if problem != ffi.NULL:
            raise EmulatorError(
                f"core {core} of chip ({self.x}, {self.y}) cannot be made: {text(problem)}")
        return (ffi.buffer(lib.emu_itcm(self.handle, core), layout.ITCM_SIZE),
                ffi.buffer(lib.emu_dtcm(self.handle, core), layout.DTCM_SIZE))
