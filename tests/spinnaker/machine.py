"""Cores with our binaries on an emulated chip, without sPyNNaker: loading, runs, memory.

Data is laid out as sPyNNaker's data specification does; a host's commands are those of
:mod:`tests.runtime.exerciser`. Cores reach each other through the chip's router; spikes of
sources are put into the cores' receivers.
"""

import hashlib
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from pynn_eprop.emulator.conditions import IDEAL, Conditions
from pynn_eprop.emulator.emulated_machine import EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import CYCLES_PER_MS, SDRAM_SYSTEM, CpuState, Signal, Vcpu
from pynn_eprop.emulator.message import Message
from pynn_eprop.emulator.router_table import COPY_ENTRY
from pynn_eprop.spinnaker.memory.layout import Channel, Provenance, Region
from tests.runtime.exerciser import (
    APPLICATION,
    CHIP,
    CONTROL_PORT,
    HOST,
    MAGIC,
    REGIONS,
    VERSION,
    Command,
)

PATIENCE_MS = 4000
"""How much longer than its steps a run may take."""
COMMON_PROVENANCE = 6
"""Words of provenance that every core has."""


@dataclass(frozen=True)
class Route:
    """Packets with some keys go to these cores."""

    key: int
    mask: int
    cores: tuple[int, ...]


@dataclass(frozen=True)
class Packet:
    """A packet that comes to a core at a machine step."""

    step: int
    core: int
    key: int
    payload: int | None = None


@dataclass
class Load:
    """The load of a core. sizes: of regions that are longer than their initial contents."""

    binary: Path
    contents: Mapping[Region, bytes]
    sizes: Mapping[Region, int]
    recorded: Mapping[Channel, int]
    address: dict[Region, int] = field(default_factory=dict)


class ChipError(Exception):
    """A core gave up."""


class Chip:
    """Cores 1, 2, ... of one chip, loaded, waiting for a run.

    ``period``: machine step in us. ``conditions``: in which ways the chip is as hard as a real one.
    """

    def __init__(self, loads: Sequence[Load], routes: Iterable[Route], period: int,
                 conditions: Conditions = IDEAL) -> None:
        self.machine = EmulatedMachine(geometry(1, 1), {CHIP: HOST[0]},
                                       Options(conditions=conditions))
        self.monitor = self.machine.monitors[CHIP]
        self.chip = self.monitor.chip
        self.sent: list[bytes] = []
        self.machine.transmit = lambda _chip, _address, _port, data: self.sent.append(data)
        self.loads = dict(enumerate(loads, 1))
        self.step_cycles = period * CYCLES_PER_MS // 1000
        self.barrier = self.commands = 0
        for core, load in self.loads.items():
            self._write(core, load, period)
        self._route(list(routes))
        for binary in sorted({load.binary for load in loads}):
            cores = sum(1 << core for core, load in self.loads.items() if load.binary == binary)
            self.chip.write(SDRAM_SYSTEM, binary.read_bytes())
            self.monitor.start(SDRAM_SYSTEM, APPLICATION, 1, cores)
            self._run_ms(0.2)
        self.monitor.signal(Signal.START, APPLICATION, 0xFF)
        self._wait_for({CpuState.PAUSED})

    def close(self) -> None:
        """Give back the memory."""
        self.machine.close()

    # --- loading ---

    def _write(self, core: int, load: Load, period: int) -> None:
        name = int(hashlib.md5(load.binary.stem.encode()).hexdigest()[:8], 16)
        contents = {
            **load.contents,
            Region.SYSTEM: struct.pack("<4I", name, period, CONTROL_PORT, 0),
            Region.RECORDING: struct.pack("<I", len(Channel)) + b"".join(
                struct.pack("<3I", load.recorded.get(channel, 0), 0, 0) for channel in Channel),
            Region.PROVENANCE: bytes(4 * (COMMON_PROVENANCE + len(Provenance)))}
        table = [0] * (3 * REGIONS)
        for region in Region:
            content = contents.get(region, b"")
            size = max(len(content), load.sizes.get(region, 0))
            if not size:
                continue
            address = self.monitor.sdram.allocate(size, APPLICATION)
            assert address, (region, size)
            self.chip.write(address, content)
            load.address[region] = address
            total = int(np.frombuffer(content, "<u4").sum(dtype=np.uint64)) & 0xFFFFFFFF
            table[3 * region:3 * region + 3] = [address, total, len(content) // 4]
        head = self.monitor.sdram.allocate(4 * (2 + len(table)), APPLICATION)
        self.chip.write(head, struct.pack(f"<{2 + len(table)}I", MAGIC, VERSION, *table))
        self.chip.set_word(self.chip.vcpu(core, Vcpu.USER0), head)

    def _route(self, routes: Sequence[Route]) -> None:
        if not routes:
            return
        data = b"".join(
            COPY_ENTRY.pack(index, 0, sum(1 << (6 + core) for core in route.cores), route.key,
                            route.mask)
            for index, route in enumerate(routes))
        address = self.monitor.sdram.allocate(len(data), APPLICATION)
        self.chip.write(address, data)
        first = self.monitor.router.allocate(len(routes), APPLICATION)
        assert self.monitor.router.load(address, len(routes), first, APPLICATION)

    # --- running ---

    def _run_ms(self, milliseconds: float) -> None:
        self._run_to(self.machine.now + round(milliseconds * CYCLES_PER_MS))

    def _run_to(self, cycle: int) -> None:
        if cycle > self.machine.now:
            self.machine.run(cycle, exactly=True)

    def _states(self) -> set[CpuState]:
        return {self.chip.state(core) for core in self.loads}

    def _wait_for(self, wanted: set[CpuState]) -> None:
        """Run until all cores are in one of these states. Raises ChipError."""
        for _ in range(PATIENCE_MS):
            if self._states() <= wanted:
                return
            if self._states() & {CpuState.RUN_TIME_EXCEPTION, CpuState.WATCHDOG}:
                break
            self._run_ms(1.0)
        raise ChipError(self.report())

    def run(self, start: int, end: int, packets: Iterable[Packet]) -> None:
        """Run the machine steps start .. end - 1. Raises ChipError."""
        for core in self.loads:
            self.commands += 1      # a core takes an equal number for a copy
            message = struct.pack("<HHIIII", Command.RUN, self.commands & 0xFFFF, end, 0, start, 0)
            self.machine.receive(CHIP, Message(0x87, 0xFF, CONTROL_PORT << 5 | core, 0xFF, CHIP,
                                               CHIP, message), HOST)
        self._run_ms(1.0)
        self.sent.clear()
        waiting = CpuState.SYNC1 if self.barrier else CpuState.SYNC0
        self._wait_for({waiting})
        self.monitor.signal(Signal.SYNC1 if self.barrier else Signal.SYNC0, APPLICATION, 0xFF)
        self.barrier ^= 1
        begin = self.machine.now
        for packet in packets:
            # the first tick is a step after the start; a third of a step is later than it
            self._run_to(begin + (packet.step - start + 1) * self.step_cycles
                         + self.step_cycles // 3)
            self.chip.packet(packet.core, packet.key, packet.payload)
        self._run_to(begin + (end - start + 2) * self.step_cycles)
        self._wait_for({CpuState.READY})

    def report(self) -> str:
        """States, texts and reasons of all cores."""
        lines = [str(self.monitor.failures())]
        for core, load in self.loads.items():
            status = struct.unpack("<4I", self.read(core, Region.STATUS, 16))
            lines.append(f"core {core} {load.binary.stem}: {self.chip.state(core).name} "
                         f"{status} {self.chip.iobuf(core)}")
        return "\n".join(lines)

    # --- memory ---

    def read(self, core: int, region: Region, size: int) -> bytes:
        """The first bytes of a region."""
        return self.chip.read(self.loads[core].address[region], size)

    def write(self, core: int, region: Region, data: bytes) -> None:
        """Replace the beginning of a region."""
        self.chip.write(self.loads[core].address[region], data)

    def recording(self, core: int, channel: Channel) -> bytes:
        """The bytes that the core recorded in the last run."""
        _, size, address = struct.unpack(
            "<3I", self.chip.read(self.loads[core].address[Region.RECORDING] + 4 + 12 * channel,
                                  12))
        assert not size >> 31, f"the recording of {channel.name} is full"
        return self.chip.read(address, size) if size else b""

    def provenance(self, core: int) -> dict[Provenance, int]:
        """Counters of the core."""
        words = np.frombuffer(self.read(core, Region.PROVENANCE,
                                        4 * (COMMON_PROVENANCE + len(Provenance))), "<u4")
        return {item: int(words[COMMON_PROVENANCE + item]) for item in Provenance}
