"""SDP and SCP messages, which hosts, monitors and cores send each other."""

import struct
from dataclasses import dataclass, replace
from typing import Final

from pynn_eprop.emulator.layout import SDP_DATA, SDP_HEADER

HEADER = struct.Struct("<4B4B")
COMMAND = struct.Struct("<HHIII")
ANSWER = struct.Struct("<HH")

REPLY_EXPECTED: Final = 0x80
NO_REPLY: Final = 0x07
TO_ETHERNET: Final = 0xFF
DEFAULT_CHIP: Final = (255, 255)


@dataclass(frozen=True)
class Message:
    """An SDP message: a header of 8 bytes and up to 272 bytes of data."""

    flags: int
    tag: int
    destination_port: int
    source_port: int
    destination: tuple[int, int]
    source: tuple[int, int]
    data: bytes

    @classmethod
    def parse(cls, packet: bytes) -> "Message | None":
        """Read a message; None if the packet is too short or too long to be one."""
        if not SDP_HEADER <= len(packet) <= SDP_HEADER + SDP_DATA:
            return None
        flags, tag, to_port, from_port, to_y, to_x, from_y, from_x = HEADER.unpack_from(packet)
        return cls(flags, tag, to_port, from_port, (to_x, to_y), (from_x, from_y),
                   packet[SDP_HEADER:])

    def pack(self) -> bytes:
        """The bytes of the message."""
        return HEADER.pack(self.flags, self.tag, self.destination_port, self.source_port,
                           self.destination[1], self.destination[0], self.source[1],
                           self.source[0]) + self.data

    @property
    def core(self) -> int:
        """The core that it is for."""
        return self.destination_port & 31

    @property
    def wants_reply(self) -> bool:
        """Whether the sender waits for an answer."""
        return bool(self.flags & REPLY_EXPECTED)

    def answer(self, code: int, payload: bytes = b"") -> "Message":
        """The answer to a command."""
        sequence = int.from_bytes(self.data[2:4], "little")
        return replace(self, flags=NO_REPLY, destination_port=self.source_port,
                       source_port=self.destination_port, destination=self.source,
                       source=self.destination, data=ANSWER.pack(code, sequence) + payload)
