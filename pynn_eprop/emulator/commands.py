"""The commands that a monitor takes from hosts (SCP)."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pynn_eprop.emulator import tags
from pynn_eprop.emulator.chips import Chips
from pynn_eprop.emulator.layout import (
    CORES,
    LINKS,
    SDRAM_SYSTEM,
    SV,
    Lock,
    Signal,
    Sv,
)
from pynn_eprop.emulator.message import COMMAND, Message
from pynn_eprop.emulator.monitor import Monitor
from pynn_eprop.emulator.refusal import Refused, ReturnCode
from pynn_eprop.emulator.tags import Tag

DATA: Final = 256
"""Most bytes of data in a command or an answer."""
IDENTITY: Final = b"SC&MP/SpiNNaker\0" + b"4.0.0\0"
BUILD_DATE: Final = 1_700_000_000
RETRY_TAG: Final = 4


@dataclass(frozen=True)
class Request:
    """A command with its arguments, as it came in."""

    monitor: Monitor
    sender: tuple[str, int] | None
    code: int
    first: int
    second: int
    third: int
    data: bytes


def words(*values: int) -> bytes:
    """Little-endian words."""
    return struct.pack(f"<{len(values)}I", *(value & 0xFFFFFFFF for value in values))


class Commands:
    """Carries out commands on the chips of a machine."""

    def __init__(self, chips: Chips) -> None:
        self._chips = chips
        self._flood_address: int | None = None
        self._flood_region = 0xFFFF
        self._table: dict[int, Callable[[Request], bytes]] = {
            0: self._version, 2: self._read, 3: self._write, 5: self._fill, 15: self._count,
            17: self._link_read, 18: self._link_write, 19: self._reset_cores,
            20: self._nearest_neighbour, 21: self._copy_and_run, 22: self._signal_command,
            23: self._flood_data, 24: self._start_cores, 25: self._nothing, 26: self._ip_tag,
            28: self._allocate, 29: self._route, 31: self._info, 32: self._nothing}

    def execute(self, monitor: Monitor, message: Message,
                sender: tuple[str, int] | None) -> bytes:
        """Carry out the command in a message. Returns the data of the answer.

        Raises Refused with the code that the system software would give.
        """
        if len(message.data) < 4:
            raise Refused(ReturnCode.LENGTH, f"{len(message.data)} bytes are not a command")
        if len(message.data) < COMMAND.size:
            raise Refused(ReturnCode.LENGTH,
                          f"a command has {COMMAND.size} bytes, not {len(message.data)}")
        code, _, first, second, third = COMMAND.unpack_from(message.data)
        action = self._table.get(code)
        if action is None:
            raise Refused(ReturnCode.COMMAND, f"there is no command {code}")
        return action(Request(monitor, sender, code, first, second, third,
                              message.data[COMMAND.size:]))

    # -- information -------------------------------------------------------------------------

    def _version(self, request: Request) -> bytes:
        chip = request.monitor.chip
        return struct.pack("<BBBBHHI", 0, 0, chip.y, chip.x, DATA, 0xFFFF, BUILD_DATE) + IDENTITY

    def _info(self, request: Request) -> bytes:
        monitor, chip = request.monitor, request.monitor.chip
        monitor.wait_for_lock(Lock.HEAP)
        geometry = self._chips.geometry
        ethernet = geometry.board[chip.x, chip.y]
        word = (monitor.cores | geometry.links(chip.x, chip.y) << 8 | monitor.router.largest() << 14
                | ((chip.x, chip.y) == ethernet) << 25)
        to_root = self._chips.routes[0, 0][chip.x, chip.y]
        return (words(word, monitor.sdram.largest(), monitor.sysram.largest())
                + bytes(chip.state(core) for core in range(CORES))
                + struct.pack("<H", ethernet[0] << 8 | ethernet[1])
                + chip.read(SV + Sv.IP_ADDRESS, 4) + struct.pack("<H", to_root))

    def _count(self, request: Request) -> bytes:
        return words(sum(monitor.count(request.first, request.second)
                         for monitor in self._chips.board_of(request.monitor)))

    def _nothing(self, request: Request) -> bytes:
        return b""

    # -- memory ------------------------------------------------------------------------------

    @staticmethod
    def _check_access(address: int, size: int, kind: int = 0) -> None:
        if size > DATA:
            raise Refused(ReturnCode.ARGUMENT, f"{size} bytes are more than {DATA}")
        if kind > 2 or (address | size) % (1 << min(kind, 2)):
            raise Refused(ReturnCode.ARGUMENT,
                          f"0x{address:08x}, {size} bytes: not aligned for access type {kind}")

    def _read(self, request: Request) -> bytes:
        self._check_access(request.first, request.second, request.third)
        return request.monitor.chip.read(request.first, request.second)

    def _write(self, request: Request) -> bytes:
        self._check_access(request.first, request.second, request.third)
        if len(request.data) < request.second:
            raise Refused(ReturnCode.LENGTH,
                          f"{request.second} bytes to write, {len(request.data)} given")
        request.monitor.chip.write(request.first, request.data[:request.second])
        return b""

    def _fill(self, request: Request) -> bytes:
        address, size = request.first, request.third
        if address % 4 or size % 4:
            raise Refused(ReturnCode.ARGUMENT,
                          f"fill of 0x{address:08x}, {size} bytes: not whole words")
        request.monitor.chip.read(address, 0)
        request.monitor.chip.read(address + size, 0)
        request.monitor.chip.write(address, words(request.second) * (size // 4))
        return b""

    def _neighbour(self, request: Request, link: int) -> Monitor:
        chip = request.monitor.chip
        if link >= len(LINKS):
            raise Refused(ReturnCode.ARGUMENT, f"there is no link {link}")
        neighbour = self._chips.geometry.neighbour(chip.x, chip.y, link)
        if neighbour is None:
            raise Refused(ReturnCode.TIMEOUT, f"nothing answers on link {link}")
        return self._chips.monitors[neighbour]

    def _link_read(self, request: Request) -> bytes:
        self._check_access(request.first, request.second)
        return self._neighbour(request, request.third).chip.read(
            request.first, request.second & ~3)

    def _link_write(self, request: Request) -> bytes:
        self._check_access(request.first, request.second)
        size = min(request.second & ~3, len(request.data))
        self._neighbour(request, request.third).chip.write(request.first, request.data[:size])
        return b""

    # -- applications ------------------------------------------------------------------------

    @staticmethod
    def _start(monitor: Monitor, address: int, word: int) -> None:
        monitor.start(address, application=word >> 24, flags=word >> 18 & 63,
                      cores=word & 0x3FFFF)

    def _start_cores(self, request: Request) -> bytes:
        self._start(request.monitor, request.first, request.second)
        return b""

    def _reset_cores(self, request: Request) -> bytes:
        self._start(request.monitor, SDRAM_SYSTEM, request.first)
        return b""

    def _copy_and_run(self, request: Request) -> bytes:
        size, checksum = request.second, request.first >> 3
        source = self._neighbour(request, request.first & 7)
        if size % 4:
            raise Refused(ReturnCode.ARGUMENT, f"{size} bytes are not whole words")
        data = source.chip.read(SDRAM_SYSTEM, size)
        total = sum(value for (value,) in struct.iter_unpack("<I", data))
        if checksum and total & 0x1FFFFFFF != checksum:
            raise Refused(ReturnCode.CHECKSUM, f"checksum of the image is 0x{total:08x}")
        request.monitor.chip.write(SDRAM_SYSTEM, data)
        self._start(request.monitor, SDRAM_SYSTEM, request.third)
        return b""

    def _signal_all(self, word: int) -> None:
        number, mask, application = word >> 16 & 15, word >> 8 & 255, word & 255
        if number >= len(Signal):
            raise Refused(ReturnCode.ARGUMENT, f"there is no signal {number}")
        for monitor in self._chips.monitors.values():
            monitor.signal(Signal(number), application, mask)

    def _signal_command(self, request: Request) -> bytes:
        if request.first not in (0, 2):
            raise Refused(ReturnCode.ARGUMENT, f"signals of type {request.first} are not sent")
        self._signal_all(request.second)
        return b""

    def _nearest_neighbour(self, request: Request) -> bytes:
        kind = request.first >> 24
        if kind == 0 and request.second >> 28 == 5:
            self._signal_all(request.second)
        elif kind == 6:  # start of a flood fill
            self._flood_address = None
            self._flood_region = request.second
        elif kind == 15:  # its end
            self._flood_end(request.second)
        else:
            raise Refused(ReturnCode.ARGUMENT, f"flood message {kind} is not known")
        return b""

    def _flooded(self) -> list[Monitor]:
        region = self._flood_region
        if region == 0xFFFF:
            return list(self._chips.monitors.values())
        base_x, base_y = region >> 24 & 0xFC, region >> 16 & 0xFC
        return [monitor for (x, y), monitor in self._chips.monitors.items()
                if (x & 0xFC, y & 0xFC) == (base_x, base_y)
                and region >> ((y & 3) * 4 + (x & 3)) & 1]

    def _flood_data(self, request: Request) -> bytes:
        size = ((request.second >> 8 & 255) + 1) * 4
        if len(request.data) < size:
            raise Refused(ReturnCode.LENGTH, f"{size} bytes to write, {len(request.data)} given")
        if self._flood_address is None:
            self._flood_address = request.third
        for monitor in self._flooded():
            monitor.chip.write(request.third, request.data[:size])
        return b""

    def _flood_end(self, word: int) -> None:
        if self._flood_address is None:
            return
        for monitor in self._flooded():
            self._start(monitor, self._flood_address, word)

    # -- allocation --------------------------------------------------------------------------

    def _allocate(self, request: Request) -> bytes:
        operation, application = request.first & 255, request.first >> 8 & 255
        flags = request.first >> 16 & 255
        monitor = request.monitor
        monitor.wait_for_lock(Lock.HEAP)
        monitor.wait_for_lock(Lock.ROUTER)
        match operation:
            case 0:
                return words(self._allocate_sdram(request, application, flags))
            case 1:
                if not monitor.sdram.free(request.second):
                    raise Refused(ReturnCode.ARGUMENT, f"no block at 0x{request.second:08x}")
                return b""
            case 2:
                return words(monitor.sdram.free_application(application))
            case 3:
                monitor.uses(application)
                return words(monitor.router.allocate(request.second, application))
            case 4:
                monitor.router.free(request.second, bool(request.third))
                return b""
            case 5:
                return words(monitor.router.free_application(application, bool(request.second)))
            case 6:
                return words(monitor.sdram.free_bytes(), monitor.sdram.largest())
            case 7:
                return words(monitor.sdram.tagged(application, request.second & 255))
        raise Refused(ReturnCode.ARGUMENT, f"there is no allocation operation {operation}")

    def _allocate_sdram(self, request: Request, application: int, flags: int) -> int:
        heap, size, tag = request.monitor.sdram, request.second, request.third & 255
        held = heap.tagged(application, tag) if tag else 0
        if held:
            same = flags & RETRY_TAG and heap.block_size(held) == size
            return held if same else 0
        request.monitor.uses(application)
        return heap.allocate(size, application, tag)

    # -- routing and tags --------------------------------------------------------------------

    def _route(self, request: Request) -> bytes:
        operation, application = request.first & 255, request.first >> 8 & 255
        monitor, count = request.monitor, request.first >> 16
        done = True
        match operation:
            case 0:
                monitor.router.reset()
            case 1:
                done = monitor.router.clear(request.second, count)
            case 2:
                done = monitor.router.load(request.second, count, request.third, application)
            case 3 if request.second >> 31:
                return monitor.chip.read(SV + Sv.FIXED_ROUTE_COPY, 4)
            case 3:
                monitor.router.set_fixed_route(request.second)
            case _:
                raise Refused(ReturnCode.ARGUMENT, f"there is no routing operation {operation}")
        if not done:
            raise Refused(ReturnCode.ARGUMENT, "entries outside the routing table")
        return b""

    def _ip_tag(self, request: Request) -> bytes:
        operation, number = request.first >> 16 & 15, request.first & 255
        board = self._chips.tags_of(request.monitor)
        if operation > 4 or number >= tags.FIXED + tags.POOL:
            raise Refused(ReturnCode.ARGUMENT, f"IP tag {number}, operation {operation}")
        if operation in (0, 1):
            if operation == 0:
                number = board.free_number()
            if number != tags.NONE:
                board.set(number, self._new_tag(request))
                self._chips.tags_changed(request.monitor)
            return words(number)
        if operation == 2:
            size = request.second * tags.ENTRY.size
            if size > DATA:
                raise Refused(ReturnCode.ARGUMENT, f"{size} bytes are more than {DATA}")
            entries = (board.get(number + index) for index in range(request.second))
            return b"".join(tag.pack() if tag else bytes(tags.ENTRY.size) for tag in entries)
        if operation == 3:
            board.clear(number)
            self._chips.tags_changed(request.monitor)
            return b""
        timeout = board.timeout
        if request.second < 16:
            board.timeout = request.second
        return bytes([timeout, tags.ENTRY.size, tags.POOL, tags.FIXED])

    @staticmethod
    def _new_tag(request: Request) -> Tag:
        flags = request.first >> 20 & 0x0F00
        host, port = request.sender or ("0.0.0.0", 0)
        if not flags & tags.USE_SENDER:
            port = request.second & 0xFFFF
            if request.third:
                host = ".".join(str(request.third >> shift & 255) for shift in (0, 8, 16, 24))
        if flags & tags.REVERSE:
            return Tag(flags | tags.VALID, ("0.0.0.0", 0), port=request.second & 0xFFFF,
                       destination=(request.second >> 24, request.second >> 16 & 255),
                       destination_port=request.first >> 8 & 255)
        return Tag(flags | tags.VALID, (host, port))
