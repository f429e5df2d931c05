"""A few ARM instructions by hand, so that tests of the emulator need no cross-compiler.

Encodings: ARM Architecture Reference Manual, ARMv5TE.
"""

import struct
from itertools import pairwise

CODE = 0x80
"""Where programs start: below it are the exception vectors and the image's own table."""
VECTORS = {"reset": 0x00, "undefined": 0x04, "svc": 0x08, "prefetch_abort": 0x0C,
           "data_abort": 0x10, "irq": 0x18, "fiq": 0x1C}
WAIT_FOR_INTERRUPT = 0xEE070F90
UNDEFINED = 0xE7F000F0
SVC = 0xEF000000
RETURN_FROM_IRQ = 0xE25EF004  # subs pc, lr, #4
NOP = 0xE1A00000
INTERRUPTS_ON = 0xE321F013  # msr cpsr_c, supervisor mode
INTERRUPTS_OFF = 0xE321F0D3


class Program:
    """Words of a program with labels; constants are gathered behind it."""

    def __init__(self) -> None:
        self._words: list[int | tuple[str, int, object]] = []
        self._labels: dict[str, int] = {}

    @property
    def here(self) -> int:
        return CODE + 4 * len(self._words)

    def label(self, name: str) -> "Program":
        self._labels[name] = self.here
        return self

    def word(self, *words: int) -> "Program":
        self._words.extend(words)
        return self

    def load(self, register: int, value: int) -> "Program":
        """ldr register, =value."""
        self._words.append(("literal", register, value & 0xFFFFFFFF))
        return self

    def branch(self, label: str, condition: int = 0xE) -> "Program":
        self._words.append(("branch", condition, label))
        return self

    def branch_not_zero(self, label: str) -> "Program":
        return self.branch(label, 0x1)

    def store(self, register: int, base: int, offset: int = 0) -> "Program":
        return self.word(0xE5800000 | base << 16 | register << 12 | offset)

    def read(self, register: int, base: int, offset: int = 0) -> "Program":
        return self.word(0xE5900000 | base << 16 | register << 12 | offset)

    def read_half(self, register: int, base: int) -> "Program":
        return self.word(0xE1D000B0 | base << 16 | register << 12)

    def add(self, register: int, source: int, value: int) -> "Program":
        return self.word(0xE2800000 | source << 16 | register << 12 | value)

    def subtract(self, register: int, source: int, value: int) -> "Program":
        """Sets the flags."""
        return self.word(0xE2500000 | source << 16 | register << 12 | value)

    def move(self, register: int, source: int) -> "Program":
        return self.word(0xE1A00000 | register << 12 | source)

    def put(self, address: int, value: int) -> "Program":
        """Store a constant; uses registers 10 and 11."""
        return self.load(10, address).load(11, value).store(11, 10)

    def sleep(self) -> "Program":
        """Sleep for ever."""
        return self.label(f"sleep{len(self._words)}").word(WAIT_FOR_INTERRUPT).branch(
            f"sleep{len(self._words) - 1}")

    def assemble(self, table: dict[int, int] | None = None) -> bytes:
        """Memory from address 0: vectors (to labels of their names), table, code, constants."""
        literals: list[int] = []
        end = CODE + 4 * len(self._words)
        code = []
        for index, item in enumerate(self._words):
            address = CODE + 4 * index
            if isinstance(item, int):
                code.append(item)
            elif item[0] == "literal":
                place = end + 4 * len(literals)
                literals.append(int(item[2]))  # type: ignore[call-overload]
                code.append(0xE59F0000 | item[1] << 12 | place - address - 8)
            else:
                code.append(_branch(address, self._labels[str(item[2])], item[1]))
        memory = bytearray(CODE)
        for name, vector in VECTORS.items():
            target = self._labels.get(name, vector)
            struct.pack_into("<I", memory, vector, _branch(vector, target, 0xE))
        struct.pack_into("<I", memory, 0, _branch(0, CODE, 0xE))
        for offset, value in (table or {}).items():
            struct.pack_into("<I", memory, offset, value)
        memory += struct.pack(f"<{len(code) + len(literals)}I", *code, *literals)
        return bytes(memory)

    def image(self, table: dict[int, int] | None = None) -> bytes:
        """The program as an APLX image."""
        return aplx((0, self.assemble(table)))


def _branch(address: int, target: int, condition: int) -> int:
    return condition << 28 | 0x0A000000 | (target - address - 8) >> 2 & 0xFFFFFF


def aplx(*parts: tuple[int, bytes], start: int = 0) -> bytes:
    """An APLX image that copies parts to their addresses and starts."""
    padded = [(address, data + bytes(-len(data) % 4)) for address, data in parts]
    offsets = [16 * (len(padded) + 1)]
    for _, data in padded:
        offsets.append(offsets[-1] + len(data))
    table = b""
    for index, ((address, data), (offset, _)) in enumerate(
            zip(padded, pairwise(offsets), strict=True)):
        table += struct.pack("<4I", 2, address, offset - 16 * index, len(data))
    table += struct.pack("<4I", 4, start, 0, 0)
    return table + b"".join(data for _, data in padded)
