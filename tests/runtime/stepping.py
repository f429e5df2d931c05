"""Stopping a core of the test application at an instruction, and listening to what it sends."""

import subprocess
from functools import cache
from pathlib import Path

from pynn_eprop.emulator.layout import ROUTER_KEY, ROUTER_MASK, ROUTER_ROUTE, SDRAM
from pynn_eprop.emulator.library import lib
from tests.emulator.assembler import WAIT_FOR_INTERRUPT, Program
from tests.runtime.exerciser import CORE, Rig

LISTENER = 2
HEARD = SDRAM + 0x0600_0000
WORDS_A_PACKET = 3
INTERRUPTS, COMMUNICATIONS = 0x1F000000, 0x10000000


@cache
def functions(elf: Path) -> dict[str, tuple[int, int]]:
    """Address and size of the application's own functions."""
    listing = subprocess.run(["arm-none-eabi-nm", "--print-size", "--numeric-sort", elf],
                             check=True, capture_output=True, text=True).stdout
    found: dict[str, tuple[int, int]] = {}
    for line in listing.splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[2] in "tT":  # the application comes first in both builds
            found.setdefault(fields[3], (int(fields[0], 16), int(fields[1], 16)))
    return found


def run_to(rig: Rig, address: int, milliseconds: float) -> bool:
    """Run until the core is about to execute an instruction; False: it was not in that time."""
    end = rig.machine.now + round(milliseconds * 200_000)
    before = rig.chip.status(CORE).instructions
    while rig.machine.now < end:
        status = rig.chip.status(CORE)
        if status.pc == address and status.instructions != before:
            return True
        asleep = status.activity == lib.EMU_ASLEEP
        until = max(rig.machine.next_event if asleep else 0, rig.machine.now + 1)
        rig.machine.run(min(until, end), exactly=True)
    return False


def listener() -> bytes:
    """A program that stores key, status and payload of every packet it gets."""
    program = Program().put(INTERRUPTS + 0x10, 1 << 24).load(1, HEARD).load(2, COMMUNICATIONS)
    program.label("sleep").word(WAIT_FOR_INTERRUPT).label("next").read(3, 2, 0x0C)
    program.word(0xE3130102).branch("sleep", 0x0)  # tst r3, #1 << 31
    program.read(4, 2, 0x10).read(5, 2, 0x14).store(5, 1).store(3, 1, 4).store(4, 1, 8)
    return program.add(1, 1, 4 * WORDS_A_PACKET).branch("next").image()


def listen(rig: Rig) -> None:
    """Let another core hear all that the application sends."""
    rig.chip.set_word(ROUTER_KEY, 0)
    rig.chip.set_word(ROUTER_MASK, 0)
    rig.chip.set_word(ROUTER_ROUTE, 1 << (6 + LISTENER))
    rig.chip.write(SDRAM + 0x0700_0000, listener())
    rig.monitor.start(SDRAM + 0x0700_0000, 99, 0, 1 << LISTENER)


def heard(rig: Rig) -> list[bytes]:
    """Key, status and payload of each packet that the application has sent, in order."""
    size = 4 * WORDS_A_PACKET
    return [rig.chip.read(HEARD + size * i, size)
            for i in range(rig.chip.status(LISTENER).received)]
