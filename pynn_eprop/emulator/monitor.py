"""The monitor of one chip: the services of its system software for hosts and applications."""

import struct
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import Final

from pynn_eprop.emulator import layout
from pynn_eprop.emulator.chip import Chip
from pynn_eprop.emulator.heap import Heap
from pynn_eprop.emulator.image import Image
from pynn_eprop.emulator.layout import (
    CORE_MAP,
    CYCLES_PER_MS,
    MESSAGE_BYTES,
    MESSAGES,
    NO_CORE,
    SV,
    CpuState,
    Lock,
    Mailbox,
    RunTimeError,
    Signal,
    Sv,
    Vcpu,
)
from pynn_eprop.emulator.library import lib
from pynn_eprop.emulator.refusal import Refused, ReturnCode
from pynn_eprop.emulator.router_table import RouterTable
from pynn_eprop.errors import ImageError

UNIX_TIME: Final = 1_700_000_000
"""The time that all boards have at every boot, so that runs are repeatable."""
RANDOM_SEED: Final = 12345
SOFTWARE_VERSION: Final = 0x040000
ALIVE: Final = frozenset(CpuState) - {
    CpuState.DEAD, CpuState.POWERED_DOWN, CpuState.RUN_TIME_EXCEPTION, CpuState.WATCHDOG,
    CpuState.IDLE}
APPLICATION: Final = struct.Struct("<BBBBI")
MOST_WAITING: Final = 256
"""Messages that wait for one core before further ones are refused."""


class Monitor:
    """System software of one chip.

    ``send`` takes the messages that cores send; ``wait_for_lock`` runs the machine until no core
    holds a lock. ``physical``: numbers of the working cores, that of the monitor first.
    """

    def __init__(self, chip: Chip, send: Callable[["Monitor", bytes], None],
                 wait_for_lock: Callable[["Monitor", Lock], None],
                 physical: Sequence[int]) -> None:
        self.chip = chip
        self._send = send
        self._wait_for_lock = wait_for_lock
        self.applications: dict[int, int] = {}
        self._known_applications: set[int] = set()
        self._waiting: dict[int, deque[bytes]] = defaultdict(deque)
        self.has_waiting = False
        """Whether a message may be in line for some core."""
        self._physical = physical
        self.router = RouterTable(chip, physical)

    @property
    def cores(self) -> int:
        """Number of working cores, the monitor's included."""
        return len(self._physical)

    def wait_for_lock(self, lock: Lock) -> None:
        """Let cores go on until none of this chip's holds a lock."""
        self._wait_for_lock(self, lock)

    # -- boot --------------------------------------------------------------------------------

    def boot(self, dimensions: tuple[int, int], ethernet: tuple[int, int], links: int,
             address: bytes | None, version: int) -> None:
        """Set the system variables, heaps and tables as after power-up."""
        chip = self.chip
        for offset, value in (
                (Sv.P2P_ADDRESS, chip.x << 8 | chip.y),
                (Sv.P2P_DIMENSIONS, dimensions[0] << 8 | dimensions[1]),
                (Sv.ETHERNET_ADDRESS, ethernet[0] << 8 | ethernet[1]),
                (Sv.CPU_CLOCK, 200), (Sv.MEMORY_CLOCK, 130)):
            chip.set_half(SV + offset, value)
        for offset, value in (
                (Sv.P2P_UP, 1), (Sv.HARDWARE_VERSION, version),
                (Sv.ETHERNET_UP, address is not None), (Sv.LINKS_ENABLED, links),
                (Sv.ROOT_CHIP, (chip.x, chip.y) == (0, 0)), (Sv.MESSAGE_COUNT, MESSAGES),
                (Sv.CPUS, self.cores)):
            chip.set_byte(SV + offset, int(value))
        for offset, value in (
                (Sv.UNIX_TIME, UNIX_TIME), (Sv.RANDOM, RANDOM_SEED),
                (Sv.IOBUF_SIZE, layout.IOBUF_BYTES), (Sv.SDRAM_BUFFERS, layout.SDRAM),
                (Sv.SYSTEM_BUFFER_WORDS, layout.SYSTEM_BUFFER_WORDS),
                (Sv.SDRAM_BASE, layout.SDRAM_USER), (Sv.SYSRAM_BASE, layout.SYSRAM_USER),
                (Sv.SDRAM_SYSTEM, layout.SDRAM_SYSTEM), (Sv.VCPU_BASE, layout.VCPU),
                (Sv.SOFTWARE_VERSION, SOFTWARE_VERSION)):
            chip.set_word(SV + offset, value)
        chip.write(SV + Sv.IP_ADDRESS, address or bytes(4))
        virtual = {number: core for core, number in enumerate(self._physical)}
        chip.write(SV + Sv.PHYSICAL_TO_VIRTUAL,
                   bytes(virtual.get(number, NO_CORE) for number in range(CORE_MAP)))
        chip.write(SV + Sv.VIRTUAL_TO_PHYSICAL,
                   bytes(self._physical).ljust(CORE_MAP, bytes([NO_CORE])))
        self._create_heaps()
        self._create_messages()
        for core, number in enumerate(self._physical):
            chip.set_byte(chip.vcpu(core, Vcpu.PHYSICAL_CPU), number)
            chip.set_state(core, CpuState.IDLE if core else CpuState.RUNNING)

    def _create_heaps(self) -> None:
        chip = self.chip
        self.sysram = Heap.create(chip, Sv.SYSRAM_HEAP, layout.SYSRAM_USER + 1024 * 4, layout.VCPU)
        self.sdram = Heap.create(chip, Sv.SDRAM_HEAP, layout.SDRAM_HEAP, layout.SDRAM_SYSTEM)
        self.system = Heap.create(chip, Sv.SYSTEM_HEAP, layout.SDRAM_SYSTEM + layout.IMAGE_SPACE,
                                  layout.SDRAM + layout.SDRAM_SIZE)
        for offset, size in ((Sv.ROUTER_COPY, 1025 * 16), (Sv.ALLOCATION_TAGS, 65536 * 4),
                             (Sv.APPLICATIONS, 256 * APPLICATION.size)):
            chip.set_word(SV + offset, self.system.allocate(size))
        self.router.create()

    def _create_messages(self) -> None:
        chip = self.chip
        first = self.sysram.allocate(MESSAGES * MESSAGE_BYTES)
        for index in range(MESSAGES):
            following = first + (index + 1) * MESSAGE_BYTES if index + 1 < MESSAGES else 0
            chip.set_word(first + index * MESSAGE_BYTES, following)
        chip.set_word(SV + Sv.MESSAGE_BUFFERS, first)
        chip.set_word(SV + Sv.MESSAGES_FREE, first)

    def set_clock(self, cycles: int) -> None:
        """Write the time since boot."""
        milliseconds = cycles // CYCLES_PER_MS
        self.chip.write(SV + Sv.CLOCK_MS, struct.pack("<QH", milliseconds, milliseconds % 1000))
        self.chip.set_word(SV + Sv.UNIX_TIME, UNIX_TIME + milliseconds // 1000)

    # -- applications ------------------------------------------------------------------------

    def _application(self, number: int) -> int:
        return self.chip.sv(Sv.APPLICATIONS) + APPLICATION.size * number

    def start(self, address: int, application: int, flags: int, cores: int) -> None:
        """Load the image at an address into cores (bits) and start them.

        Raises Refused if there is no image, or for the monitor's own core.
        """
        if cores & 1:
            raise Refused(ReturnCode.ARGUMENT, "core 0 is the monitor's")
        cores &= (1 << self.cores) - 1      # there are no others
        if not cores:
            return
        try:
            image = Image.parse(self.chip.read(address, layout.IMAGE_SPACE))
        except ImageError as error:
            raise Refused(ReturnCode.ARGUMENT, str(error)) from error
        chosen = [core for core in range(1, self.cores) if cores >> core & 1]
        place = self._application(application)
        count, _, semaphore, lead, mask = APPLICATION.unpack(
            self.chip.read(place, APPLICATION.size))
        if count == 0:
            semaphore, lead, mask = 0, chosen[0], 0
        self.chip.write(place, APPLICATION.pack(
            min(count + len(chosen), 255), 0, semaphore, lead, mask | cores))
        self._known_applications.add(application)
        lib.emu_flags(self.chip.handle, cores, 0)
        for core in chosen:
            image.load(self.chip, core)
            vcpu = self.chip.vcpu
            self.chip.write(vcpu(core, Vcpu.STATE),
                            bytes([CpuState.INITIALISING, application]))
            self.chip.write(vcpu(core, Vcpu.COMMAND_TO_CORE), bytes(2))
            self.chip.set_word(vcpu(core, Vcpu.TIME), self.chip.sv(Sv.UNIX_TIME))
            self.applications[core] = application
            self._waiting[core].clear()
            lib.emu_core_start(self.chip.handle, core, image.start, application | flags << 8)

    def _stop(self, cores: list[int], state: CpuState) -> None:
        for core in cores:
            lib.emu_core_stop(self.chip.handle, core)
            self.applications.pop(core, None)
            self._waiting[core].clear()
            self.chip.write(self.chip.vcpu(core, Vcpu.STATE), bytes([state, 0]))
            self.chip.write(self.chip.vcpu(core, Vcpu.COMMAND_TO_CORE), bytes(2))

    def _clean(self, application: int) -> None:
        for lock in (Lock.HEAP, Lock.ROUTER):
            self.wait_for_lock(lock)
        for heap in (self.sdram, self.sysram, self.system):
            if application:
                heap.free_application(application)
        self.router.free_application(application, clear=True)
        self.chip.write(self._application(application), APPLICATION.pack(0, 1, 0, 0, 0))
        self._known_applications.discard(application)

    def uses(self, application: int) -> None:
        """Remember that an application owns something on this chip."""
        self._known_applications.add(application)
        self.chip.set_byte(self._application(application) + 1, 0)

    def signal(self, signal: Signal, application: int, mask: int) -> None:
        """Signal the cores whose application has these bits."""
        cores = [core for core, owner in self.applications.items() if owner & mask == application]
        bits = sum(1 << core for core in cores)
        if signal is Signal.STOP:
            self._stop(cores, CpuState.IDLE)
            for known in [one for one in self._known_applications if one & mask == application]:
                self._clean(known)
        elif signal in (Signal.INIT, Signal.POWER_DOWN):
            self._stop(cores, CpuState.IDLE if signal is Signal.INIT else CpuState.POWERED_DOWN)
        elif signal is Signal.SYNC0:
            lib.emu_flags(self.chip.handle, 0, bits)
            lib.emu_interrupt(self.chip.handle, bits)
        elif signal is Signal.SYNC1:
            lib.emu_flags(self.chip.handle, bits, 0)
            lib.emu_interrupt(self.chip.handle, bits)
        elif bits:
            for core in cores:
                self.chip.set_word(self.chip.vcpu(core, Vcpu.MAILBOX_TO_CORE), signal)
                self.chip.set_byte(self.chip.vcpu(core, Vcpu.COMMAND_TO_CORE), Mailbox.SIGNAL)
            lib.emu_interrupt(self.chip.handle, bits)

    def count(self, application: int, state: int) -> int:
        """Cores of an application that are in a state."""
        return sum(owner == application and self.chip.state(core) == state
                   for core, owner in self.applications.items())

    def failures(self) -> dict[int, str]:
        """Cores that have stopped with a run-time error."""
        failed = {}
        for core in self.applications:
            if self.chip.state(core) is CpuState.RUN_TIME_EXCEPTION:
                code = self.chip.byte(self.chip.vcpu(core, Vcpu.RUN_TIME_ERROR))
                failed[core] = RunTimeError(code).name if code < len(RunTimeError) else str(code)
        return failed

    # -- messages ----------------------------------------------------------------------------

    def post(self, core: int, message: bytes) -> None:
        """Put a message in line for a core; raises Refused if it cannot get there."""
        if core >= self.cores:
            raise Refused(ReturnCode.CPU, f"there is no core {core}")
        if core not in self.applications or self.chip.state(core) not in ALIVE:
            raise Refused(ReturnCode.DEAD, f"core {core} of chip ({self.chip.x}, {self.chip.y}) "
                          "runs no application")
        if len(self._waiting[core]) >= MOST_WAITING:
            raise Refused(ReturnCode.NO_BUFFER, f"core {core} does not take its messages")
        self._waiting[core].append(message)
        self.has_waiting = True

    def deliver(self) -> None:
        """Hand messages to cores whose mailbox is free."""
        for core, messages in self._waiting.items():
            if not messages:
                continue
            if self.chip.state(core) not in ALIVE:
                messages.clear()
            elif self.chip.state(core) is not CpuState.INITIALISING and not self.chip.byte(
                    self.chip.vcpu(core, Vcpu.COMMAND_TO_CORE)):
                buffer = self._take_buffer()
                if buffer:
                    self._hand_over(core, buffer, messages.popleft())
        self.has_waiting = any(self._waiting.values())

    def _hand_over(self, core: int, buffer: int, message: bytes) -> None:
        self.chip.write(buffer + 4, struct.pack("<HH", len(message), 0) + message)
        self.chip.set_word(self.chip.vcpu(core, Vcpu.MAILBOX_TO_CORE), buffer)
        self.chip.set_byte(self.chip.vcpu(core, Vcpu.COMMAND_TO_CORE), Mailbox.MESSAGE)
        lib.emu_interrupt(self.chip.handle, 1 << core)

    def _take_buffer(self) -> int:
        self.wait_for_lock(Lock.MESSAGES)
        buffer = self.chip.sv(Sv.MESSAGES_FREE)
        if buffer:
            self.chip.set_word(SV + Sv.MESSAGES_FREE, self.chip.word(buffer))
            in_use = self.chip.half(SV + Sv.MESSAGES_IN_USE)
            self.chip.set_half(SV + Sv.MESSAGES_IN_USE, in_use + 1)
        return buffer

    def _give_buffer(self, buffer: int) -> None:
        self.wait_for_lock(Lock.MESSAGES)
        self.chip.set_word(buffer, self.chip.sv(Sv.MESSAGES_FREE))
        self.chip.set_word(SV + Sv.MESSAGES_FREE, buffer)
        in_use = self.chip.half(SV + Sv.MESSAGES_IN_USE)
        self.chip.set_half(SV + Sv.MESSAGES_IN_USE, max(in_use - 1, 0))

    def collect(self) -> None:
        """Take the messages that cores have left for the monitor."""
        self.wait_for_lock(Lock.MAILBOX)
        flags = self.chip.sv(Sv.MAILBOX_FLAGS)
        self.chip.set_word(SV + Sv.MAILBOX_FLAGS, 0)
        for core in range(1, self.cores):
            if not flags >> core & 1:
                continue
            buffer = self.chip.word(self.chip.vcpu(core, Vcpu.MAILBOX_FROM_CORE))
            try:
                size = min(self.chip.half(buffer + 4), MESSAGE_BYTES - 8)
                message = self.chip.read(buffer + 8, size)
            finally:
                self.chip.set_byte(self.chip.vcpu(core, Vcpu.COMMAND_FROM_CORE), Mailbox.IDLE)
            self._give_buffer(buffer)
            self._send(self, message)
