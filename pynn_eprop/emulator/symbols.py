"""Names of functions from ELF files, for reports on places in a program."""

import bisect
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pynn_eprop.errors import ImageError

MAGIC: Final = b"\x7fELF\x01\x01"
SECTION: Final = struct.Struct("<10I")
SYMBOL: Final = struct.Struct("<IIIBBH")
SYMBOL_TABLE: Final = 2
FUNCTION: Final = 2
PROGRAM_BITS: Final = 1
ALLOCATED_CODE: Final = 0x6


@dataclass(frozen=True)
class Symbols:
    """Functions of one program, in the order of their addresses."""

    path: Path
    addresses: tuple[int, ...]
    names: tuple[str, ...]
    code: tuple[tuple[int, bytes], ...]

    @classmethod
    def read(cls, path: Path) -> "Symbols":
        """Read a 32-bit little-endian ELF file; raises ImageError for another file."""
        data = path.read_bytes()
        if not data.startswith(MAGIC):
            raise ImageError(f"{path} is not a 32-bit little-endian ELF file")
        try:
            return cls._parse(path, data)
        except (struct.error, IndexError, ValueError) as error:
            raise ImageError(f"{path} is a broken ELF file: {error}") from error

    @classmethod
    def _parse(cls, path: Path, data: bytes) -> "Symbols":
        start, = struct.unpack_from("<I", data, 32)
        size, count = struct.unpack_from("<HH", data, 46)
        sections = [SECTION.unpack_from(data, start + size * index) for index in range(count)]
        found: dict[int, str] = {}
        for _, kind, _, _, offset, length, link, _, _, entry in sections:
            if kind != SYMBOL_TABLE or not entry:
                continue
            names = sections[link][4]
            for position in range(offset, offset + length, entry):
                name, value, _, info, _, section = SYMBOL.unpack_from(data, position)
                if info & 15 == FUNCTION and section:
                    end = data.index(b"\0", names + name)
                    found.setdefault(value & ~1, data[names + name:end].decode("ascii", "replace"))
        code = tuple((address, data[offset:offset + length])
                     for _, kind, flags, address, offset, length, *_ in sections
                     if kind == PROGRAM_BITS and flags & ALLOCATED_CODE == ALLOCATED_CODE)
        ordered = sorted(found.items())
        return cls(path, tuple(address for address, _ in ordered),
                   tuple(name for _, name in ordered), code)

    def name(self, address: int) -> str:
        """The function at an address, with the distance from its start."""
        function, offset = self.function(address)
        return f"{function}+0x{offset:x}" if function else ""

    def function(self, address: int) -> tuple[str, int]:
        """The function at an address and the distance from its start; "" if there is none."""
        index = bisect.bisect_right(self.addresses, address) - 1
        if index < 0:
            return "", 0
        return self.names[index], address - self.addresses[index]

    def matches(self, itcm: bytes) -> bool:
        """Whether a core's instruction memory holds this program.

        The first 128 bytes are left out: applications change their vectors.
        """
        parts = [(max(address, 0x80), part[max(0x80 - address, 0):])
                 for address, part in self.code if address < len(itcm)]
        return bool(parts) and all(itcm[address:address + len(part)] == part
                                   for address, part in parts)
