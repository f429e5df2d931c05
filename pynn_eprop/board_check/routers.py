"""Counters of routers, read after each run of sPyNNaker, which clears them then."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

COUNTERS = {"sent": "n_local_multicast_packets", "over_links": "n_external_multicast_packets",
            "dropped": "n_dropped_multicast_packets"}
"""What is taken of a router, and sPyNNaker's names for it."""


@dataclass(frozen=True)
class RouterCounts:
    """The router of one chip, over all runs of a network.

    reinjected: whether packets that it drops are sent again.
    """

    network: str
    chip: tuple[int, int]
    counters: dict[str, int]
    reinjected: bool = False

    @property
    def name(self) -> str:
        """The router for a reader."""
        return f"router of chip {self.chip[0]},{self.chip[1]} in {self.network!r}"


Totals = dict[tuple[int, int], dict[str, int]]
"""Counters by chip."""


@contextmanager
def counted() -> Iterator[Totals]:
    """Count what routers do in the runs of this context; the totals grow at each stop."""
    from spinn_front_end_common.interface.abstract_spinnaker_base import AbstractSpinnakerBase

    base: Any = AbstractSpinnakerBase
    clear = base._execute_clear_router_diagnostic_counters
    totals: Totals = {}

    def read_first(self: Any) -> None:
        _add(totals)
        clear(self)

    base._execute_clear_router_diagnostic_counters = read_first
    try:
        yield totals
    finally:
        base._execute_clear_router_diagnostic_counters = clear


def _add(totals: Totals) -> None:
    from spynnaker.pyNN.data import SpynnakerDataView

    transceiver = SpynnakerDataView.get_transceiver()
    for x, y in SpynnakerDataView.get_machine().chip_coordinates:
        found = transceiver.get_router_diagnostics(x, y)
        of_chip = totals.setdefault((x, y), dict.fromkeys(COUNTERS, 0))
        for name, attribute in COUNTERS.items():
            of_chip[name] += int(getattr(found, attribute))


def router_counts(network: str, totals: Totals) -> list[RouterCounts]:
    """The totals of a network, chip by chip, while it is still loaded."""
    from spinn_utilities.config_holder import get_config_bool

    reinjected = bool(get_config_bool("Machine", "enable_reinjection"))
    return [RouterCounts(network, chip, dict(counters), reinjected)
            for chip, counters in sorted(totals.items())]
