"""Conditions of an emulated board: in which ways it is as hard as a real one."""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import Any, Final

from pynn_eprop.emulator.layout import CYCLES_PER_MS
from pynn_eprop.errors import EmulatorError

DMA_CLEARS: Final = ("one", "both", "first")
"""What a clear of "transfer done" takes away, in the order of ``enum emu_dma_clear``."""
PARTS: Final = 1000
"""Of a ppm, in the drift of ``emu_chip_clock``."""


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
    dma_clear: str = _choice(DMA_CLEARS, "what a clear of the DMA controller's \"transfer done\" "
                             "takes away if both transfers are done")
    dma_stale_cycles: int = _condition(0, 0, 100_000, "cycles for which the DMA controller's "
                                       "status stays as it was, after a start or a clear")
    dma_aligned_to_8: bool = _condition(False, False, True, "addresses and lengths of double-word "
                                        "transfers must be multiples of 8, not only of 4")
    core_offset_us: float = _condition(0.0, 0.0, 1e6, "time in us by which the timers of cores "
                                       "with odd numbers start late")
    chip_offset_us: float = _condition(0.0, 0.0, 1e6, "time in us by which the timers of chips "
                                       "with odd x + y start late")
    chip_drift_ppm: float = _condition(0.0, -1000.0, 1000.0, "how much longer the ticks of chips "
                                       "with odd x + y are, in ppm")
    drift_measured: bool = _condition(False, False, True, "monitors have measured this drift, so "
                                      "that timers are corrected for it")

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
        return {"drain_cycles": _cycles(self.drain_us),
                "dma_clear": DMA_CLEARS.index(self.dma_clear),
                "dma_stale_cycles": self.dma_stale_cycles,
                "dma_alignment": 8 if self.dma_aligned_to_8 else 4}

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
