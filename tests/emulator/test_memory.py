"""Heaps, routing tables and images, as cores and hosts find them in a chip's memory."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.emulator.emulated_machine import EmulatedMachine
from pynn_eprop.emulator.geometry import geometry
from pynn_eprop.emulator.heap import HEADER, Heap
from pynn_eprop.emulator.image import Image
from pynn_eprop.emulator.layout import DTCM, SDRAM, Sv
from pynn_eprop.errors import ImageError
from tests.emulator.assembler import Program, aplx

BASE, TOP = SDRAM + 0x100000, SDRAM + 0x102000


def check(heap: Heap, held: dict[int, int]) -> None:
    """Blocks lie side by side without overlap; the free chain has all that is not held."""
    blocks = heap._blocks()
    used = {address + HEADER: size - HEADER for address, size, owner in blocks
            if owner >> 16 == 0xFFFF}
    assert used.keys() == held.keys()
    assert all(used[address] >= size for address, size in held.items())
    free = [(address, size) for address, size, owner in blocks if owner >> 16 != 0xFFFF]
    assert heap._free_blocks() == free
    assert sum(size for _, size, _ in blocks) == TOP - BASE - 16 - HEADER
    # two free blocks never touch
    assert not {address + size for address, size in free} & {address for address, _ in free}


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 600), st.integers(0, 255))))
def test_heap_keeps_its_chains(steps: list[tuple[bool, int, int]]) -> None:
    machine = EmulatedMachine(geometry(1), {(0, 0): "127.0.3.1"})
    try:
        chip = machine.monitors[0, 0].chip
        heap = Heap.create(chip, Sv.SDRAM_HEAP, BASE, TOP)
        held: dict[int, int] = {}
        for allocate, size, choice in steps:
            if allocate:
                address = heap.allocate(size, application=choice)
                if address:
                    held[address] = size
                else:
                    assert heap.largest() < size
            elif held:
                address = sorted(held)[choice % len(held)]
                del held[address]
                assert heap.free(address)
            check(heap, held)
    finally:
        machine.close()


def test_heap_of_a_chip_is_empty_again_after_an_application(machine: EmulatedMachine) -> None:
    heap = machine.monitors[0, 0].sdram
    before = heap.largest(), heap.free_bytes()
    first = heap.allocate(1000, application=17, tag=5)
    other = heap.allocate(1000, application=18)
    assert heap.tagged(17, 5) == first
    assert heap.free_application(17) == 1
    assert heap.tagged(17, 5) == 0
    assert heap.free(other)
    assert not heap.free(other)
    assert (heap.largest(), heap.free_bytes()) == before


def test_heap_size_is_that_of_real_boards(machine: EmulatedMachine) -> None:
    # what sPyNNaker expects of a chip of a SpiNNaker-1 board (spinn_machine, VersionSpin1)
    assert machine.monitors[0, 0].sdram.largest() == 123469792


def test_router_blocks(machine: EmulatedMachine) -> None:
    router = machine.monitors[0, 0].router
    assert router.largest() == 1023
    first, second = router.allocate(1000, 17), router.allocate(20, 18)
    assert (first, second, router.allocate(4, 19)) == (1, 1001, 0)
    assert router.free_application(17, clear=True) == 1
    assert router.largest() == 1000
    assert router.allocate(1000, 20) == 1


def test_router_entries_are_loaded_and_cleared(machine: EmulatedMachine) -> None:
    monitor = machine.monitors[0, 0]
    table = struct.pack("<HHIII", 0, 0, 0x41, 0x100, 0xFFFFFF00) + struct.pack(
        "<HHIII", 1, 0, 0x80, 0x200, 0xFFFFFF00)
    monitor.chip.write(BASE, table)
    assert monitor.router.load(BASE, 2, 10, 17)
    assert monitor.router.entries() == [(10, 0x100, 0xFFFFFF00, 0x41),
                                        (11, 0x200, 0xFFFFFF00, 0x80)]
    assert not monitor.router.load(BASE, 2, 1023, 17)
    assert monitor.router.clear(10, 1)
    assert not monitor.router.clear(1020, 10)
    assert [entry for entry, *_ in monitor.router.entries()] == [11]


def test_image_is_read_back() -> None:
    image = Image.parse(aplx((0, b"code"), (DTCM + 16, b"data"), (SDRAM, b"more")))
    assert image.parts == [(0, b"code"), (DTCM + 16, b"data"), (SDRAM, b"more")]
    assert image.start == 0


@pytest.mark.parametrize("data, reason", [
    (b"", "no command"),
    (b"#!/bin/sh\necho this is no image of a core", "no command.*23 21"),
    (b"\x7fELF" + bytes(100), "no command"),
    (struct.pack("<4I", 2, 0, 32, 10_000), "copies 10000 bytes"),
    (struct.pack("<4I", 3, 0, 0xFFFFFFFF, 0), "fills"),
    (struct.pack("<4I", 3, 0x7F00, 0x200, 0) + struct.pack("<4I", 4, 0, 0, 0), "no memory"),
    (struct.pack("<4I", 2, 0x90000000, 16, 4) + bytes(16), "0x90000000"),
    (struct.pack("<4I", 4, 0x60000000, 0, 0), "outside ITCM"),
])
def test_no_image(data: bytes, reason: str) -> None:
    with pytest.raises(ImageError, match=reason):
        Image.parse(data)


@given(st.binary(max_size=400))
def test_any_bytes_are_an_image_or_none(data: bytes) -> None:
    try:
        Image.parse(data)
    except ImageError:
        pass


def test_program_as_image() -> None:
    assert Image.parse(Program().sleep().image()).parts[0][0] == 0
