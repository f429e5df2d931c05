"""Costs of the libraries: memory, and instructions of the test application."""

from dataclasses import dataclass
from pathlib import Path

from pynn_eprop.emulator.layout import CYCLES_PER_MS
from tests.runtime.exerciser import CORE, PORT, Rig, Settings

STEPS = 40


@dataclass(frozen=True)
class Costs:
    """Bytes, and instructions for each of what is named. The application's own are in them."""

    itcm: int
    dtcm: int
    step: float
    packet_fast: float
    packet_interrupt: float
    packet_queued: float
    message: float


def _instructions(folder: Path, priority: int = -1, packets: int = 0, messages: int = 0) -> float:
    """Instructions of a step, in which so many packets and messages come."""
    rig = Rig(folder / "exerciser.aplx", Settings(packets_priority=priority))
    rig.start_run(STEPS + 10)
    rig.run_for(5 * CYCLES_PER_MS + CYCLES_PER_MS // 2)
    before = rig.chip.status(CORE).instructions
    for _ in range(STEPS):
        for _ in range(packets):
            rig.packet(1)
            rig.run_for(1000)
        for _ in range(messages):
            rig.say(PORT, 9, data=bytes(16))
            rig.run_for(5000)
        rig.run_for(CYCLES_PER_MS - 1000 * packets - 5000 * messages)
    spent = rig.chip.status(CORE).instructions - before
    rig.close()
    return spent / STEPS


def memory(report: Path) -> tuple[int, int]:
    """Bytes of ITCM and of DTCM without stacks, from the build's report."""
    words = report.read_text().splitlines()[0].split()
    return int(words[words.index("ITCM") + 1]), int(words[words.index("DTCM") + 1])


def costs(folder: Path) -> Costs:
    """All of it, for the build in a folder."""
    step = _instructions(folder)
    packets = [(_instructions(folder, priority, 10) - _instructions(folder, priority)) / 10
               for priority in (-1, 0, 1)]
    message = (_instructions(folder, messages=5) - step) / 5
    return Costs(*memory(folder / "exerciser.txt"), step, *packets, message)
