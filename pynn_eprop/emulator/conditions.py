"""Conditions of an emulated board: in which ways it is as hard as a real one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from pynn_eprop.emulator.geometry import Coordinates
from pynn_eprop.emulator.layout import CORES, CYCLES_PER_MS, LINKS
from pynn_eprop.errors import EmulatorError

DMA_CLEARS: Final = ("one", "both", "first")
"""What a clear of "transfer done" takes away, in the order of ``enum emu_dma_clear``."""
PARTS: Final = 1000
"""Of a ppm, in the drift of ``emu_chip_clock``."""
TIMINGS: Final = ("instructions", "arm968")
"""What takes a cycle, in the order of ``enum emu_timing``."""
PACKET_KINDS: Final = ("any", "payload", "plain")
"""Kinds of multicast packets, in the order of ``enum emu_packet_kind``."""
PACKET_PLACES: Final = ("receiver", "sender")
"""Where a packet is lost or doubled, in the order of ``enum emu_packet_place``."""
EVERYWHERE: Final = 0xFFFF
MOST: Final = 2**32 - 1


def _condition(default: Any, low: float, high: float, help: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "help": help})


def _places(below: tuple[int, ...], help: str) -> Any:
    return field(default=(), metadata={"below": below, "help": help})


def _choice(choices: tuple[str, ...], help: str) -> Any:
    return field(default=choices[0], metadata={
        "choices": choices, "help": f"{help}: {' or '.join(choices)}"})


def _switch(help: str) -> Any:
    return field(default=False, metadata={"help": help})


def _cores(help: str) -> Any:
    return field(default=(), metadata={"help": help})


@dataclass(frozen=True)
class Conditions:
    """In which ways a board is as hard as a real one; by default it is not.

    Each field has its range or choices, and a line of help, in ``metadata``. A single place may
    stand for a tuple of one. Raises EmulatorError for a value of the wrong kind or out of its
    range.
    """

    drain_us: float = _condition(1000.0, 0.01, 1e6, "time in us for which a core may leave a "
                                 "packet unread before the ones behind it are lost")
    dma_clear: str = _choice(DMA_CLEARS, "what a clear of the DMA controller's \"transfer done\" "
                             "takes away if both transfers are done")
    dma_stale_cycles: int = _condition(0, 0, 100_000, "cycles for which the DMA controller's "
                                       "status stays as it was, after a start or a clear")
    dma_aligned_to_8: bool = _switch("addresses and lengths of double-word transfers must be "
                                     "multiples of 8, not only of 4")
    core_offset_us: float = _condition(0.0, 0.0, 1e6, "time in us by which the timers of cores "
                                       "with odd numbers start late")
    chip_offset_us: float = _condition(0.0, 0.0, 1e6, "time in us by which the timers of chips "
                                       "with odd x + y start late")
    chip_drift_ppm: float = _condition(0.0, -1000.0, 1000.0, "how much longer the ticks of chips "
                                       "with odd x + y are, in ppm")
    drift_measured: bool = _switch("monitors have measured this drift, so that timers are "
                                   "corrected for it")
    timing: str = _choice(TIMINGS, "what takes time: each instruction one cycle, or cycles as "
                          "modelled for the ARM968E-S, its memories and its DMA")
    sdram_mb_s: int = _condition(600, 10, 10_000, "MB a second between SDRAM and all cores of a "
                                 "chip; with timing=arm968, as are the next two")
    sdram_read_cycles: int = _condition(30, 1, 10_000, "cycles for which a core waits for a word "
                                        "from SDRAM or another shared memory")
    dma_setup_cycles: int = _condition(80, 0, 100_000, "cycles from the start of a DMA transfer to "
                                       "its first byte")
    lose_packet: int = _condition(0, 0, MOST, "number of the multicast packet that is lost without "
                                  "a trace, counted from 1; 0 for none")
    lose_every: int = _condition(0, 0, MOST, "number of packets of which the last is lost; 0 for "
                                 "none")
    double_packet: int = _condition(0, 0, MOST, "number of the packet that comes twice; 0 for none")
    double_every: int = _condition(0, 0, MOST, "number of packets of which the last comes twice; "
                                   "0 for none")
    packet_kind: str = _choice(PACKET_KINDS, "which packets are counted, lost and doubled")
    packet_place: str = _choice(PACKET_PLACES, "where: one copy of a packet as it comes to a core, "
                                "or all of them as it leaves one")
    packet_core: tuple[int, ...] = _cores("x,y,core or x,y of the core or chip whose packets are "
                                          "counted, lost and doubled; () for all")

    transmit_cycles: int = _condition(0, 0, 100_000, "cycles for which a transmitter is busy after "
                                      "a packet; one that is sent meanwhile is lost")
    congestion: bool = _switch("routers hold packets back while receivers or links cannot take "
                               "them, and drop those that wait for longer than their control "
                               "register says; drain_us has no effect then. Choose a small quantum")
    router_patience: float = _condition(1.0, 0.001, 1000.0, "with congestion: how long a packet "
                                        "may wait at a router, as a share of what its control "
                                        "register says")
    receiver_places: int = _condition(1, 1, 4096, "with congestion: packets that the receiver of a "
                                      "core holds")
    link_rate: float = _condition(0.0, 0.0, 200.0, "with congestion: packets without payload that "
                                  "go over a link in 1 us; 0 for as many as come")
    partial_drops: bool = _switch("with congestion: receivers and links that can take it get a "
                                  "packet that is dropped, and get it twice if it is sent again")
    monitors: bool = _switch("sPyNNaker's advanced monitors and reinjection are on, as in its own "
                             "defaults; they take a core of each chip, two of one with Ethernet")
    core_numbers: int = _condition(0, 0, MOST, "seed of a permutation of each chip's physical "
                                   "core numbers; 0: they are the virtual ones")
    dead_chips: tuple[tuple[int, int], ...] = _places(
        (256, 256), "chips that are dead, as ((x, y), ...)")
    dead_cores: tuple[tuple[int, int, int], ...] = _places(
        (256, 256, CORES), "cores that are dead, as ((x, y, physical number), ...)")
    dead_links: tuple[tuple[int, int, int], ...] = _places(
        (256, 256, len(LINKS)), "links that are dead in both directions, as ((x, y, link), ...)")
    crash_cores: tuple[tuple[int, int, int], ...] = _places(
        (256, 256, CORES), "cores that meet an undefined instruction, as ((x, y, core), ...)")
    crash_tick: int = _condition(1, 1, MOST, "tick of their timers at which they do, counted since "
                                 "they were loaded")
    lost_to_board: float = _condition(0.0, 0, 1, "share of the packets from hosts that are lost")
    lost_to_host: float = _condition(0.0, 0, 1, "share of the packets to hosts that are lost")
    doubled_to_board: float = _condition(0.0, 0, 1, "share of the packets from hosts that come "
                                         "twice")
    doubled_to_host: float = _condition(0.0, 0, 1, "share of the packets to hosts that come twice")
    late_to_board: float = _condition(0.0, 0, 1, "share of the packets from hosts that are late, "
                                      "so that later ones overtake them")
    late_to_host: float = _condition(0.0, 0, 1, "share of the packets to hosts that are late")
    late_ms: float = _condition(20.0, 0.001, 1e5, "host time in ms by which they are late at most")
    network_seed: int = _condition(1, 0, MOST, "seed of what is lost, doubled and late")

    def __post_init__(self) -> None:
        for each in fields(self):
            value, default = getattr(self, each.name), each.default
            if "below" in each.metadata:
                object.__setattr__(self, each.name,
                                   _coordinates(each.name, value, each.metadata["below"]))
                continue
            if each.name == "packet_core":
                _check_core(each.name, value)
                continue
            kinds = (int, float) if isinstance(default, float) else (type(default),)
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
                raise EmulatorError(f"condition {each.name}={value!r} must be "
                                    f"{'a number' if float in kinds else kinds[0].__name__}")
            if isinstance(default, bool):
                continue
            if "choices" in each.metadata:
                if value not in each.metadata["choices"]:
                    raise EmulatorError(f"condition {each.name}={value!r} must be one of "
                                        f"{', '.join(each.metadata['choices'])}")
                continue
            low, high = each.metadata["low"], each.metadata["high"]
            if not low <= value <= high:
                raise EmulatorError(f"condition {each.name}={value!r} must be in {low:g} to "
                                    f"{high:g}")
        for name in ("router_patience", "receiver_places", "link_rate",
                     "partial_drops"):
            value = getattr(self, name)
            if not self.congestion and value != Conditions.__dataclass_fields__[name].default:
                raise EmulatorError(f"condition {name}={value!r} needs congestion=True")

    def for_machine(self, chips: Sequence[Coordinates] = ()) -> dict[str, int]:
        """The values of ``emu_conditions``, times in cycles.

        ``chips``: coordinates of the machine's chips, in its order. Raises EmulatorError if
        ``packet_core`` names none of them.
        """
        chip, core = _place(self.packet_core, chips)
        rate = self.link_rate
        return {"drain_cycles": _cycles(self.drain_us),
                "timing": TIMINGS.index(self.timing), "sdram_mb_s": self.sdram_mb_s,
                "sdram_read_cycles": self.sdram_read_cycles,
                "dma_setup_cycles": self.dma_setup_cycles,
                "dma_clear": DMA_CLEARS.index(self.dma_clear),
                "dma_stale_cycles": self.dma_stale_cycles,
                "dma_alignment": 8 if self.dma_aligned_to_8 else 4,
                "mishaps": any((self.lose_packet, self.lose_every, self.double_packet,
                                self.double_every)),
                "lose_packet": self.lose_packet, "lose_every": self.lose_every,
                "double_packet": self.double_packet, "double_every": self.double_every,
                "packet_kind": PACKET_KINDS.index(self.packet_kind),
                "packet_place": PACKET_PLACES.index(self.packet_place),
                "transmit_cycles": self.transmit_cycles, "congestion": self.congestion,
                "patience_permille": round(1000 * self.router_patience),
                "receiver_places": self.receiver_places, "partial_drops": self.partial_drops,
                "link_cycles": _cycles(1.0 / rate) if rate else 0,
                "packet_chip": chip, "packet_core": core}

    @property
    def counts_cycles(self) -> bool:
        """Whether cycles are modelled, so that they are more than instructions."""
        return self.timing != TIMINGS[0]

    def clock(self, x: int, y: int) -> tuple[int, int, int]:
        """What ``emu_chip_clock`` gets for a chip: offsets in cycles, drift in 10^-9."""
        odd = (x + y) % 2
        return (_cycles(odd * self.chip_offset_us), _cycles(self.core_offset_us),
                round(odd * self.chip_drift_ppm * PARTS))

    def measured_drift(self, x: int, y: int) -> int:
        """The correction that a chip's monitor gives, in cycles a microsecond, 15.17."""
        if not self.drift_measured:
            return 0
        drift = self.clock(x, y)[2] / (PARTS * 1e6)
        return round(-CYCLES_PER_MS / 1000 * drift / (1 + drift) * 2**17)


def _cycles(microseconds: float) -> int:
    return round(microseconds * CYCLES_PER_MS / 1000)


def _check_core(name: str, value: Any) -> None:
    whole = isinstance(value, tuple) and all(type(part) is int for part in value)
    if not whole or len(value) not in (0, 2, 3) or (len(value) == 3 and not 0 < value[2] < CORES):
        raise EmulatorError(f"condition {name}={value!r} must be (x, y), or (x, y, core) with a "
                            f"core of 1 to {CORES - 1}, or ()")


def _place(core: tuple[int, ...], chips: Sequence[Coordinates]) -> tuple[int, int]:
    if not core:
        return EVERYWHERE, EVERYWHERE
    if core[:2] not in chips:
        raise EmulatorError(f"condition packet_core={core!r}: there is no chip {core[:2]}; choose "
                            f"one of {', '.join(map(str, chips))}")
    return list(chips).index((core[0], core[1])), core[2] if len(core) == 3 else EVERYWHERE


def _coordinates(name: str, value: Any, below: tuple[int, ...]) -> tuple[tuple[int, ...], ...]:
    """Places as a tuple of tuples. Raises EmulatorError for what is none."""
    names = ("x", "y", "number")[:len(below)]
    try:
        alone = bool(value) and all(type(each) is int for each in value)
        places = tuple(tuple(each) for each in ((value,) if alone else value))
    except TypeError:
        places = ((),)
    for place in places:
        if len(place) != len(below) or not all(
                type(number) is int and 0 <= number < most
                for number, most in zip(place, below, strict=True)):
            raise EmulatorError(
                f"condition {name}={value!r} must be places ({', '.join(names)}), with numbers "
                f"below {', '.join(map(str, below))}")
    return places


FROM_THE_START: Final = ("congestion", "monitors", "core_numbers", "dead_chips", "dead_cores",
                         "dead_links")
"""Conditions that cannot change while a board serves."""

IDEAL: Final = Conditions()
"""Those of a board that does nothing wrong."""


def read_conditions(settings: Iterable[tuple[str, Any]]) -> Conditions:
    """Conditions from names and values. Raises EmulatorError for an unknown name, too."""
    known = [each.name for each in fields(Conditions)]
    given = dict(settings)
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, 1)
            raise EmulatorError(f"there is no condition {name!r}"
                                + (f"; did you mean {near[0]!r}?" if near
                                   else f"; choose one of {known}"))
    return Conditions(**given)
