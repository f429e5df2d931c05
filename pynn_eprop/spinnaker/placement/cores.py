"""What is planned for one core."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pynn_eprop.spinnaker.memory import records as recorded
from pynn_eprop.spinnaker.memory.layout import COLOUR_BITS, Channel, KeyKind, Region
from pynn_eprop.spinnaker.memory.rows import Rows
from pynn_eprop.spinnaker.memory.signals import Mirrored, SignalsImage
from pynn_eprop.spinnaker.placement.partition import Part


@dataclass(eq=False)
class Core:
    """One core: its cells, the sizes of its regions, and what fills them once keys are known."""

    number: int
    part: Part
    label: str
    binary: str
    rows: Rows
    sources: dict[int, int]
    n_sources: int
    signals: SignalsImage | None
    sent: Mirrored | None
    region_bytes: dict[Region, int] = field(default_factory=dict)
    recorded_bytes: dict[Channel, int] = field(default_factory=dict)
    samples: recorded.Samples | None = None
    log_capacity: int = 0
    log_slots: int = 1
    n_groups: int = 1
    fill: Callable[[Mapping[KeyKind, int]], dict[Region, bytes]] = lambda _own: {}

    @property
    def population(self) -> int:
        """Index of its population."""
        return self.part.population

    @property
    def first(self) -> int:
        """First of its cells in the population."""
        return self.part.first

    @property
    def size(self) -> int:
        """Number of its cells."""
        return self.part.size

    def contents(self, own: Mapping[KeyKind, int]) -> dict[Region, bytes]:
        """What its regions begin with; ``own``: the keys that it sends with."""
        return self.fill(own)

    def n_keys(self, kind: KeyKind) -> int:
        """Keys of one kind that it sends, steps included; a power of two."""
        count = len(self.sent) if kind is KeyKind.FEEDBACK and self.sent is not None else self.size
        return 1 << (max(count - 1, 1).bit_length() + COLOUR_BITS)
