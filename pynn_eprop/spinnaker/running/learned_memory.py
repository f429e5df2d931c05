"""Regions of learned values, read when needed and copied in case a later run fails."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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

    ``vertices``: the machine vertices by the numbers of their cores. ``describe``: see
    :meth:`Session.talking`. After a failure :meth:`read` gives the last copy of everything, see
    :meth:`keep`, or what the network began with if nothing was copied yet.
    """

    def __init__(self, plan: Plan, session: Session, vertices: Callable[[], Mapping[int, Any]],
                 describe: Describe) -> None:
        self._plan, self._session, self._vertices = plan, session, vertices
        self._describe = describe
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
        self.fetch([(core, region)])
        return self._held[core.number, region]

    def fetch(self, wanted: Sequence[tuple[Core, Region]]) -> None:
        """Read regions at once, those that are not known yet; :meth:`read` has them then."""
        unknown = [each for each in wanted if (each[0].number, each[1]) not in self._held]
        if not self._session.loaded:
            self._held.update(((core.number, region), self._plan.initial(core, region))
                              for core, region in unknown)
        elif unknown:
            with self._session.talking(self._describe):
                self._take(unknown, self._session.read(self._wanted(unknown)))

    def _wanted(self, regions: Sequence[tuple[Core, Region]]) -> list[tuple[Any, Region, int]]:
        vertices = self._vertices()
        return [(vertices[core.number], region, self._plan.learned_bytes(core, region))
                for core, region in regions]

    def _take(self, wanted: Sequence[tuple[Core, Region]], found: Sequence[bytes | None]) -> None:
        self._held.update(((core.number, region), data) for (core, region), data
                          in zip(wanted, found, strict=True) if data is not None)

    def write(self, core: Core, region: Region, data: bytes) -> None:
        """Replace a region."""
        with self.writing() as write:
            write(core, region, data)

    @contextmanager
    def writing(self) -> Iterator[Callable[[Core, Region, bytes], None]]:
        """A context with a function that replaces a region; the machine has all at its end."""
        self._session.check("what the machine holds")
        contents: list[tuple[Core, Region, bytes]] = []

        def write(core: Core, region: Region, data: bytes) -> None:
            self._held[core.number, region] = data
            contents.append((core, region, data))

        yield write
        if self._session.loaded and contents:
            vertices = self._vertices()
            with self._session.talking(self._describe):
                self._session.write([(vertices[core.number], region, data)
                                     for core, region, data in contents])

    def changed(self) -> None:
        """Forget what was read: cores have learned since."""
        if self._copy is None:
            self._copy = self._held     # what was set before the first run
        self._held = {}

    def keep(self, step: int, updates: int) -> None:
        """Copy everything at a stop, if that takes little enough of the time.

        Reading stops when it takes too long; it is then tried again when it is expected to be a
        small enough share of the time.
        """
        if not self._session.loaded:
            return
        begun = time.monotonic()
        most = max(CHEAP_SECONDS, SHARE * (begun - self._copied_at))
        if self._cost > most:
            return
        unknown = [each for each in self._plan.learned() if (each[0].number, each[1])
                   not in self._held]
        with self._session.talking(self._describe):
            found, share = self._session.read_in_time(self._wanted(unknown), most)
        self._take(unknown, found)
        self._cost = (time.monotonic() - begun) / max(share, 1e-9)
        if not any(data is None for data in found):
            self.kept(step, updates)

    def kept(self, step: int, updates: int) -> None:
        """Note that all regions are held now, as of this step."""
        self._copy, self._copied = self._held, (step, updates)
        self._copied_at = time.monotonic()

    def fall_back(self, step: int, updates: int, timestep: float) -> str:
        """After a failure: hold everything as of ``step``, or as it was last copied.

        Returns what can still be read.
        """
        left = f"What was recorded up to {step * timestep:g} ms can still be read"
        learned = [(core.number, region) for core, region in self._plan.learned()]
        if not self._session.loaded or all(each in self._held for each in learned):
            return f"{left}, and so can the weights after update {updates}."
        self.lost = True
        self._held = {(core.number, region): self._plan.initial(core, region)
                      for core, region in self._plan.learned()} | (self._copy or {})
        return f"{left}; of the weights, those after update {self._copied[1]} " \
            f"(at {self._copied[0] * timestep:g} ms)."
