"""Regions of learned values, read when needed and copied in case a later run fails."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from pynn_eprop.spinnaker.board.recovery import Describe
from pynn_eprop.spinnaker.board.session import Session
from pynn_eprop.spinnaker.memory.layout import Region
from pynn_eprop.spinnaker.placement.cores import Core
from pynn_eprop.spinnaker.placement.plan import Plan

Regions = dict[tuple[int, Region], bytes]

CHEAP_SECONDS = 1.0
"""Everything is copied at each stop if reading takes no longer than this,"""
SHARE = 0.1
"""or no more than this share of the time since the last copy."""


class LearnedMemory:
    """The regions in which cores keep what they have learned, as the host knows them.

    ``vertex``: the machine vertex of a core. ``describe``: see :meth:`Session.talking`. After a
    failure :meth:`read` gives the last copy of everything, see :meth:`keep`.
    """

    def __init__(self, plan: Plan, session: Session, vertex: Callable[[Core], Any],
                 describe: Describe) -> None:
        self._plan, self._session, self._vertex, self._describe = plan, session, vertex, describe
        self._held: Regions = {}
        self._copy: Regions | None = None
        self._copied = 0, 0     # step and updates of the copy
        self._cost, self._copied_at = 0.0, time.monotonic()
        self.lost = False       # after a failure: what is held is older than the last stop

    def held(self, core: Core) -> Mapping[Region, bytes]:
        """A core's regions that are known without reading the machine."""
        return {region: data for (number, region), data in self._held.items()
                if number == core.number}

    def read(self, core: Core, region: Region) -> bytes:
        """A region as it is now; after a failure, as it was when everything was last copied."""
        key = core.number, region
        if key not in self._held:
            self._held[key] = self._read(core, region)
        return self._held[key]

    def _read(self, core: Core, region: Region) -> bytes:
        if not self._session.loaded:
            return self._plan.initial(core, region)
        with self._session.talking(self._describe):
            reserved = bytes(self._vertex(core).read(region))
        return reserved[:self._plan.learned_bytes(core, region)]

    def write(self, core: Core, region: Region, data: bytes) -> None:
        """Replace a region."""
        self._session.check("what the machine holds")
        self._held[core.number, region] = data
        if self._session.loaded:
            with self._session.talking(self._describe):
                self._vertex(core).write(region, data)

    def changed(self) -> None:
        """Forget what was read: cores have learned since."""
        self._held = {}

    def keep(self, step: int, updates: int) -> None:
        """Copy everything at a stop, if that takes little enough of the time."""
        if not self._session.loaded:
            return
        since = time.monotonic() - self._copied_at
        if self._copy is None or self._cost <= max(CHEAP_SECONDS, SHARE * since):
            begun = time.monotonic()
            for core, region in self._all():
                self.read(core, region)
            self._cost = time.monotonic() - begun
            self.kept(step, updates)

    def kept(self, step: int, updates: int) -> None:
        """Note that all regions are held now, as of this step."""
        self._copy, self._copied = self._held, (step, updates)
        self._copied_at = time.monotonic()

    def _all(self) -> list[tuple[Core, Region]]:
        return [(core, region) for core in self._plan.cores
                for region in self._plan.learned_regions(core)]

    def fall_back(self, step: int, updates: int, timestep: float) -> str:
        """After a failure: hold everything as of ``step``, or as it was last copied.

        Returns what can still be read.
        """
        left = f"What was recorded up to {step * timestep:g} ms can still be read"
        if not self._session.loaded or all((core.number, region) in self._held
                                           for core, region in self._all()):
            return f"{left}, and so can the weights after update {updates}."
        self.lost = True
        if self._copy is None:
            return f"{left}; what was learned is lost."
        self._held = self._copy
        return f"{left}; of the weights, those after update {self._copied[1]} " \
            f"(at {self._copied[0] * timestep:g} ms)."
