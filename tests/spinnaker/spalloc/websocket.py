"""The server's side of a websocket (RFC 6455): hand-shake and binary messages."""

import base64
import hashlib
import struct
import threading
from collections.abc import Iterator
from typing import BinaryIO

BINARY, CLOSE, PING, PONG = 2, 8, 9, 10
_MAGIC = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"    # of the RFC


def accepted(key: str) -> str:
    """The header Sec-WebSocket-Accept for a client's Sec-WebSocket-Key."""
    return base64.b64encode(hashlib.sha1(key.encode() + _MAGIC).digest()).decode()


class WebSocket:
    """One that has been accepted."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._in, self._out = incoming, outgoing
        self._sending = threading.Lock()

    def send(self, data: bytes, kind: int = BINARY) -> None:
        """Send a message, in one frame."""
        size = len(data)
        head = bytes([0x80 | kind, size]) if size < 126 else \
            struct.pack(">BBH", 0x80 | kind, 126, size) if size < 1 << 16 else \
            struct.pack(">BBQ", 0x80 | kind, 127, size)
        with self._sending:
            self._out.write(head + data)
            self._out.flush()

    def messages(self) -> Iterator[bytes]:
        """Binary messages until the client closes; pings are answered."""
        while (head := self._in.read(2)) and len(head) == 2:
            kind, size = head[0] & 15, head[1] & 127
            if size == 126:
                size, = struct.unpack(">H", self._in.read(2))
            elif size == 127:
                size, = struct.unpack(">Q", self._in.read(8))
            mask = self._in.read(4)         # clients always send one
            data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(self._in.read(size)))
            if kind == CLOSE:
                return
            if kind == PING:
                self.send(data, PONG)
            elif kind == BINARY:
                yield data
