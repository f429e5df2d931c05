"""A board for scripts: emulated machine, network and configuration in one object."""

import ipaddress
import socket
import threading
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Final

from pynn_eprop.emulator.conditions import IDEAL, Conditions
from pynn_eprop.emulator.configuration import configured, further_lines, machine_lines
from pynn_eprop.emulator.emulated_machine import (
    ENGINES,
    QUANTUM,
    EmulatedMachine,
    Options,
    PacketCounts,
)
from pynn_eprop.emulator.faults import Fault
from pynn_eprop.emulator.geometry import Coordinates, geometry
from pynn_eprop.emulator.server import PORT, Server, bind
from pynn_eprop.emulator.status import BoardStatus, function_profile, status
from pynn_eprop.errors import AddressTakenError, EmulatorError

ADDRESS: Final = "127.0.0.2"
SEARCHED: Final = 200
"""Number of addresses that are tried if none is given."""


class Board:
    """One or more SpiNNaker boards in software, on loopback addresses.

    As a context manager it serves in a thread of this process and configures sPyNNaker for it, with
    reports in a folder that is removed at the end, unless a MachineError refers to it::

        with Board(chips=4) as board:
            run_my_pynn_script()
            print(board.status())

    ``chips``: 1, 4 or 48 a board. ``boards``: 1, or 3, 6, ... of 48 chips, each on an address of
    its own from ``address`` on (default: the first that are free from 127.0.0.2 on).
    ``threads``: host threads; results do not depend on it. ``real_time``: never run faster than a
    real board. ``engine``: executes the instructions: "interpreter", or "unicorn", which is
    slower, agrees in all results and needs the package unicorn. ``every_access``: let unicorn
    check every load and store, as the interpreter always does. ``profile``: count cycles by
    function. ``programs``: ELF files whose functions are named in reports. ``debug``: let
    sPyNNaker write all its reports. ``clear_abandoned``: when a new host comes and the sockets of
    all earlier ones are closed, stop the applications that they left; a real board keeps them until
    it is booted again. ``conditions``: in which ways the board is as hard as a real one.

    Raises EmulatorError for a board that does not exist, an address outside the loopback range or
    options that exclude each other (:class:`Options`), AddressTakenError if another program has
    the address, and MissingDependencyError if the package unicorn is asked for and missing.
    """

    def __init__(self, chips: int = 4, *, boards: int = 1, address: str | None = None,
                 threads: int = 1, real_time: bool = True, every_access: bool = False,
                 engine: str = ENGINES[0], profile: bool = False, quantum: int = QUANTUM,
                 programs: Iterable[str | Path] = (), debug: bool = False,
                 clear_abandoned: bool = True,
                 conditions: Conditions = IDEAL) -> None:
        whole = geometry(chips, boards)
        options = Options(threads=threads, every_access=every_access, profile=profile,
                          quantum=quantum, engine=engine, conditions=conditions)
        sockets = _bind(whole.ethernet_chips, address)
        self.addresses = {chip: str(one.getsockname()[0]) for chip, one in sockets.items()}
        self.address = self.addresses[whole.ethernet_chips[0]]
        self._debug = debug
        self._real_time = real_time
        with ExitStack() as undo:
            for one in sockets.values():
                undo.callback(one.close)
            self.machine = EmulatedMachine(whole, self.addresses, options)
            self.geometry = self.machine.geometry
            undo.callback(self.machine.close)
            self.machine.faults.add_programs(Path(path) for path in programs)
            self.server = Server(self.machine, sockets, real_time=real_time,
                                 clear_abandoned=clear_abandoned)
            undo.pop_all()
        self._thread: threading.Thread | None = None
        self._stack = ExitStack()
        self.home: Path | None = None

    @property
    def configuration_lines(self) -> str:
        """The two lines that a user's ``~/.spynnaker.cfg`` needs under ``[Machine]``."""
        return machine_lines(self.address, self.geometry.version)

    @property
    def faster_lines(self) -> str:
        """Lines for that section that switch off features useless with an emulated board.

        With the condition ``monitors`` they switch them on.
        """
        return "\n".join(further_lines(self.machine.options.conditions.monitors))

    def serve(self) -> None:
        """Serve in this thread until stop() is called."""
        self.server.serve()

    def stop(self) -> None:
        """End serve()."""
        self.server.stop()

    def close(self) -> None:
        """Close the sockets and give back the memory."""
        self.stop()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self.server.close()
        self.machine.close()

    def start(self) -> None:
        """Serve in a thread of its own."""
        self._thread = threading.Thread(target=self.serve, name=f"board {self.address}",
                                        daemon=True)
        self._thread.start()

    def status(self) -> BoardStatus:
        """The present state of cores and chips; printed, a table."""
        with self.server.lock:
            return status(self.machine, self.server)

    def set_conditions(self, conditions: Conditions) -> None:
        """Change in which ways the board is hard, from now on; packets are counted from here on.

        Raises EmulatorError for those that a board has from the start, if they are not as before:
        ``congestion``, ``monitors``, dead parts and core numbers.
        """
        with self.server.lock:
            self.machine.set_conditions(conditions)
            self.server.network.set_conditions(conditions)

    def packets(self) -> PacketCounts:
        """Packets that the conditions have lost and doubled since they were set."""
        with self.server.lock:
            return self.machine.packets

    def faults(self) -> list[Fault]:
        """All findings of the checks."""
        with self.server.lock:
            self.machine.new_faults()
            return list(self.machine.faults.all)

    def profile(self, x: int, y: int, core: int) -> dict[str, int]:
        """Cycles by function of a core (option ``profile``), the busiest first.

        They are instructions unless the conditions say ``timing="arm968"``. Without an ELF file
        for its program the names are addresses.
        """
        with self.server.lock:
            return function_profile(self.machine, x, y, core)

    def iobuf(self, x: int, y: int, core: int) -> str:
        """The text that a core has printed."""
        with self.server.lock:
            return self.machine.monitors[x, y].chip.iobuf(core)

    def __enter__(self) -> "Board":
        self.home = self._stack.enter_context(
            configured(self.address, self.geometry.version, self._debug, self._real_time,
                       self.machine.options.conditions.monitors))
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        try:
            self.close()
        finally:
            self._stack.__exit__(kind, error, trace)


def _bind(ethernet_chips: list[Coordinates],
          first: str | None) -> dict[Coordinates, socket.socket]:
    """Sockets of the boards on addresses from ``first`` on, or on the first that are free."""
    if first is not None:
        return _bind_from(ethernet_chips, _loopback(first, len(ethernet_chips)))
    base = ipaddress.IPv4Address(ADDRESS)
    for offset in range(SEARCHED):
        try:
            return _bind_from(ethernet_chips, base + offset)
        except AddressTakenError:
            continue
    raise AddressTakenError(f"UDP port {PORT} is taken on the {SEARCHED} addresses from {base} on")


def _bind_from(ethernet_chips: list[Coordinates],
               base: ipaddress.IPv4Address) -> dict[Coordinates, socket.socket]:
    sockets: dict[Coordinates, socket.socket] = {}
    try:
        for index, chip in enumerate(ethernet_chips):
            sockets[chip] = bind(str(base + index))
    except AddressTakenError:
        for one in sockets.values():
            one.close()
        raise
    return sockets


def _loopback(first: str, boards: int) -> ipaddress.IPv4Address:
    try:
        base = ipaddress.IPv4Address(first)
    except ipaddress.AddressValueError as error:
        raise EmulatorError(
            f"{first!r} is not an IPv4 address; choose one such as {ADDRESS}") from error
    if not (base.is_loopback and (base + boards - 1).is_loopback):
        raise EmulatorError(
            f"{first} is not in the loopback range 127.0.0.0/8, which an emulated board stays in")
    return base


__all__ = ["ADDRESS", "PORT", "Board"]
