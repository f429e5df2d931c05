"""Packets that routers dropped in a run, and those that reinjection sent again."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from spinn_front_end_common.data import FecDataView
from spinn_front_end_common.interface.abstract_spinnaker_base import AbstractSpinnakerBase
from spinnman.constants import ROUTER_REGISTER_REGISTERS

from pynn_eprop.spinnaker.transfer.bulk import Place, read_many

Chip = tuple[int, int]
COUNTERS, REGISTERS = 0xE1000300, 16
"""Address and number of a router's diagnostic counters."""
DROPPED = ROUTER_REGISTER_REGISTERS.DUMP_MC.value


@contextmanager
def before_cleared(take: Callable[[Mapping[Chip, np.ndarray]], None]) -> Iterator[None]:
    """A context for runs in which ``take`` gets the counters of all routers as each run has ended.

    sPyNNaker reads them in its mode Debug only, and clears them before and after each run.
    """
    base: Any = AbstractSpinnakerBase
    clear = base._execute_clear_router_diagnostic_counters

    def read_first(simulator: Any) -> None:
        if FecDataView.has_transceiver():
            chips = [(chip.x, chip.y) for chip in FecDataView.get_machine().chips]
            found = read_many([Place(*chip, COUNTERS, 4 * REGISTERS) for chip in chips])
            take({chip: np.frombuffer(data, "<u4")
                  for chip, data in zip(chips, found, strict=True)})
        clear(simulator)

    base._execute_clear_router_diagnostic_counters = read_first
    try:
        yield
    finally:
        base._execute_clear_router_diagnostic_counters = clear


@dataclass(frozen=True)
class Dropped:
    """Multicast packets that the router of a chip dropped. again: of them, sent again."""

    chip: Chip
    count: int
    again: int

    def sentence(self) -> str:
        """A sentence with the numbers."""
        again = f", of which {self.again} were sent again" if self.again else ""
        return f"the router of chip {self.chip[0]},{self.chip[1]} dropped {self.count} " \
            f"packets{again}"


class Routers:
    """What all routers of the machine dropped, and what was sent again."""

    def __init__(self) -> None:
        self._dropped: dict[Chip, int] = {}
        self._again: dict[Chip, int] = {}       # sent again since the machine was loaded
        self._sent_again: dict[Chip, int] = {}

    def watched(self) -> AbstractContextManager[None]:
        """A context for a run, behind which :meth:`dropped` has what it dropped."""
        self._dropped, self._sent_again = {}, {}
        return before_cleared(self._take)

    def _take(self, counters: Mapping[Chip, np.ndarray]) -> None:
        for chip, of_chip in counters.items():
            self._dropped[chip] = self._dropped.get(chip, 0) + int(of_chip[DROPPED])
        if not FecDataView.has_monitors():
            return
        monitor = FecDataView.get_monitor_by_xy(0, 0)
        for chip, status in monitor.get_reinjection_status_for_vertices().items():
            place = chip.x, chip.y
            total, before = int(status.n_reinjected_packets), self._again.get(place, 0)
            self._again[place] = total
            self._sent_again[place] = self._sent_again.get(place, 0) + (
                total - before if total >= before else total)

    def dropped(self) -> list[Dropped]:
        """Chips whose routers dropped packets in the last run."""
        return [Dropped(chip, count, min(self._sent_again.get(chip, 0), count))
                for chip, count in sorted(self._dropped.items()) if count]
