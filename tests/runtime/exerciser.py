"""The host's side of the test application: its data, the commands of a host, its records.

Data is laid out as sPyNNaker's data specification does, commands are those of
SpiNNFrontEndCommon 7.4.1 (``SDP_RUNNING_MESSAGE_CODES``); neither package is needed.
"""

import hashlib
import struct
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

import numpy as np

from pynn_eprop.emulator.emulated_machine import EmulatedMachine, Options
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.layout import (
    CYCLES_PER_MS,
    SDRAM_SYSTEM,
    SV,
    CpuState,
    Signal,
    Sv,
    Vcpu,
)
from pynn_eprop.emulator.message import Message

APPLICATION = 16
CORE = 1
CHIP = (0, 0)
CONTROL_PORT = 3
HOST = ("127.0.60.9", 7000)
MAGIC, VERSION = 0xAD130AD6, 0x00010000
REGIONS = 32
ROW_WORDS = 32
PROVENANCE_WORDS = 6 + 5
STEP = np.dtype([(name, "<u4") for name in (
    "time", "packets", "payloads", "packet_sum", "transfers", "row_sum", "messages",
    "message_sum", "user_events", "scheduled", "asked", "done")])
EVENT = np.dtype([("kind", "<u4"), ("first", "<u4"), ("second", "<u4")])
NAME_HASH = int(hashlib.md5(b"exerciser").hexdigest()[:8], 16)


PORT, TEXT_PORT, HEAP_PORT = 2, 4, 5


class Kind(IntEnum):
    """The kind of an event."""

    KEY = 1
    PAYLOAD = 2
    ROW = 3
    MESSAGE = 4
    USER = 5
    SCHEDULED = 6


class PacketWork(IntEnum):
    """Actions of the application at a packet."""

    NOTHING = 0
    TRANSFER = 1
    SCHEDULE = 2
    SEND = 3


class Command(IntEnum):
    """Commands of a host to the control port."""

    STOP = 6
    RUN = 7
    PROVENANCE = 8
    CLEAR_TEXT = 9
    PAUSE = 10
    TELL_TIME = 11


class Failure(IntEnum):
    """Mistakes that the application makes on purpose."""

    NONE = 0
    CODE = 1
    READING = 2
    READING_IN_PACKET = 3
    JUMP_TO_ZERO = 4
    FULL_MEMORY = 5
    STAYING = 6


@dataclass(frozen=True)
class Settings:
    """Parameters of the application; rows are of 32 words."""

    sends: bool = True
    key: int = 0x4200
    rows: int = 8
    failure: Failure = Failure.NONE
    failure_step: int = 0
    packets_priority: int = -1
    work: int = 0
    packet_work: PacketWork = PacketWork.NOTHING
    period: int = 1000
    space: tuple[int, int] = (STEP.itemsize * 1000, EVENT.itemsize * 10_000)

    def words(self) -> bytes:
        return struct.pack("<5IiII", self.sends, self.key, self.rows, self.failure,
                           self.failure_step, self.packets_priority, self.work, self.packet_work)


@dataclass
class Answer:
    """A message that came back from the core."""

    code: int
    argument: int
    data: bytes


@dataclass
class Rig:
    """One core with the application, on a machine without network.

    ``magic``: what the data says of the program it is for. ``spoil``: sums of the data are wrong.
    ``monitor_version``: other than the emulator's. ``started``: with the start signal given,
    so many ``boot_cycles`` after the load.
    """

    image: Path
    settings: Settings = field(default_factory=Settings)
    options: Options = field(default_factory=Options)
    magic: int = NAME_HASH
    spoil: bool = False
    monitor_version: int | None = None
    started: bool = True
    boot_cycles: int = 40_000

    def __post_init__(self) -> None:
        shape = geometry(1, 1)
        self.machine = EmulatedMachine(shape, {CHIP: HOST[0]}, self.options)
        self.monitor = self.machine.monitors[CHIP]
        self.chip = self.monitor.chip
        self.sent: list[bytes] = []
        self.machine.transmit = lambda _chip, _address, _port, data: self.sent.append(data)
        self.barrier = self.sequence = 0
        self._write_data()
        if self.monitor_version is not None:
            self.chip.set_word(SV + Sv.SOFTWARE_VERSION, self.monitor_version)
        self.chip.write(SDRAM_SYSTEM, self.image.read_bytes())
        self.monitor.start(SDRAM_SYSTEM, APPLICATION, 1, 1 << CORE)
        self.run_for(self.boot_cycles)
        if self.started:
            self.start()

    def start(self) -> None:
        """Give the signal that the core waits for after it was loaded."""
        self.monitor.signal(Signal.START, APPLICATION, 0xFF)

    def close(self) -> None:
        self.machine.close()

    # -- data ----------------------------------------------------------------------------------

    def _regions(self) -> list[bytes]:
        space = self.settings.space
        rng = np.random.default_rng(5)
        rows = rng.integers(0, 2**32, self.settings.rows * ROW_WORDS, dtype=np.uint32)
        return [struct.pack("<4I", self.magic, self.settings.period, CONTROL_PORT, 0),
                struct.pack("<I", len(space)) + b"".join(
                    struct.pack("<3I", size, 0, 0) for size in space),
                bytes(4 * PROVENANCE_WORDS), self.settings.words(), rows.tobytes()]

    def _write_data(self) -> None:
        table, self.regions = [], []
        for content in self._regions():
            address = self.monitor.sdram.allocate(len(content), APPLICATION)
            self.chip.write(address, content)
            self.regions.append(address)
            total = sum(struct.unpack(f"<{len(content) // 4}I", content)) & 0xFFFFFFFF
            table += [address, total ^ self.spoil, len(content) // 4]
        table += [0] * (3 * REGIONS - len(table))
        head = self.monitor.sdram.allocate(4 * (2 + len(table)), APPLICATION)
        self.chip.write(head, struct.pack(f"<{2 + len(table)}I", MAGIC, VERSION, *table))
        self.chip.set_word(self.chip.vcpu(CORE, Vcpu.USER0), head)

    # -- time and state ------------------------------------------------------------------------

    def run_for(self, cycles: int) -> None:
        """Run so many cycles, not one more."""
        self.machine.run(self.machine.now + cycles, exactly=True)

    def run_ms(self, milliseconds: float) -> None:
        """Run so many milliseconds."""
        self.run_for(round(milliseconds * CYCLES_PER_MS))

    @property
    def state(self) -> CpuState:
        """State of the core."""
        return self.chip.state(CORE)

    @property
    def text(self) -> str:
        """The text that the core has printed."""
        return self.chip.iobuf(CORE)

    # -- messages ------------------------------------------------------------------------------

    def say(self, port: int, command: int, arguments: tuple[int, int, int] = (0, 0, 0),
            data: bytes = b"") -> None:
        """Send a message to the core."""
        self.sequence += 1
        content = struct.pack("<HHIII", command, self.sequence, *arguments) + data
        self.machine.receive(CHIP, Message(0x87, 0xFF, port << 5 | CORE, 0xFF, CHIP, CHIP,
                                           content), HOST)

    def answers(self) -> list[Answer]:
        """Messages that came from the core since the last question."""
        taken = []
        for packet in self.sent:
            message = Message.parse(packet[2:])
            assert message is not None
            code, _ = struct.unpack_from("<HH", message.data)
            argument = int.from_bytes(message.data[4:8], "little")
            taken.append(Answer(code, argument, message.data[16:]))
        self.sent.clear()
        return taken

    def ask(self, port: int, command: int, arguments: tuple[int, int, int] = (0, 0, 0),
            data: bytes = b"") -> Answer:
        """Send a message and wait for the answer."""
        self.say(port, command, arguments, data)
        self.run_ms(0.5)
        answer, = self.answers()
        return answer

    # -- what a host does ----------------------------------------------------------------------

    def start_run(self, end: int, start: int = 0, meet_every: int = 0) -> None:
        """Send the core the length of a run, and open the barrier at which it then waits."""
        self.run_ms(0.5)
        answer = self.ask(CONTROL_PORT, Command.RUN, (end, 0, start), struct.pack("<I", meet_every))
        assert answer.code == 0x80
        self.open_barrier()

    def open_barrier(self) -> None:
        """Let the core go on that waits."""
        assert self.state is (CpuState.SYNC1 if self.barrier else CpuState.SYNC0)
        self.monitor.signal(Signal.SYNC1 if self.barrier else Signal.SYNC0, APPLICATION, 0xFF)
        self.barrier ^= 1

    def run_to_end(self, end: int, start: int = 0) -> None:
        """A whole run; afterwards the core can be read."""
        self.start_run(end, start)
        self.run_ms(end - start + 2)
        assert self.state is CpuState.READY, (self.state, self.text, self.monitor.failures())

    def packet(self, key: int, payload: int | None = None) -> None:
        """A packet that arrives now."""
        self.chip.packet(CORE, key, payload)

    # -- results -------------------------------------------------------------------------------

    def _channel(self, number: int) -> tuple[bytes, bool]:
        """Bytes of a channel, and whether some were lost."""
        _, size, address = struct.unpack(
            "<3I", self.chip.read(self.regions[1] + 4 + 12 * number, 12))
        return self.chip.read(address, size & 0x7FFFFFFF), bool(size >> 31)

    def steps(self) -> np.ndarray:
        """One record a step."""
        return np.frombuffer(self._channel(0)[0], STEP)

    def events(self) -> np.ndarray:
        """The events, in their order."""
        return np.frombuffer(self._channel(1)[0], EVENT)

    def lost(self) -> tuple[bool, bool]:
        """Whether a channel had no room."""
        return self._channel(0)[1], self._channel(1)[1]

    def provenance(self) -> list[int]:
        """Six common words, then packets, packets with payload, transfers, runs, events lost."""
        return list(struct.unpack(f"<{PROVENANCE_WORDS}I",
                                  self.chip.read(self.regions[2], 4 * PROVENANCE_WORDS)))

    def rows(self) -> np.ndarray:
        """The rows as they are now."""
        size = self.settings.rows * ROW_WORDS
        return np.frombuffer(self.chip.read(self.regions[4], 4 * size), "<u4").reshape(
            -1, ROW_WORDS)

    def messages_in_use(self) -> int:
        """Buffers of the chip that nobody has given back."""
        return self.chip.half(SV + Sv.MESSAGES_IN_USE)
