"""A machine on the network: UDP sockets of its boards, and the loop that lets it run."""

import contextlib
import logging
import selectors
import socket
import threading
import time
from functools import partial
from typing import Any, Final

from pynn_eprop.emulator.bad_network import BadNetwork
from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.emulator.geometry import Coordinates
from pynn_eprop.emulator.layout import CYCLES_PER_MS
from pynn_eprop.emulator.library import NEVER
from pynn_eprop.emulator.message import Message
from pynn_eprop.emulator.tags import Address
from pynn_eprop.errors import AddressTakenError

log = logging.getLogger(__name__)

PORT: Final = 17893
"""UDP port of SpiNNaker boards."""
PADDING: Final = 2
"""Bytes before the message in a UDP packet."""
LARGEST: Final = 2048
AT_ONCE: Final = 64
"""Packets taken at most before the machine runs on."""
STEP: Final = CYCLES_PER_MS
LAG: Final = 20 * CYCLES_PER_MS
"""A machine that is so far behind the host's clock does not try to catch up."""


def bind(address: str, port: int = PORT) -> socket.socket:
    """A socket on a loopback address; raises AddressTakenError if it cannot be opened."""
    new = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        new.bind((address, port))
    except OSError as error:
        new.close()
        raise AddressTakenError(
            f"UDP port {port} of {address} cannot be used ({error.strerror}); stop the other "
            "board or choose another loopback address, such as 127.0.1.1") from error
    new.setblocking(False)
    new.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    return new


def is_free(address: str, port: int) -> bool:
    """Whether no process has a socket on this address of this host."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


class Server:
    """Serves a machine's boards on loopback addresses until stopped.

    ``sockets`` has one for each board, by its Ethernet chip; they are closed with the server.
    With ``real_time`` the machine runs no faster than a real one; it is slower if the host is.
    With ``clear_abandoned`` the machine is cleared when a new host comes and all earlier ones are
    gone. Packets get lost, doubled and late as the machine's conditions have it (``network``).
    """

    def __init__(self, machine: EmulatedMachine, sockets: dict[Coordinates, socket.socket], *,
                 port: int = PORT, real_time: bool = True,
                 clear_abandoned: bool = True) -> None:
        self.machine = machine
        self.addresses = {chip: str(one.getsockname()[0]) for chip, one in sockets.items()}
        self.port = port
        self.lock = threading.RLock()
        self.packets_in = self.packets_out = self.packets_ignored = 0
        self.busy_seconds = 0.0
        self.network = BadNetwork(machine.options.conditions)
        self._real_time = real_time
        self._clear_abandoned = clear_abandoned
        self._hosts: set[Address] = set()
        self._reported: set[tuple[int, int, int, FaultKind]] = set()
        self._selector = selectors.DefaultSelector()
        self._sockets: dict[tuple[Coordinates, int], socket.socket] = {}
        self._stopped = threading.Event()
        self._wake_in, self._wake_out = socket.socketpair()
        self._wake_in.setblocking(False)
        self._selector.register(self._wake_in, selectors.EVENT_READ, None)
        self._origin = (time.monotonic(), machine.now)
        for ethernet, bound in sockets.items():
            self._add(ethernet, port, bound)
        machine.transmit = self._transmit
        machine.on_tags_changed = self._tags_changed

    def _add(self, ethernet: Coordinates, port: int, new: socket.socket) -> None:
        self._sockets[ethernet, port] = new
        self._selector.register(new, selectors.EVENT_READ, (ethernet, port))

    def _shut(self, key: tuple[Coordinates, int]) -> None:
        old = self._sockets.pop(key)
        self._selector.unregister(old)
        old.close()

    def _tags_changed(self, ethernet: Coordinates) -> None:
        """Listen to the ports of the board's reversed tags, and to no others."""
        wanted = set(self.machine.tags[ethernet].reversed_ports()) - {self.port}
        for key in [key for key in self._sockets if key[0] == ethernet and key[1] != self.port]:
            if key[1] not in wanted:
                self._shut(key)
        for port in wanted:
            if (ethernet, port) not in self._sockets:
                try:
                    self._add(ethernet, port, bind(self.addresses[ethernet], port))
                except AddressTakenError as error:
                    log.warning("reversed IP tag: %s", error)

    def _transmit(self, ethernet: Coordinates, address: Address, port: int | None,
                  data: bytes) -> None:
        source = self._sockets.get((ethernet, port or self.port),
                                   self._sockets[ethernet, self.port])
        self._send(source, data, address)

    def _send(self, source: socket.socket, data: bytes, address: Address) -> None:
        def deliver() -> None:
            try:
                source.sendto(data, address)
                self.packets_out += 1
            except (OSError, OverflowError) as error:
                log.warning("a packet to %s:%d is lost: %s", *address, error)

        self.network.carry(self.network.to_host, deliver)

    # -- the loop ----------------------------------------------------------------------------

    def serve(self) -> None:
        """Serve until stop() is called from another thread or a signal handler."""
        while not self._stopped.is_set():
            with self.lock:
                wait = self._advance()
            self._receive(self.network.wait(wait))
            self.network.deliver_late()

    def stop(self) -> None:
        """End serve()."""
        self._stopped.set()
        with contextlib.suppress(OSError):
            self._wake_out.send(b"\0")

    def close(self) -> None:
        """Close all sockets."""
        for key in list(self._sockets):
            self._shut(key)
        self._selector.close()
        self._wake_in.close()
        self._wake_out.close()

    def _advance(self) -> float | None:
        """Run the machine for a step if something is due. Returns seconds until the next event."""
        machine = self.machine
        following = machine.next_event
        if following == NEVER:
            return None
        started = time.monotonic()
        allowed = self._allowed(started)
        if self._real_time and following > allowed:
            return (following - allowed) / (1000 * CYCLES_PER_MS)
        if following > machine.now + STEP:
            machine.run(following)
        else:
            machine.run(machine.now + STEP)
        self.busy_seconds += time.monotonic() - started
        for fault in machine.new_faults():
            self._report(fault)
        return 0.0

    def _report(self, fault: Fault) -> None:
        """Log the first fault of a kind on a core; ``Board.faults()`` has the others.

        Overrun ticks are logged at level INFO: a program may take longer by design, as updates do.
        """
        core = fault.x, fault.y, fault.core
        if (*core, fault.kind) not in self._reported:
            self._reported.add((*core, fault.kind))
            log.log(logging.INFO if fault.kind is FaultKind.TICK_OVERRUN else logging.WARNING,
                    "%s", fault)

    def _allowed(self, host: float) -> int:
        """The time up to which the host's clock lets the machine run."""
        allowed = self._origin[1] + int((host - self._origin[0]) * 1000 * CYCLES_PER_MS)
        if not -LAG < allowed - self.machine.now < LAG:
            self._origin = (host, self.machine.now)
            return self.machine.now
        return allowed

    def _receive(self, wait: float | None) -> None:
        for key, _ in self._selector.select(wait):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._wake_in.recv(64)
            else:
                self._drain(key.fileobj, *key.data)

    def _drain(self, source: Any, ethernet: Coordinates, port: int) -> None:
        for _ in range(AT_ONCE):
            try:
                data, sender = source.recvfrom(LARGEST)
            except (BlockingIOError, ConnectionRefusedError):
                return
            self.packets_in += 1
            self.network.carry(self.network.to_board,
                               partial(self._arrive, source, ethernet, port, data, sender))

    def _arrive(self, source: Any, ethernet: Coordinates, port: int, data: bytes,
                sender: Address) -> None:
        with self.lock:
            if port == self.port:
                self._message(source, ethernet, data, sender)
            else:
                self.machine.inject(ethernet, port, data[:272], sender)

    def _meet(self, sender: Address) -> None:
        """Note a host; clear the machine for a new one if killed ones have left something."""
        alive = {host for host in self._hosts if not is_free(*host)}
        if self._hosts and not alive and self._clear_abandoned:
            self.machine.clear()
        self._hosts = alive | {sender}
        self._reported.clear()

    def _message(self, source: Any, ethernet: Coordinates, data: bytes, sender: Address) -> None:
        message = Message.parse(data[PADDING:])
        if message is None:
            self.packets_ignored += 1
            return
        if sender not in self._hosts:
            self._meet(sender)
        answer = self.machine.receive(ethernet, message, sender)
        if answer is not None:
            self._send(source, bytes(PADDING) + answer, sender)
