"""Hostile packets for minutes: ``python -m tests.emulator.fuzz SECONDS [SEED]``.

Two boards get them. One also gets commands that overwrite memory, system variables included: it
must stay up. The other gets all but those, while an application runs on it: it must stay correct,
which a short program shows that is loaded again and again. Ends with a line of figures.
"""

import logging
import random
import sys
import time

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.layout import SDRAM
from tests.emulator.hostile import HARMLESS, Host, hostile
from tests.emulator.test_commands import counting_program

APPLICATION = 16
BURST = 200


def runs_a_program(host: Host) -> bool:
    """Stop what runs, load a program into a core, and see whether it runs."""
    host.command(20, 0x3F << 16, 5 << 28 | 2 << 16 | 0xFF00 | APPLICATION)
    image, place = counting_program(), SDRAM + (120 << 20)
    for offset in range(0, len(image), 256):
        part = image[offset:offset + 256]
        host.command(3, place + offset, len(part), 0, data=part)
    host.command(24, place, APPLICATION << 24 | 2)
    end = time.monotonic() + 10
    while time.monotonic() < end:
        if host.command(15, APPLICATION, 7)[1] == b"\1\0\0\0":
            return True
        time.sleep(0.02)
    return False


def main(seconds: float, seed: int) -> None:
    """Send packets for so long and check the boards all the while."""
    logging.disable(logging.CRITICAL)
    generator = random.Random(seed)
    packets = checks = 0
    wild, tame = Board(chips=4), Board(chips=4)
    for board in (wild, tame):
        board.start()
    hosts = [(Host(wild), None), (Host(tame), HARMLESS)]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for host, codes in hosts:
            for _ in range(BURST):
                host.send(hostile(generator, codes))
            assert host.command(0)[0] == 0x80
            packets += BURST
        assert runs_a_program(hosts[1][0])
        checks += 1
        time.sleep(0.05)  # leave the machine to others
    for board in (wild, tame):
        assert board._thread is not None
        assert board._thread.is_alive()
        board.close()
    print(f"{packets} hostile packets in {seconds:.0f} s, seed {seed}: both boards up, {checks} "
          "programs loaded and run correctly in between")


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
