"""A host that sends a board what no honest one would."""

import random
import socket
import struct
from collections.abc import Sequence

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.layout import SDRAM
from pynn_eprop.emulator.server import PORT

DATA = SDRAM + 0x01000000
ALL = (*range(33), 64, 0xFFFF)
TRIES = 5
HARMLESS = (0, 1, 2, 4, 6, 15, 16, 17, 25, 27, 30, 31, 33, 64, 0xFFFF)
"""Commands that change nothing."""


class Host:
    """A host's socket to a board."""

    def __init__(self, board: Board) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.connect((board.address, PORT))
        self.socket.settimeout(5)

    def send(self, data: bytes) -> None:
        self.socket.send(data)

    def command(self, code: int, *arguments: int, data: bytes = b"") -> tuple[int, bytes]:
        """Send a command as hosts do: again when no answer comes, since UDP may lose it."""
        first, second, third = (*arguments, 0, 0, 0)[:3]
        for _ in range(TRIES):
            self.send(packet(code, first, second, third, data))
            try:
                while True:
                    answer = self.socket.recv(2048)
                    result, sequence = struct.unpack_from("<HH", answer, 10)
                    if sequence == 0x5AFE:
                        return result, answer[14:]
            except TimeoutError:
                continue
        raise TimeoutError(f"no answer to command {code}")


def packet(code: int, first: int, second: int, third: int, data: bytes = b"",
           core: int = 0, sequence: int = 0x5AFE) -> bytes:
    return (struct.pack("<H8B", 0, 0x87, 0xFF, core, 0xFF, 0, 0, 0, 0)
            + struct.pack("<HHIII", code, sequence, first, second, third) + data)


def hostile(generator: random.Random, codes: Sequence[int] | None = None) -> bytes:
    """A packet that is random, truncated, too long, or a command with random arguments."""
    kind = generator.randrange(5)
    if kind == 0:
        return generator.randbytes(generator.randrange(600))
    code = generator.choice(codes or ALL)
    arguments = [generator.choice([0, 1, 0xFFFFFFFF, SDRAM, DATA, 0xE5007F00, 0xE1004000,
                                   0xF2000100, generator.getrandbits(32), generator.randrange(300)])
                 for _ in range(3)]
    whole = packet(code, *arguments, generator.randbytes(generator.choice([0, 4, 16, 256, 400])),
                   core=generator.choice([0, 0, 0, 1, 17, 31, 0xFF]), sequence=0xBAD)
    return whole[:generator.randrange(len(whole) + 1)] if kind == 1 else whole
