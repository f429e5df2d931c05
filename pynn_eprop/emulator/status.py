"""The state of an emulated machine's cores and chips, in figures and as text."""

from collections import defaultdict
from dataclasses import dataclass, field

from pynn_eprop.emulator import layout
from pynn_eprop.emulator.emulated_machine import EmulatedMachine, PacketCounts
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.emulator.layout import CYCLES_PER_MS
from pynn_eprop.emulator.library import ffi, lib
from pynn_eprop.emulator.server import Server
from pynn_eprop.errors import EmulatorError

LISTED = 20
"""Findings in the text of a status."""


@dataclass(frozen=True)
class CoreStatus:
    """One core that runs an application. Instructions are counted since it was loaded.

    ``cycles``: that it was awake; without a model of cycles as many as instructions. ``tick_last``,
    ``tick_most``: instructions of a tick; ``tick_most_cycles``: most cycles of one.
    """

    x: int
    y: int
    core: int
    application: str
    application_id: int
    state: str
    failure: str
    pc: int
    symbol: str
    instructions: int
    cycles: int
    milliseconds_asleep: float
    ticks: int
    tick_last: int
    tick_most: int
    tick_most_cycles: int
    tick_overruns: int
    packets_sent: int
    packets_received: int
    packets_dropped: int
    dma_transfers: int
    dma_bytes: int
    interrupts: int
    faults: int


@dataclass(frozen=True)
class BoardStatus:
    """A machine at one moment; ``str()`` gives a table.

    ``counts_cycles``: whether cycles are modelled; if not, the table leaves them out.
    """

    chips: int
    addresses: tuple[str, ...]
    milliseconds: float
    instructions: int
    busy_seconds: float
    packets: PacketCounts
    counts_cycles: bool = False
    cores: list[CoreStatus] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def mips(self) -> float:
        """Million instructions per second of host time spent on running cores."""
        return self.instructions / self.busy_seconds / 1e6 if self.busy_seconds else 0.0

    def __str__(self) -> str:
        lines = [
            f"{self.chips} chips on {', '.join(self.addresses)}; {self.milliseconds:.0f} ms since "
            f"boot, {self.instructions / 1e6:.1f} M instructions, {self.mips:.0f} MIPS "
            f"(instructions are exact, cycles are {'' if self.counts_cycles else 'not '}modelled)"]
        if self.cores:
            cycles = f"{'cycles':>13} {'most/tick':>9} " if self.counts_cycles else ""
            lines.append(f"{'chip':>7} {'core':>4} {'application':16} {'state':18} "
                         f"{'instructions':>13} {'most/tick':>9} {cycles}{'overruns':>8} "
                         f"{'sent':>8} {'received':>8} {'dropped':>7} {'faults':>6}")
        for core in self.cores:
            state = core.failure or core.state
            cycles = f"{core.cycles:>13} {core.tick_most_cycles:>9} " if self.counts_cycles else ""
            lines.append(
                f"{f'{core.x},{core.y}':>7} {core.core:>4} {core.application:16} {state:18} "
                f"{core.instructions:>13} {core.tick_most:>9} {cycles}{core.tick_overruns:>8} "
                f"{core.packets_sent:>8} {core.packets_received:>8} {core.packets_dropped:>7} "
                f"{core.faults:>6}")
        if self.packets.seen:
            lines.append(f"by the board's conditions, {self.packets.lost} packets of "
                         f"{self.packets.seen} were lost and {self.packets.doubled} doubled")
        if self.packets.dropped:
            lines.append(f"routers have dropped {self.packets.dropped} packets that waited for too "
                         "long")
        return "\n".join([*lines, *self._findings()])

    def _findings(self) -> list[str]:
        """Lines on what the checks found; overruns, which may be by design, are one line."""
        overruns = [fault for fault in self.faults if fault.kind is FaultKind.TICK_OVERRUN]
        others = [fault for fault in self.faults if fault.kind is not FaultKind.TICK_OVERRUN]
        lines = [str(fault) for fault in others[:LISTED]]
        if len(others) > LISTED:
            lines.append(f"... and {len(others) - LISTED} more findings")
        if overruns:
            lines.append(f"ticks of work that went on over the next tick, as updates of weights "
                         f"do by design: {len(overruns)} or more, the first at {overruns[0]}")
        return lines


def status(machine: EmulatedMachine, server: Server) -> BoardStatus:
    """The present state of a machine."""
    machine.new_faults()
    cores = []
    for monitor, core in machine.active():
        chip, figures = monitor.chip, monitor.chip.status(core)
        program = machine.faults.symbols(monitor, core)
        cores.append(CoreStatus(
            chip.x, chip.y, core, chip.application_name(core), monitor.applications[core],
            chip.state(core).name, monitor.failures().get(core, ""), figures.pc,
            program.name(figures.pc) if program else "", figures.instructions,
            figures.cycles, figures.idle / CYCLES_PER_MS, figures.ticks, figures.tick_last,
            figures.tick_most, figures.tick_cycles_most, figures.tick_overruns, figures.sent,
            figures.received, figures.dropped, figures.dma_transfers, figures.dma_bytes,
            figures.irqs + figures.fiqs, sum(figures.faults)))
    return BoardStatus(
        len(machine.monitors), tuple(server.addresses.values()), machine.now / CYCLES_PER_MS,
        machine.instructions, server.busy_seconds, machine.packets,
        machine.options.conditions.counts_cycles, cores, list(machine.faults.all))


def function_profile(machine: EmulatedMachine, x: int, y: int, core: int) -> dict[str, int]:
    """Cycles of a core by function, the busiest first: instructions, unless they are modelled."""
    monitor = machine.monitors.get((x, y))
    counts = lib.emu_profile(monitor.chip.handle, core) if monitor is not None else ffi.NULL
    if monitor is None or counts == ffi.NULL:
        raise EmulatorError(f"core {core} of chip ({x}, {y}) has no profile: start the board with "
                            "profile=True and load an application")
    program = machine.faults.symbols(monitor, core)
    by_function: dict[str, int] = defaultdict(int)
    for index in range(layout.ITCM_SIZE // 2):
        if counts[index]:
            name = program.function(2 * index)[0] if program else ""
            by_function[name or f"0x{2 * index:04x}"] += int(counts[index])
    return dict(sorted(by_function.items(), key=lambda item: -item[1]))
