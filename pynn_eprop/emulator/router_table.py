"""The multicast table of a chip's router: its entries and their owners."""

import struct
from collections.abc import Sequence

from pynn_eprop.emulator.chip import Chip
from pynn_eprop.emulator.layout import (
    CORES,
    LINKS,
    ROUTER_ENTRIES,
    ROUTER_FIXED_ROUTE,
    ROUTER_KEY,
    ROUTER_MASK,
    ROUTER_ROUTE,
    SV,
    Sv,
)

FIRST = 1
"""Entry 0 is the system's own."""
UNUSED = (0xFF000000, 0xFFFFFFFF, 0)
COPY_ENTRY = struct.Struct("<HHIII")


class RouterTable:
    """Allocation and content of the entries.

    Applications read the system's copy of the table (``sv->rtr_copy``), so it is kept as well; it
    has virtual core numbers, the router itself physical ones. physical: of each virtual core.
    """

    def __init__(self, chip: Chip, physical: Sequence[int]) -> None:
        self._chip = chip
        self._physical = physical
        self._owner: dict[int, int] = {}  # first entry of a block -> application
        self._size: dict[int, int] = {}

    def _copy(self, entry: int) -> int:
        return self._chip.sv(Sv.ROUTER_COPY) + COPY_ENTRY.size * entry

    def create(self) -> None:
        """Write the system's copy of a table that is empty."""
        empty = COPY_ENTRY.pack(0, 0, *UNUSED)
        self._chip.write(self._copy(0), empty * (ROUTER_ENTRIES + 1))
        self._update_free_list()

    def reset(self) -> None:
        """Empty the table and forget who owns what."""
        self._owner.clear()
        self._size.clear()
        for entry, *_ in self.entries():
            self._set(entry, *UNUSED)
        self.create()

    def _set(self, entry: int, route: int, key: int, mask: int) -> None:
        for base, value in ((ROUTER_ROUTE, self._for_router(route)), (ROUTER_KEY, key),
                            (ROUTER_MASK, mask)):
            self._chip.write(base + 4 * entry, struct.pack("<I", value))
        self._chip.write(self._copy(entry) + 4, struct.pack("<III", route, key, mask))

    def _for_router(self, route: int) -> int:
        """A route with the physical numbers of its cores; what is above them stays."""
        cores = (1 << CORES) - 1 << len(LINKS)
        return route & ~cores | sum(
            1 << len(LINKS) + physical for core, physical in enumerate(self._physical)
            if route >> len(LINKS) + core & 1)

    def set_fixed_route(self, route: int) -> None:
        """Set the route of all fixed-route packets."""
        route &= 0xFFFFFF
        self._chip.set_word(SV + Sv.FIXED_ROUTE_COPY, route)
        self._chip.set_word(ROUTER_FIXED_ROUTE, self._for_router(route))

    def _gaps(self) -> list[tuple[int, int]]:
        """First entry and size of each free block."""
        gaps = []
        start = FIRST
        for entry in [*sorted(self._owner), ROUTER_ENTRIES]:
            if entry > start:
                gaps.append((start, entry - start))
            start = entry + self._size.get(entry, 0)
        return gaps

    def _update_free_list(self) -> None:
        """Write the chain of free blocks as the system software keeps it in its copy."""
        gaps = self._gaps()
        for index, (start, size) in enumerate(gaps):
            following = gaps[index + 1][0] if index + 1 < len(gaps) else 0
            self._chip.write(self._copy(start), struct.pack("<HH", start + size, following))
        self._chip.set_half(SV + Sv.ROUTER_FREE, gaps[0][0] if gaps else 0)

    def allocate(self, count: int, application: int) -> int:
        """First of a block of entries; 0 if there is no space."""
        for start, size in self._gaps():
            if 0 < count <= size:
                self._owner[start] = application
                self._size[start] = count
                self._update_free_list()
                return start
        return 0

    def largest(self) -> int:
        """Entries of the largest free block."""
        return max((size for _, size in self._gaps()), default=0)

    def free(self, start: int, clear: bool) -> None:
        """Free a block."""
        if start in self._owner:
            if clear:
                self.clear(start, self._size[start])
            del self._owner[start], self._size[start]
            self._update_free_list()

    def free_application(self, application: int, clear: bool) -> int:
        """Free an application's blocks. Returns their number."""
        blocks = [start for start, owner in self._owner.items() if owner == application]
        for start in blocks:
            self.free(start, clear)
        return len(blocks)

    def clear(self, start: int, count: int) -> bool:
        """Empty entries. Returns False if they are not all there."""
        if start + count > ROUTER_ENTRIES:
            return False
        for entry in range(start, start + count):
            self._set(entry, *UNUSED)
        return True

    def load(self, address: int, count: int, offset: int, application: int) -> bool:
        """Load entries from memory. Returns False if some would be outside the table."""
        if count > ROUTER_ENTRIES:
            return False
        data = self._chip.read(address, COPY_ENTRY.size * max(count, 1))
        entries = list(COPY_ENTRY.iter_unpack(data))
        if count == 0:  # then the first entry has the count
            count = entries[0][1]
            if count > ROUTER_ENTRIES:
                return False
            entries = list(COPY_ENTRY.iter_unpack(
                self._chip.read(address, COPY_ENTRY.size * count)))
        if any(index + offset >= ROUTER_ENTRIES for index, *_ in entries):
            return False
        for index, _, route, key, mask in entries:
            self._set(index + offset, (route & 0xFFFFFF) | application << 24, key, mask)
        return True

    def entries(self) -> list[tuple[int, int, int, int]]:
        """Number, key, mask and route of the entries in use."""
        copy = self._chip.read(self._copy(0), COPY_ENTRY.size * ROUTER_ENTRIES)
        return [(entry, key, mask, route & 0xFFFFFF)
                for entry, (_, _, route, key, mask) in enumerate(COPY_ENTRY.iter_unpack(copy))
                if route >> 24 != 0xFF]
