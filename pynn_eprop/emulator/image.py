"""Application images in the APLX format: commands that copy, fill and start."""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from pynn_eprop.emulator import layout
from pynn_eprop.emulator.chip import Chip
from pynn_eprop.errors import ImageError

ENTRY = struct.Struct("<4I")


class Command(IntEnum):
    """The command of an entry of the image's table."""

    ABSOLUTE_COPY = 1
    RELATIVE_COPY = 2
    FILL = 3
    EXECUTE = 4
    END = 0xFF


@dataclass
class Image:
    """An image: parts to put in memory, and where to start."""

    parts: list[tuple[int, bytes]] = field(default_factory=list)
    start: int = 0

    @classmethod
    def parse(cls, data: bytes) -> "Image":
        """Read an image; raises ImageError for other data."""
        image = cls()
        for offset in range(0, len(data) - ENTRY.size + 1, ENTRY.size):
            command, first, second, third = ENTRY.unpack_from(data, offset)
            if command == Command.RELATIVE_COPY:
                source = offset + second
                if source + third > len(data):
                    raise ImageError(
                        f"not an APLX image: it copies {third} bytes from {source} of {len(data)}")
                image._add(first, data[source:source + third])
            elif command == Command.FILL:
                if second > layout.SDRAM_SIZE:
                    raise ImageError(f"not an APLX image: it fills {second} bytes")
                image._add(first, struct.pack("<I", third) * ((second + 3) // 4))
            elif command == Command.EXECUTE:
                image.start = first
                if first & ~1 >= layout.ITCM_SIZE:
                    raise ImageError(
                        f"not an APLX image: it starts at 0x{first:08x}, outside ITCM")
                return image
            else:
                break
        raise ImageError("not an APLX image: no command to start was found"
                         + (f" (it begins with {data[:16].hex(' ')})" if data else ""))

    def _add(self, address: int, content: bytes) -> None:
        end = address + len(content)
        if not (end <= layout.ITCM_SIZE
                or layout.DTCM <= address <= end <= layout.DTCM + layout.DTCM_SIZE
                or layout.SDRAM <= address <= end <= layout.SDRAM + layout.SDRAM_SIZE):
            raise ImageError(
                f"not an APLX image: it puts {len(content)} bytes at 0x{address:08x}, "
                "where a core has no memory")
        self.parts.append((address, content))

    def load(self, chip: Chip, core: int) -> None:
        """Reset a core and put the image into it."""
        itcm, dtcm = chip.reset_core(core)
        for address, content in self.parts:
            if address < layout.ITCM_SIZE:
                itcm[address:address + len(content)] = content
            elif address < layout.SDRAM:
                address -= layout.DTCM
                dtcm[address:address + len(content)] = content
            else:
                chip.write(address, content)
