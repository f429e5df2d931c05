"""Messages, text and memory on the own runtime."""

import random
import struct

import pytest

from tests.runtime.exerciser import CONTROL_PORT, HEAP_PORT, PORT, TEXT_PORT, Kind, Rig

ONE = 1 << 15  # s16.15


def test_a_message_is_answered_by_the_application(rig: Rig) -> None:
    rig.start_run(1000)
    rig.run_ms(1.5)
    for size in (0, 1, 7, 64, 255, 256):
        content = bytes(i * 7 % 256 for i in range(size))
        assert rig.ask(PORT, 9, data=content).data == content[::-1]
    assert rig.messages_in_use() == 0


def test_messages_come_in_order_and_are_recorded(rig: Rig) -> None:
    rig.start_run(4)
    rig.run_ms(1.2)
    for size in (4, 8, 12):
        rig.say(PORT, 9, data=bytes(size))
    rig.run_ms(6)
    messages = rig.events()[rig.events()["kind"] == Kind.MESSAGE]
    assert messages["first"].tolist() == [4, 8, 12]
    assert len(rig.answers()) == 3


def test_a_port_that_nobody_listens_to(rig: Rig) -> None:
    rig.run_ms(0.5)
    for _ in range(20):  # more than there are buffers
        rig.say(7, 1)
        rig.run_ms(0.1)
    assert rig.answers() == []
    assert rig.ask(PORT, 9, data=b"abc").data == b"cba"


@pytest.mark.parametrize("form, values, expected", [
    ("%d %u", (-5, 5), "-5 5"),
    ("[%5d] [%05d] [%-d]", (-42, -42), "[  -42] [-0042] [?d]"),
    ("%x %08x %4z", (0xBEEF, 0xBEEF, 0x2A), "beef 0000beef 002a"),
    ("%4z %8z", (0x12345678, 0x12345678), "5678 12345678"),
    ("%c%%", (ord("a"),), "a%"),
    ("%k %k", (3 * ONE // 2, -ONE // 4), "1.500000 -0.250000"),
    ("%.2k %.0k %7.3k", (ONE * 1999 // 1000, 3 * ONE // 2, -ONE), "2.00 2  -1.000"),
    ("%K %f", (5 << 15, 1 << 14), "2.500000 0.250000"),
    ("%r %R", (-(1 << 14), 1 << 15), "-0.500000 0.500000"),
    ("%d", (-(2**31),), "-2147483648"),
    ("%u", (2**32 - 1,), "4294967295"),
    ("100%", (), "100")])
def test_text(rig: Rig, form: str, values: tuple[int, ...], expected: str) -> None:
    """Expected: C's printf, and fixed point rounded to the digits asked for."""
    rig.run_ms(0.5)
    words = [value % 2**32 for value in values] + [0] * (3 - len(values))
    answer = rig.ask(TEXT_PORT, 1, tuple(words), form.encode() + b"\0")  # type: ignore[arg-type]
    assert answer.data.decode() == expected


def test_text_that_is_longer_than_a_buffer(rig: Rig) -> None:
    rig.run_ms(0.5)
    for _ in range(400):  # each leaves a line of 64 characters or so
        rig.say(CONTROL_PORT, 77)
        rig.run_ms(0.1)
    lines = rig.text.splitlines()
    assert len(rig.text) > 16384
    assert sum("command 77 is unknown" in line for line in lines) == 400


def test_memory_is_taken_given_back_and_joined(rig: Rig) -> None:
    rig.run_ms(0.5)

    def take(size: int) -> int:
        return rig.ask(HEAP_PORT, 1, (0, size, 0)).argument

    def give(address: int) -> None:
        rig.ask(HEAP_PORT, 1, (1, address, 0))

    low, high = 1, 1 << 16  # the largest block that can be had
    while high - low > 1:
        middle = (low + high) // 2
        address = take(middle)
        if address:
            give(address)
        low, high = (middle, high) if address else (low, middle)
    everything = low
    assert everything > 50_000
    chooser = random.Random(1)
    mine: dict[int, int] = {}
    for _ in range(150):
        if mine and chooser.random() < 0.45:
            address = chooser.choice(list(mine))
            del mine[address]
            give(address)
            continue
        size = chooser.choice([1, 4, 30, 500, 6000])
        address = take(size)
        if not address:
            continue
        assert address % 4 == 0
        assert all(address + size <= other or other + length <= address
                   for other, length in mine.items())
        mine[address] = size
    for address in mine:
        give(address)
    assert take(everything) != 0
    assert take(0) == 0


def test_memory_of_the_core_is_read_and_written(rig: Rig) -> None:
    """Port 0: read 2, write 3, fill 5; the third argument is the unit, 0 to 2."""
    rig.run_ms(0.5)
    place = rig.regions[4]
    content = bytes(range(64))
    assert rig.ask(0, 3, (place, 64, 2), content).code == 0x80
    assert rig.chip.read(place, 64) == content
    # an answer has its bytes in the place of a command's arguments
    rig.say(0, 2, (place, 64, 0))
    rig.run_ms(0.5)
    assert content in rig.sent.pop()
    assert rig.ask(0, 5, (place, 0x01020304, 16)).code == 0x80
    assert rig.chip.read(place, 20) == struct.pack("<4I", *[0x01020304] * 4) + content[16:20]
    assert rig.ask(0, 2, (place + 1, 4, 2)).code == 0x84  # not aligned
    assert rig.ask(0, 2, (place, 257, 0)).code == 0x84
    assert rig.ask(0, 99).code == 0x83
