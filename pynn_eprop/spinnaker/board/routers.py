"""Packets that routers dropped in a run, and those that reinjection sent again."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import spynnaker.pyNN as spynnaker
from spinn_front_end_common.data import FecDataView
from spinnman.constants import ROUTER_REGISTER_REGISTERS
from spinnman.messages.scp.impl.read_memory import ReadMemory
from spinnman.processes.abstract_multi_connection_process import AbstractMultiConnectionProcess

Chip = tuple[int, int]
COUNTERS = 0xE1000300
"""Address of a router's 16 diagnostic counters."""


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
    """Counters of all routers of the machine, read when a run has ended.

    sPyNNaker reads them in its mode Debug only, and clears them before and after each run.
    """

    def __init__(self) -> None:
        self._dropped: dict[Chip, int] = {}
        self._again: dict[Chip, int] = {}       # sent again since the machine was loaded
        self._sent_again: dict[Chip, int] = {}

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A context for a run, behind which :meth:`dropped` has what it dropped."""
        simulator: Any = vars(spynnaker)["__simulator"]
        clear = simulator._execute_clear_router_diagnostic_counters
        self._dropped, self._sent_again = {}, {}

        def read_first() -> None:
            if FecDataView.has_transceiver():
                self._read()
            clear()

        simulator._execute_clear_router_diagnostic_counters = read_first
        try:
            yield
        finally:
            del simulator._execute_clear_router_diagnostic_counters

    def _read(self) -> None:
        chips = [(chip.x, chip.y) for chip in FecDataView.get_machine().chips]
        process: Any = _ReadCounters(FecDataView.get_scamp_connection_selector())
        for chip, count in process.read(chips).items():
            self._dropped[chip] = self._dropped.get(chip, 0) + count
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


class _ReadCounters(AbstractMultiConnectionProcess):
    """Reads the counters of many routers at once."""

    def read(self, chips: Iterable[Chip]) -> dict[Chip, int]:
        """Multicast packets that the routers dropped."""
        found: dict[Chip, int] = {}

        def keep(chip: Chip) -> Any:
            def handle(response: Any) -> None:
                counters = np.frombuffer(response.data, "<u4", 16, response.offset)
                found[chip] = int(counters[ROUTER_REGISTER_REGISTERS.DUMP_MC.value])
            return handle

        with self._collect_responses():
            for chip in chips:
                self._send_request(ReadMemory((*chip, 0), COUNTERS, 64), keep(chip))
        return found
