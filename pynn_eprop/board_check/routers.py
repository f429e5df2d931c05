"""Counters of routers, read after each run of sPyNNaker, which clears them then."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

COUNTERS = {"sent": "LOC_MC", "over_links": "EXT_MC", "dropped": "DUMP_MC"}
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
    from spinnman.constants import ROUTER_REGISTER_REGISTERS

    from pynn_eprop.spinnaker.board.routers import before_cleared

    totals: Totals = {}

    def take(found: Mapping[tuple[int, int], np.ndarray]) -> None:
        for chip, counters in found.items():
            of_chip = totals.setdefault(chip, dict.fromkeys(COUNTERS, 0))
            for name, register in COUNTERS.items():
                of_chip[name] += int(counters[ROUTER_REGISTER_REGISTERS[register].value])

    with before_cleared(take):
        yield totals


def router_counts(network: str, totals: Totals) -> list[RouterCounts]:
    """The totals of a network, chip by chip, while it is still loaded."""
    from spinn_utilities.config_holder import get_config_bool

    reinjected = bool(get_config_bool("Machine", "enable_reinjection"))
    return [RouterCounts(network, chip, dict(counters), reinjected)
            for chip, counters in sorted(totals.items())]
