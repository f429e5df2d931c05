"""Conditions of an emulated board: in which ways it is as hard as a real one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from pynn_eprop.emulator.layout import CORES, CYCLES_PER_MS, LINKS
from pynn_eprop.errors import EmulatorError


def _condition(default: Any, low: float, high: float, help: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "help": help})


def _places(below: tuple[int, ...], help: str) -> Any:
    return field(default=(), metadata={"below": below, "help": help})


@dataclass(frozen=True)
class Conditions:
    """In which ways a board is as hard as a real one; by default it is not.

    Each field has its range, and a line of help, in ``metadata``. A single place may stand for a
    tuple of one. Raises EmulatorError for a value
    of the wrong kind or out of its range.
    """

    drain_us: float = _condition(1000.0, 0.01, 1e6, "time in us for which a core may leave a "
                                 "packet unread before the ones behind it are lost")
    monitors: bool = _condition(False, 0, 1, "True: sPyNNaker's advanced monitors and reinjection "
                                "are on, as in its own defaults; they take a core of each chip, "
                                "and two of a chip with Ethernet")
    core_numbers: int = _condition(0, 0, 2 ** 32, "seed of a permutation of each chip's physical "
                                   "core numbers; 0: they are the virtual ones")
    dead_chips: tuple[tuple[int, int], ...] = _places(
        (256, 256), "chips that are dead, as ((x, y), ...)")
    dead_cores: tuple[tuple[int, int, int], ...] = _places(
        (256, 256, CORES), "cores that are dead, as ((x, y, physical number), ...)")
    dead_links: tuple[tuple[int, int, int], ...] = _places(
        (256, 256, len(LINKS)), "links that are dead in both directions, as ((x, y, link), ...)")
    lost_to_board: float = _condition(0.0, 0, 1, "share of the packets from hosts that are lost")
    lost_to_host: float = _condition(0.0, 0, 1, "share of the packets to hosts that are lost")
    doubled_to_board: float = _condition(0.0, 0, 1, "share of the packets from hosts that come "
                                         "twice")
    doubled_to_host: float = _condition(0.0, 0, 1, "share of the packets to hosts that come twice")
    late_to_board: float = _condition(0.0, 0, 1, "share of the packets from hosts that are late, "
                                      "so that later ones overtake them")
    late_to_host: float = _condition(0.0, 0, 1, "share of the packets to hosts that are late")
    late_ms: float = _condition(20.0, 0.001, 1e5, "host time in ms by which they are late at most")
    network_seed: int = _condition(1, 0, 2 ** 32, "seed of what is lost, doubled and late")

    def __post_init__(self) -> None:
        for each in fields(self):
            value, default = getattr(self, each.name), each.default
            if "below" in each.metadata:
                object.__setattr__(self, each.name,
                                   _coordinates(each.name, value, each.metadata["below"]))
                continue
            kinds = (int, float) if isinstance(default, float) else (type(default),)
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
                raise EmulatorError(f"condition {each.name}={value!r} must be "
                                    f"{'a number' if float in kinds else kinds[0].__name__}")
            low, high = each.metadata["low"], each.metadata["high"]
            if not low <= value <= high:
                raise EmulatorError(f"condition {each.name}={value!r} must be in {low:g} to "
                                    f"{high:g}")

    def for_machine(self) -> dict[str, int]:
        """The values of ``emu_conditions``, times in cycles."""
        return {"drain_cycles": round(self.drain_us * CYCLES_PER_MS / 1000)}


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
