"""A machine without a network: its chips, their monitors, and the messages between them."""

import logging
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final

from pynn_eprop.emulator.chip import Chip
from pynn_eprop.emulator.chips import Chips
from pynn_eprop.emulator.commands import Commands
from pynn_eprop.emulator.conditions import FROM_THE_START, IDEAL, Conditions
from pynn_eprop.emulator.dead_parts import core_numbers, routes_to, without_dead
from pynn_eprop.emulator.faults import Fault, FaultLog
from pynn_eprop.emulator.geometry import Coordinates, Geometry
from pynn_eprop.emulator.layout import CORES, CYCLES_PER_MS, ROUTER_P2P, SV, Lock, Signal, Sv
from pynn_eprop.emulator.library import ffi, lib, open_unicorn
from pynn_eprop.emulator.message import DEFAULT_CHIP, TO_ETHERNET, Message
from pynn_eprop.emulator.monitor import Monitor
from pynn_eprop.emulator.refusal import Refused, ReturnCode
from pynn_eprop.emulator.tags import Address
from pynn_eprop.errors import EmulatorError

log = logging.getLogger(__name__)

QUANTUM: Final = 2000
"""Cycles (10 us) in which the cores of a chip take their turns; packets travel at its end."""
LOCK_SLICES: Final = 10_000
ENGINES: Final = ("interpreter", "unicorn")
"""Names of the engines that execute instructions; the second needs the package unicorn."""


@dataclass(frozen=True)
class Options:
    """Options of a machine.

    ``threads``: host threads; results do not depend on it. ``engine``: executes the
    instructions, one of ENGINES; results do not depend on it either. ``every_access``: let the
    engine "unicorn" make the checks of every access that the interpreter always makes (alignment,
    writes to all of the code), at a third of its speed. ``every_instruction``: let interrupts come
    between any two instructions, not only at the beginning of a block of code. ``profile``:
    count cycles by address, which are instructions unless ``conditions.timing`` says otherwise.
    ``quantum``: cycles of a slice. ``conditions``: in which ways it is as hard as a real one.
    Raises EmulatorError for numbers below 1, for unknown engines, and for modelled cycles with
    another engine than the interpreter or with ``every_instruction``, which knows no neighbours.
    """

    threads: int = 1
    engine: str = ENGINES[0]
    every_access: bool = False
    every_instruction: bool = False
    profile: bool = False
    quantum: int = QUANTUM
    conditions: Conditions = IDEAL

    def __post_init__(self) -> None:
        if self.threads < 1:
            raise EmulatorError(f"{self.threads} host threads; choose 1 or more")
        if self.quantum < 1:
            raise EmulatorError(f"slices of {self.quantum} cycles; choose 1 or more")
        if self.engine not in ENGINES:
            raise EmulatorError(
                f"there is no engine {self.engine!r}; choose one of {', '.join(ENGINES)}")
        if self.conditions.counts_cycles and self.engine != ENGINES[0]:
            raise EmulatorError(
                f"the engine {self.engine!r} counts instructions; with the condition "
                f"timing={self.conditions.timing!r} choose engine={ENGINES[0]!r}")
        if self.conditions.counts_cycles and self.every_instruction:
            raise EmulatorError(
                f"the condition timing={self.conditions.timing!r} counts cycles of whole blocks of "
                "code; choose every_instruction=False")


@dataclass(frozen=True)
class PacketCounts:
    """Multicast packets that the conditions concern since they were set.

    ``seen``: of the kind, at the place and core that the conditions name; 0 as long as they lose
    and double none. ``lost``, ``doubled``: of these. ``dropped``: by routers that hold packets
    back (condition ``congestion``); the reinjector may have sent them again. ``longest_wait``: in
    us, of a packet that was first in such a router; in steps of the machine's ``quantum``.
    """

    seen: int
    lost: int
    doubled: int
    dropped: int = 0
    longest_wait: float = 0.0


class EmulatedMachine(Chips):
    """Chips of one machine, which run only in :meth:`run`.

    ``transmit(ethernet, address, port, data)`` takes messages that leave a board by Ethernet;
    ``port`` is that of a reversed tag or None for the board's own. Raises EmulatorError for
    conditions that the geometry cannot have, such as a dead chip that is not there.
    """

    def __init__(self, geometry: Geometry, addresses: dict[Coordinates, str],
                 options: Options = Options()) -> None:
        if options.engine == "unicorn":
            open_unicorn()
        geometry = without_dead(geometry, options.conditions)
        numbers = {chip: core_numbers(options.conditions, chip) for chip in geometry.board}
        super().__init__(geometry)
        self.options = options
        self.transmit: Callable[[Coordinates, Address, int | None, bytes], None] = (
            lambda *_: None)
        settings = ffi.new("emu_settings *", {
            "chips": len(geometry.board), "threads": options.threads, "quantum": options.quantum,
            "unicorn": options.engine == "unicorn", "every_access": options.every_access,
            "every_instruction": options.every_instruction, "profile": options.profile,
            "conditions": options.conditions.for_machine(list(geometry.board))})
        handle = lib.emu_machine_new(settings)
        if handle == ffi.NULL:
            raise EmulatorError(f"no memory for {len(geometry.board)} chips")
        self._handle: Any = ffi.gc(handle, lib.emu_machine_free)
        self.faults = FaultLog()
        self._commands = Commands(self)
        self._boot(addresses, numbers)

    def close(self) -> None:
        """Give back the memory of chips and cores; the machine cannot be used afterwards."""
        if self._handle is not None:
            self.monitors.clear()
            ffi.release(self._handle)
            self._handle = None

    def _boot(self, addresses: dict[Coordinates, str],
              numbers: dict[Coordinates, list[int]]) -> None:
        board = self.geometry.board
        self.routes = {chip: routes_to(self.geometry, chip) for chip in board}
        handles = {place: lib.emu_machine_chip(self._handle, index)
                   for index, place in enumerate(board)}
        for (x, y), handle in handles.items():
            for link in range(6):
                neighbour = self.geometry.neighbour(x, y, link)
                if neighbour is not None:
                    lib.emu_link(handle, link, handles[neighbour])
            lib.emu_number_cores(handle, bytes(numbers[x, y]), len(numbers[x, y]))
            monitor = Monitor(Chip(handle, x, y), self._from_core, self.wait_for_lock,
                              numbers[x, y])
            self.monitors[x, y] = monitor
            lib.emu_chip_clock(handle, *self.options.conditions.clock(x, y))
            address = addresses.get((x, y))
            monitor.boot((self.geometry.width, self.geometry.height), board[x, y],
                         self.geometry.links(x, y),
                         bytes(int(part) for part in address.split(".")) if address else None,
                         self.geometry.version)
            monitor.chip.write(SV + Sv.CLOCK_DRIFT, struct.pack(
                "<i", self.options.conditions.measured_drift(x, y)))
            self._write_routes(monitor.chip)
        self._set_crashes()

    def _write_routes(self, chip: Chip) -> None:
        """The table for monitors' own packets: hosts learn from it which chips there are."""
        words: dict[int, int] = {}
        for (x, y), routes in self.routes.items():
            route = routes[chip.x, chip.y]
            index = x * 32 + y // 8
            shift = 3 * (y % 8)
            words[index] = words.get(index, 0x00DB6DB6) & ~(7 << shift) | route << shift
        for index, word in words.items():
            chip.write(ROUTER_P2P + 4 * index, word.to_bytes(4, "little"))

    # -- conditions --------------------------------------------------------------------------

    def set_conditions(self, conditions: Conditions) -> None:
        """Change in which ways the machine is hard; packets are counted from here on.

        Raises EmulatorError for another ``congestion``, as packets may be under way, and for
        other parts and numbers of them, which hosts have learned.
        """
        for name in FROM_THE_START:
            before, value = (getattr(each, name) for each in (self.options.conditions, conditions))
            if value != before:
                raise EmulatorError(f"condition {name}={value} cannot be set on a board that has "
                                    f"started with {name}={before}")
        values = ffi.new("emu_conditions *", conditions.for_machine(list(self.geometry.board)))
        lib.emu_set_conditions(self._handle, values)
        self.options = replace(self.options, conditions=conditions)
        self._set_crashes()

    def _set_crashes(self) -> None:
        conditions = self.options.conditions
        for (x, y), monitor in self.monitors.items():
            for core in range(CORES):
                crashes = (x, y, core) in conditions.crash_cores
                lib.emu_crash(monitor.chip.handle, core, conditions.crash_tick if crashes else 0)

    @property
    def packets(self) -> PacketCounts:
        """Packets that the conditions have lost and doubled."""
        counts = ffi.new("emu_packet_counts *")
        lib.emu_packet_counts_get(self._handle, counts)
        return PacketCounts(counts.seen, counts.lost, counts.doubled, counts.dropped,
                            1000 * counts.longest_wait / CYCLES_PER_MS)

    # -- time --------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Cycles since the machine was made."""
        return int(lib.emu_now(self._handle))

    @property
    def next_event(self) -> int:
        """The time of the next event without input from the host; NEVER if there is none."""
        return int(lib.emu_next_event(self._handle))

    @property
    def instructions(self) -> int:
        """Instructions that all cores have executed."""
        return int(lib.emu_instructions(self._handle))

    def run(self, until: int, *, exactly: bool = False) -> None:
        """Run to a time, with the monitors serving their cores meanwhile.

        The time is rounded up to whole slices, so that it does not matter how a run is divided.
        ``exactly``: it is not rounded; what is sent to a core next arrives at that cycle.
        """
        quantum = self.options.quantum
        if not exactly:
            until = -(-until // quantum) * quantum
        while self.now < until:
            if lib.emu_run(self._handle, until):
                self._collect()
            self._deliver()
        for monitor in self.monitors.values():
            if monitor.applications:
                monitor.set_clock(self.now)
        self._take_faults()

    def _take_faults(self) -> None:
        if lib.emu_faults_waiting(self._handle):
            for monitor in self.monitors.values():
                self.faults.take(monitor)

    def _collect(self) -> None:
        for monitor in self.monitors.values():
            if lib.emu_take_monitor_interrupt(monitor.chip.handle):
                with self._guarded(monitor):
                    monitor.collect()

    def _deliver(self) -> None:
        for monitor in self.monitors.values():
            if monitor.has_waiting:
                with self._guarded(monitor):
                    monitor.deliver()

    @contextmanager
    def _guarded(self, monitor: Monitor) -> Iterator[None]:
        """A context in which a chip with overwritten system variables does not stop the machine."""
        try:
            yield
        except Refused as refusal:
            log.warning("the monitor of chip (%d, %d) cannot go on: %s", monitor.chip.x,
                        monitor.chip.y, refusal)

    def wait_for_lock(self, monitor: Monitor, lock: Lock) -> None:
        """Let cores go on until none of a chip's cores holds a lock."""
        for _ in range(LOCK_SLICES):
            if not lib.emu_locked(monitor.chip.handle, lock):
                return
            lib.emu_run(self._handle, self.now + self.options.quantum)
        log.warning("a core of chip (%d, %d) keeps the lock %s", monitor.chip.x, monitor.chip.y,
                    lock.name)

    def clear(self) -> None:
        """Stop all applications and free all that they own: memory, routes and tags."""
        for monitor in self.monitors.values():
            with self._guarded(monitor):
                monitor.signal(Signal.STOP, 0, 0)
        for ethernet, tags in self.tags.items():
            tags.clear_all()
            self.on_tags_changed(ethernet)

    # -- messages ----------------------------------------------------------------------------

    def receive(self, ethernet: Coordinates, message: Message, sender: Address) -> bytes | None:
        """A message from a host to a board. Returns the answer of a monitor, if there is one."""
        place = ethernet if message.destination == DEFAULT_CHIP else message.destination
        monitor = self.monitors.get(place)
        if message.wants_reply:
            self.tags[ethernet].for_host(sender)
        if monitor is None:
            refusal = Refused(ReturnCode.NO_ROUTE, f"there is no chip {place}")
            return self._refuse(message, refusal)
        try:
            if message.core:
                self._post(monitor, ethernet, message, sender)
                self._deliver()
                return None
            payload = self._commands.execute(monitor, message, sender)
        except Refused as refusal:
            return self._refuse(message, refusal)
        # the answer says which chip it comes from
        answer = message.answer(ReturnCode.OK, payload)
        return Message(answer.flags, answer.tag, answer.destination_port, answer.source_port,
                       answer.destination, place, answer.data).pack()

    @staticmethod
    def _refuse(message: Message, refusal: Refused) -> bytes | None:
        log.warning("refused with %s: %s", refusal.code.name, refusal)
        return message.answer(refusal.code).pack() if message.wants_reply else None

    def _post(self, monitor: Monitor, ethernet: Coordinates, message: Message,
              sender: Address) -> None:
        tag = self.tags[ethernet].for_host(sender) if message.wants_reply else message.tag
        routed = Message(message.flags, tag, message.destination_port, TO_ETHERNET,
                         (monitor.chip.x, monitor.chip.y), ethernet, message.data)
        monitor.post(message.core, routed.pack())

    def inject(self, ethernet: Coordinates, port: int, data: bytes, sender: Address) -> None:
        """Data that a host sent to the port of a reversed tag: a message to the tag's core."""
        number = self.tags[ethernet].reversed_ports().get(port)
        tag = self.tags[ethernet].get(number) if number is not None else None
        if number is None or tag is None:
            return
        tag.address = sender
        message = Message(0x07, number, tag.destination_port, TO_ETHERNET, tag.destination,
                          ethernet, data)
        monitor = self.monitors.get(tag.destination)
        try:
            if monitor is None:
                raise Refused(ReturnCode.NO_ROUTE, f"there is no chip {tag.destination}")
            monitor.post(message.core, message.pack())
        except Refused as refusal:
            self._refuse(message, refusal)
            return
        self._deliver()

    def _from_core(self, monitor: Monitor, packet: bytes) -> None:
        message = Message.parse(packet)
        if message is None:
            return
        if message.destination_port == TO_ETHERNET:
            self._to_host(message)
            return
        target = self.monitors.get(message.destination)
        if target is None:
            return
        try:
            if message.core:
                target.post(message.core, packet)
                return
            answer = message.answer(
                ReturnCode.OK, self._commands.execute(target, message, None))
        except Refused as refusal:
            log.warning("refused with %s: %s", refusal.code.name, refusal)
            answer = message.answer(refusal.code)
        if message.wants_reply and message.source_port & 31:
            try:
                monitor.post(answer.core, answer.pack())
            except Refused:
                log.warning("an answer of a monitor found no core")

    def _to_host(self, message: Message) -> None:
        ethernet = self.geometry.board.get(message.destination)
        tag = self.tags[ethernet].get(message.tag) if ethernet is not None else None
        if tag is None or ethernet is None:
            log.warning("a message of core %d on chip %s goes to IP tag %d, which is not set",
                        message.source_port & 31, message.source, message.tag)
            return
        tag.count += 1
        data = message.data if tag.strips else b"\0\0" + message.pack()
        self.transmit(ethernet, tag.address, tag.port or None, data)

    def active(self) -> Iterable[tuple[Monitor, int]]:
        """Cores that run an application, with their monitors."""
        for monitor in self.monitors.values():
            for core in sorted(monitor.applications):
                yield monitor, core

    def new_faults(self) -> list[Fault]:
        """Findings of the checks since the last call."""
        self._take_faults()
        return self.faults.new()
