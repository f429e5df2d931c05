"""Conditions of an emulated board: in which ways it is as hard as a real one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from pynn_eprop.emulator.layout import CYCLES_PER_MS
from pynn_eprop.errors import EmulatorError

TIMINGS: Final = ("instructions", "arm968")
"""What takes a cycle, in the order of ``enum emu_timing``."""


def _condition(default: Any, low: float, high: float, help: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "help": help})


def _choice(choices: tuple[str, ...], help: str) -> Any:
    return field(default=choices[0], metadata={
        "choices": choices, "help": f"{help}: {' or '.join(choices)}"})


@dataclass(frozen=True)
class Conditions:
    """In which ways a board is as hard as a real one; by default it is not.

    Each field has its range or choices, and a line of help, in ``metadata``. Raises EmulatorError
    for a value of the wrong kind or out of its range.
    """

    drain_us: float = _condition(1000.0, 0.01, 1e6, "time in us for which a core may leave a "
                                 "packet unread before the ones behind it are lost")
    timing: str = _choice(TIMINGS, "what takes time: each instruction one cycle, or cycles as "
                          "modelled for the ARM968E-S, its memories and its DMA")
    sdram_mb_s: int = _condition(600, 10, 10_000, "MB a second between SDRAM and all cores of a "
                                 "chip; with timing=arm968, as are the next two")
    sdram_read_cycles: int = _condition(30, 1, 10_000, "cycles for which a core waits for a word "
                                        "from SDRAM or another shared memory")
    dma_setup_cycles: int = _condition(80, 0, 100_000, "cycles from the start of a DMA transfer to "
                                       "its first byte")

    def __post_init__(self) -> None:
        for each in fields(self):
            value, default = getattr(self, each.name), each.default
            kinds = (int, float) if isinstance(default, float) else (type(default),)
            if not isinstance(value, kinds) or isinstance(value, bool) != isinstance(default, bool):
                raise EmulatorError(f"condition {each.name}={value!r} must be "
                                    f"{'a number' if float in kinds else kinds[0].__name__}")
            if "choices" in each.metadata:
                if value not in each.metadata["choices"]:
                    raise EmulatorError(f"condition {each.name}={value!r} must be one of "
                                        f"{', '.join(each.metadata['choices'])}")
                continue
            low, high = each.metadata["low"], each.metadata["high"]
            if not low <= value <= high:
                raise EmulatorError(f"condition {each.name}={value!r} must be in {low:g} to "
                                    f"{high:g}")

    def for_machine(self) -> dict[str, int]:
        """The values of ``emu_conditions``, times in cycles."""
        return {"drain_cycles": round(self.drain_us * CYCLES_PER_MS / 1000),
                "timing": TIMINGS.index(self.timing), "sdram_mb_s": self.sdram_mb_s,
                "sdram_read_cycles": self.sdram_read_cycles,
                "dma_setup_cycles": self.dma_setup_cycles}

    @property
    def counts_cycles(self) -> bool:
        """Whether cycles are modelled, so that they are more than instructions."""
        return self.timing != TIMINGS[0]


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
