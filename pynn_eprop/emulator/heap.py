"""Heaps in the layout that cores share with the monitor: a chain of blocks and one of free blocks.

A heap starts with four words (first free block, first block, last block, free bytes); a block with
two (next block; next free block, or while in use 0xffff0000 | application << 8 | tag). Hosts and
cores can overwrite all of it: a chain that does not go upwards raises Refused.
"""

import struct
from collections.abc import Callable

from pynn_eprop.emulator.chip import Chip
from pynn_eprop.emulator.layout import SV, Sv
from pynn_eprop.emulator.refusal import Refused, ReturnCode

HEADER = 8
ROOT = 16
IN_USE = 0xFFFF0000


class Heap:
    """A heap in a chip's memory, found through the system variable that points to it."""

    def __init__(self, chip: Chip, variable: int) -> None:
        self._chip = chip
        self._variable = variable

    @property
    def _base(self) -> int:
        return self._chip.sv(self._variable)

    @classmethod
    def create(cls, chip: Chip, variable: int, base: int, top: int) -> "Heap":
        """An empty heap between two addresses."""
        first, last = base + ROOT, top - HEADER
        chip.write(base, struct.pack("<4I", first, first, last, last - first - HEADER))
        chip.write(first, struct.pack("<2I", last, 0))
        chip.write(last, bytes(HEADER))
        chip.set_word(SV + variable, base)
        return cls(chip, variable)

    def _broken(self, block: int) -> Refused:
        return Refused(ReturnCode.NO_BUFFER,
                       f"the heap at 0x{self._base:08x} was overwritten at 0x{block:08x}")

    def _blocks(self) -> list[tuple[int, int, int]]:
        """Address, size and owner word of every block, in the order of addresses."""
        _, block, last, _ = struct.unpack("<4I", self._chip.read(self._base, ROOT))
        blocks = []
        while block != last:
            following, owner = struct.unpack("<2I", self._chip.read(block, HEADER))
            if not block < following <= last:
                raise self._broken(block)
            blocks.append((block, following - block, owner))
            block = following
        return blocks

    def _free_blocks(self) -> list[tuple[int, int]]:
        """Address and size, header included, of the free blocks."""
        block = self._chip.word(self._base)
        blocks: list[tuple[int, int]] = []
        while block:
            following, next_free = struct.unpack("<2I", self._chip.read(block, HEADER))
            if following <= block or 0 < next_free <= block:
                raise self._broken(block)
            blocks.append((block, following - block))
            block = next_free
        return blocks

    def _write_free_chain(self, free: list[int], free_bytes: int) -> None:
        for block, following in zip(free, [*free[1:], 0], strict=True):
            self._chip.set_word(block + 4, following)
        self._chip.set_word(self._base, free[0] if free else 0)
        self._chip.set_word(self._base + 12, free_bytes)

    def _tag_entry(self, application: int, tag: int) -> int:
        return self._chip.sv(Sv.ALLOCATION_TAGS) + 4 * (application << 8 | tag)

    def tagged(self, application: int, tag: int) -> int:
        """Address of the block with a tag; 0 if there is none."""
        return self._chip.word(self._tag_entry(application, tag))

    def allocate(self, size: int, application: int = 0, tag: int = 0) -> int:
        """Address of a new block; 0 if there is no space."""
        needed = ((size + 3) & ~3) + HEADER
        free = self._free_blocks()
        for index, (block, available) in enumerate(free):
            if available < needed:
                continue
            chain = [address for address, _ in free]
            left = available - needed
            if left > HEADER:  # split, but leave no block without content
                rest = block + needed
                self._chip.set_word(rest, block + available)
                self._chip.set_word(block, rest)
                chain[index] = rest
            else:
                del chain[index]
            free_bytes = self._chip.word(self._base + 12)
            self._write_free_chain(chain, free_bytes - needed)
            self._chip.set_word(block + 4, IN_USE | application << 8 | tag)
            if tag:
                self._chip.set_word(self._tag_entry(application, tag), block + HEADER)
            return block + HEADER
        return 0

    def block_size(self, address: int) -> int:
        """Bytes of the block at an address, as given by allocate()."""
        return self._chip.word(address - HEADER) - address

    def free(self, address: int) -> bool:
        """Free one block. Returns False if there is none."""
        return self._release(lambda block, owner: block + HEADER == address) > 0

    def free_application(self, application: int) -> int:
        """Free an application's blocks. Returns their number."""
        return self._release(lambda block, owner: owner >> 8 & 0xFF == application)

    def _release(self, chosen: Callable[[int, int], bool]) -> int:
        merged: list[list[int]] = []  # address, size, in use
        released = 0
        for block, size, owner in self._blocks():
            in_use = owner >> 16 == 0xFFFF
            if in_use and chosen(block, owner):
                if owner & 0xFF:
                    self._chip.set_word(self._tag_entry(owner >> 8 & 0xFF, owner & 0xFF), 0)
                in_use = False
                released += 1
            if merged and not in_use and not merged[-1][2]:
                merged[-1][1] += size
            else:
                merged.append([block, size, in_use])
        for block, size, _ in merged:
            self._chip.set_word(block, block + size)
        free = [(block, size) for block, size, in_use in merged if not in_use]
        self._write_free_chain([block for block, _ in free],
                               sum(size for _, size in free) - HEADER)
        return released

    def largest(self) -> int:
        """Bytes of the largest block that could be allocated."""
        return max((size - HEADER for _, size in self._free_blocks()), default=0)

    def free_bytes(self) -> int:
        """Free bytes, as the heap's root counts them."""
        return self._chip.word(self._base + 12)
