"""What cores and routers counted while a network ran."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.board_check.routers import RouterCounts, Totals, router_counts
from pynn_eprop.spinnaker.memory.layout import Provenance


@dataclass(frozen=True)
class CoreCounts:
    """One core: where it is, its program and cells, and its counters by name.

    timestep_us: length of a machine step, in microseconds.
    """

    network: str
    place: tuple[int, int, int]
    program: str
    cells: str
    timestep_us: float
    counters: dict[str, int]

    @property
    def name(self) -> str:
        """The core for a reader."""
        return f"{self.cells} of {self.network!r} on core {','.join(map(str, self.place))}"


@dataclass
class Counts:
    """Those of all networks so far.

    clocks: milliseconds of the host and of the machine in the same time, as often as compared.
    """

    cores: list[CoreCounts] = field(default_factory=list)
    routers: list[RouterCounts] = field(default_factory=list)
    clocks: list[tuple[float, float]] = field(default_factory=list)

    def add(self, other: "Counts") -> None:
        """Add those of another network."""
        self.cores += other.cores
        self.routers += other.routers
        self.clocks += other.clocks

    @property
    def chips(self) -> int:
        """Number of chips that have cores of ours."""
        return len({core.place[:2] for core in self.cores})


def read_counts(name: str, network: Any, routers: Totals) -> Counts:
    """Read what cores have counted, while a network is loaded.

    network: the ``LoadedNetwork`` of the simulation. routers: what those have counted.
    """
    from spynnaker.pyNN.data import SpynnakerDataView

    from pynn_eprop.spinnaker.vertices.machine import COMMON_COUNTERS

    names = (*COMMON_COUNTERS, *(item.name.lower() for item in Provenance))
    timestep = SpynnakerDataView.get_hardware_time_step_us()
    cores = []
    for core, vertex, data in network.reports.all_counters():
        placed = SpynnakerDataView.get_placement_of_vertex(vertex)
        counters = dict(zip(names, np.frombuffer(data, "<u4").tolist(), strict=True))
        cores.append(CoreCounts(name, (placed.x, placed.y, placed.p), core.binary, core.label,
                                timestep, counters))
    return Counts(cores, router_counts(name, routers))
