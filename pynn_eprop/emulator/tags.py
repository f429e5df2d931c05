"""IP tags of one board: where its messages go, and which ports it listens to.

Tags 0-7 are set by hosts. Tags above them are the board's own: it gives one to each host that sends
a message to a core, so that the core's answer finds its way back.
"""

import struct
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

Address = tuple[str, int]

FIXED: Final = 8
POOL: Final = 8
LAST_OWN: Final = 254
NONE: Final = 255

VALID: Final = 0x8000
USE_SENDER: Final = 0x0400
REVERSE: Final = 0x0200
STRIP: Final = 0x0100
ENTRY: Final = struct.Struct("<4s6sHHHIHHB7x")


@dataclass
class Tag:
    """A tag: to a host (``address``) or, reversed, from a port to a core."""

    flags: int
    address: Address
    port: int = 0
    destination: tuple[int, int] = (0, 0)
    destination_port: int = 0
    count: int = 0

    @property
    def strips(self) -> bool:
        """Whether the header is left out."""
        return bool(self.flags & STRIP)

    def pack(self) -> bytes:
        """The entry as a host reads it."""
        host = bytes(int(part) for part in self.address[0].split("."))
        x, y = self.destination
        return ENTRY.pack(host, bytes(6), self.address[1], 0, self.flags, self.count, self.port,
                          x << 8 | y, self.destination_port)


class Tags:
    """The tags of one board."""

    def __init__(self) -> None:
        self._fixed: dict[int, Tag] = {}
        self._own: OrderedDict[int, Address] = OrderedDict()
        self._own_by_address: dict[Address, int] = {}
        self.timeout = 9

    def set(self, number: int, tag: Tag) -> None:
        """Set a fixed tag."""
        self._fixed[number] = tag

    def clear(self, number: int) -> None:
        """Unset a fixed tag."""
        self._fixed.pop(number, None)

    def clear_all(self) -> None:
        """Unset all fixed tags."""
        self._fixed.clear()

    def get(self, number: int) -> Tag | None:
        """A tag, fixed or the board's own."""
        if number in self._own:
            return Tag(VALID, self._own[number])
        return self._fixed.get(number)

    def free_number(self) -> int:
        """A fixed tag that is not in use; NONE if all are."""
        return next((number for number in range(FIXED) if number not in self._fixed), NONE)

    def for_host(self, address: Address) -> int:
        """The board's own tag for a host; if all are taken, the longest unused one is replaced."""
        number = self._own_by_address.get(address)
        if number is None:
            if len(self._own) < LAST_OWN - FIXED:
                number = FIXED + len(self._own)
            else:
                number, old = self._own.popitem(last=False)
                del self._own_by_address[old]
            self._own_by_address[address] = number
            self._own[number] = address
        self._own.move_to_end(number)
        return number

    def reversed_ports(self) -> dict[int, int]:
        """Ports that the board listens to for reversed tags, and their tags."""
        return {tag.port: number for number, tag in self._fixed.items() if tag.flags & REVERSE}
