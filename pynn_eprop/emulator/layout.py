"""Addresses on a chip, and the structures that hosts and applications share with a monitor.

Offsets follow the system software's own structures (sark.h of spinnaker_tools 3.4): ``sv``, one
``vcpu`` a core, heaps, application table, SDP messages.
"""

from enum import IntEnum
from typing import Final

CORES: Final = 18
CORE_MAP: Final = 20
"""Entries of the tables from physical to virtual core numbers and back."""
NO_CORE: Final = 255
"""Their entry for a core that is dead or not there."""
LINKS: Final = ((1, 0), (1, 1), (0, 1), (-1, 0), (-1, -1), (0, -1))
"""Step in x and y over each link."""

CYCLES_PER_MS: Final = 200_000

SDRAM: Final = 0x6000_0000
SDRAM_UNBUFFERED: Final = 0x7000_0000
SDRAM_SIZE: Final = 128 << 20
SYSRAM: Final = 0xE500_0000
SYSRAM_UNBUFFERED: Final = 0xF500_0000
SYSRAM_SIZE: Final = 0x8000
ITCM_SIZE: Final = 0x8000
DTCM: Final = 0x0040_0000
DTCM_SIZE: Final = 0x10000

ROUTER: Final = 0xE100_0000
ROUTER_FIXED_ROUTE: Final = ROUTER + 0x84
ROUTER_ROUTE: Final = ROUTER + 0x4000
ROUTER_KEY: Final = ROUTER + 0x8000
ROUTER_MASK: Final = ROUTER + 0xC000
ROUTER_P2P: Final = ROUTER + 0x10000
ROUTER_ENTRIES: Final = 1024
P2P_HERE: Final = 7
P2P_NOWHERE: Final = 6

# system RAM: user part, then one vcpu block a core, then sv at the top
SYSRAM_USER: Final = SYSRAM + 0x100
VCPU: Final = SYSRAM + 0x7000
VCPU_SIZE: Final = 128
SV: Final = SYSRAM + 0x7F00
SV_SIZE: Final = 0x100

# SDRAM: buffers of the cores, user heap, space where hosts put images, system heap
SYSTEM_BUFFER_WORDS: Final = 32768
SDRAM_USER: Final = SDRAM + CORES * SYSTEM_BUFFER_WORDS * 4
SDRAM_HEAP: Final = SDRAM_USER
SDRAM_SYSTEM: Final = SDRAM + SDRAM_SIZE - (8 << 20)
IMAGE_SPACE: Final = 256 << 10
"""Bytes at the start of the system part into which a host puts an image before starting it."""

IOBUF_BYTES: Final = 16384
MESSAGE_BYTES: Final = 292
MESSAGES: Final = 7
SDP_HEADER: Final = 8
SDP_DATA: Final = 272
"""Most bytes behind the SDP header: a command header of 16 and 256 of data."""


class Sv:
    """Offsets in ``sv``."""

    P2P_ADDRESS = 0x00
    P2P_DIMENSIONS = 0x02
    P2P_UP = 0x06
    ETHERNET_ADDRESS = 0x08
    HARDWARE_VERSION = 0x0A
    ETHERNET_UP = 0x0B
    CLOCK_MS = 0x10
    MS_IN_SECOND = 0x18
    UNIX_TIME = 0x1C
    CPU_CLOCK = 0x24
    MEMORY_CLOCK = 0x26
    CLOCK_DRIFT = 0x38
    RANDOM = 0x3C
    ROOT_CHIP = 0x40
    MESSAGE_COUNT = 0x41
    SYSRAM_HEAP = 0x48
    SDRAM_HEAP = 0x4C
    IOBUF_SIZE = 0x50
    SDRAM_BUFFERS = 0x54
    SYSTEM_BUFFER_WORDS = 0x58
    LINKS_ENABLED = 0x65
    MESSAGES_FREE = 0x68
    MESSAGES_IN_USE = 0x6C
    STATUS_MAP = 0x80
    PHYSICAL_TO_VIRTUAL = 0x94
    VIRTUAL_TO_PHYSICAL = 0xA8
    CPUS = 0xBC
    SDRAM_BASE = 0xC0
    SYSRAM_BASE = 0xC4
    SDRAM_SYSTEM = 0xC8
    VCPU_BASE = 0xCC
    SYSTEM_HEAP = 0xD0
    ROUTER_COPY = 0xD4
    ALLOCATION_TAGS = 0xDC
    ROUTER_FREE = 0xE0
    P2P_ACTIVE = 0xE2
    APPLICATIONS = 0xE4
    MESSAGE_BUFFERS = 0xE8
    MAILBOX_FLAGS = 0xEC
    IP_ADDRESS = 0xF0
    FIXED_ROUTE_COPY = 0xF4
    SOFTWARE_VERSION = 0xFC


class Vcpu:
    """Offsets in a ``vcpu`` block."""

    REGISTERS = 0
    PSR = 32
    SP = 36
    LR = 40
    RUN_TIME_ERROR = 44
    PHYSICAL_CPU = 45
    STATE = 46
    APPLICATION = 47
    MAILBOX_TO_CORE = 48
    MAILBOX_FROM_CORE = 52
    COMMAND_TO_CORE = 56
    COMMAND_FROM_CORE = 57
    SOFTWARE_ERRORS = 58
    SOFTWARE_ERROR_FILE = 60
    SOFTWARE_ERROR_LINE = 64
    TIME = 68
    NAME = 72
    IOBUF = 88
    SOFTWARE_VERSION = 92
    USER0 = 112


class CpuState(IntEnum):
    """State of a core, in its vcpu block."""

    DEAD = 0
    POWERED_DOWN = 1
    RUN_TIME_EXCEPTION = 2
    WATCHDOG = 3
    INITIALISING = 4
    READY = 5
    C_MAIN = 6
    RUNNING = 7
    SYNC0 = 8
    SYNC1 = 9
    PAUSED = 10
    FINISHED = 11
    SPARE12 = 12
    SPARE13 = 13
    SPARE14 = 14
    IDLE = 15


class RunTimeError(IntEnum):
    """Code that a core leaves when it stops with an error."""

    NONE = 0
    RESET = 1
    UNDEFINED_INSTRUCTION = 2
    SUPERVISOR_CALL = 3
    PREFETCH_ABORT = 4
    DATA_ABORT = 5
    UNHANDLED_IRQ = 6
    UNHANDLED_FIQ = 7
    UNCONFIGURED_VIC = 8
    ABORT = 9
    MALLOC = 10
    DIVIDE_BY_ZERO = 11
    EVENT = 12
    SOFTWARE_ERROR = 13
    IOBUF = 14
    ENABLE = 15
    NULL_POINTER = 16
    PACKET = 17
    TIMER = 18
    API = 19
    VERSION = 20


class Mailbox(IntEnum):
    """Command in a mailbox between monitor and core."""

    IDLE = 0
    MESSAGE = 1
    NOP = 2
    SIGNAL = 3


class Lock(IntEnum):
    """Locks of the system controller, by what they guard."""

    MESSAGES = 0
    MAILBOX = 1
    HEAP = 6
    ROUTER = 7


class Signal(IntEnum):
    """Signal to the cores of an application."""

    INIT = 0
    POWER_DOWN = 1
    STOP = 2
    START = 3
    SYNC0 = 4
    SYNC1 = 5
    PAUSE = 6
    CONTINUE = 7
    EXIT = 8
    TIMER = 9
    USER0 = 10
    USER1 = 11
    USER2 = 12
    USER3 = 13
