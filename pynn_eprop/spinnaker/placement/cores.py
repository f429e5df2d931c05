"""Cores of a network: which cells go to which, and what is planned for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pynn_eprop.models.cells import Readouts, SpikingCells
from pynn_eprop.models.network import Network, SymmetricFeedback
from pynn_eprop.spinnaker.memory.lanes import Part
from pynn_eprop.spinnaker.memory.layout import COLOUR_BITS, Channel, KeyKind, Region
from pynn_eprop.spinnaker.memory.records import RecordingChannels
from pynn_eprop.spinnaker.memory.rows import Rows
from pynn_eprop.spinnaker.memory.signals import Mirrored, SignalsImage
from pynn_eprop.spinnaker.memory.tallies import Rows as TallyRows

CORES_OF_A_CHIP = 15
"""Cores of a chip that a population may take, beside readouts, sources and the monitor."""
LEAST, MOST = 40, 128
"""Cells of a core, unless there are fewer."""
READOUTS = 64
"""Readouts of a core, at most, of those that may be on several."""


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
    values: tuple[int, ...] = ()        # populations of analog sources that reach it
    region_bytes: dict[Region, int] = field(default_factory=dict)
    recorded_bytes: dict[Channel, int] = field(default_factory=dict)
    channels: RecordingChannels | None = None
    intervals: int = 1      # between two stops, at most
    tallies: TallyRows = field(default_factory=lambda: TallyRows(0, 0, 0))  # once keys are known
    log_capacity: int = 0
    log_slots: int = 1
    n_groups: int = 1
    fill: Callable[[Mapping[KeyKind, int], bool], dict[Region, bytes]] = lambda *_: {}

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

    @property
    def heard(self) -> list[int]:
        """How many readouts are heard of each learning signal that reaches it."""
        return [] if self.signals is None else [count for _, count in self.signals.heard]

    def hears(self, readouts: int, part: range) -> bool:
        """Whether learning signals of some of a population's readouts reach its cells."""
        return self.signals is not None and self.signals.hears_of(readouts, part)

    def contents(self, own: Mapping[KeyKind, int],
                 several_chips: bool = False) -> dict[Region, bytes]:
        """The initial contents of its regions.

        ``own``: the keys that it sends with. ``several_chips``: the network's cores are on
        more than one.
        """
        return self.fill(own, several_chips)

    def n_keys(self, kind: KeyKind) -> int:
        """Keys of one kind that it sends, steps included; a power of two."""
        count = len(self.sent) if kind is KeyKind.FEEDBACK and self.sent is not None else self.size
        return 1 << (max(count - 1, 1).bit_length() + COLOUR_BITS)


def partition(network: Network, most: int | None = None) -> list[Part]:
    """All parts, in the order of the populations. ``most``: cells of a core at most; None: chosen.

    A population of readouts with a loss is on one core, as its errors belong together, and so is
    one whose weights symmetric feedback mirrors.
    """
    parts = []
    for index, population in enumerate(network.populations):
        if index in network.of_kind(Readouts):
            per_core = READOUTS if _divides(network, index) else population.size
        elif index in network.of_kind(SpikingCells):
            per_core = most or chosen(population.size)
        else:
            continue
        parts += [Part(index, first, min(per_core, population.size - first))
                  for first in range(0, population.size, per_core)]
    return parts


def _divides(network: Network, readouts: int) -> bool:
    """Whether readouts may be on several cores."""
    return network.of_kind(Readouts)[readouts].loss is None and not any(
        signal.source == readouts and isinstance(signal.feedback, SymmetricFeedback)
        for signal in network.learning_signals)


def chosen(size: int) -> int:
    """Cells of a core for a population of ``size``, so that one chip holds it if possible."""
    per_core = -(-size // CORES_OF_A_CHIP)
    return min(max(-(-per_core // 8) * 8, LEAST), MOST)
