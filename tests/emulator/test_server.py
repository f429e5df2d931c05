"""A board on the network: hostile packets, taken ports, stopping, and nothing left behind."""

import logging
import os
import random
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.faults import Fault, FaultKind
from pynn_eprop.emulator.layout import SDRAM, CpuState
from pynn_eprop.emulator.server import PORT, bind
from pynn_eprop.errors import AddressTakenError, EmulatorError, ImageError, MissingDependencyError
from tests.emulator.hostile import Host, hostile
from tests.emulator.running import APPLICATION
from tests.emulator.test_commands import DATA, INFO, READ, VERSION, WRITE, counting_program

PACKETS = 4000


@pytest.fixture
def board() -> Iterator[Board]:
    board = Board(chips=1)
    board.start()
    yield board
    board.close()


def test_answers_over_udp(board: Board) -> None:
    host = Host(board)
    assert host.command(VERSION)[1][12:27] == b"SC&MP/SpiNNaker"
    assert host.command(WRITE, DATA, 4, 2, data=b"word")[0] == 0x80
    assert host.command(READ, DATA, 4, 2) == (0x80, b"word")


def test_the_log_has_the_first_finding_of_a_kind_on_a_core(
        board: Board, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for core, kind, pc in ((1, FaultKind.UNALIGNED, 4), (1, FaultKind.UNALIGNED, 8),
                           (1, FaultKind.TICK_OVERRUN, 12), (2, FaultKind.UNALIGNED, 16)):
        board.server._report(Fault(kind, 0, 0, core, "x", 1.0, pc, 0))
    assert [(record.levelname, record.message.split(":")[0][-2:]) for record in caplog.records] == [
        ("WARNING", "04"), ("INFO", "0c"), ("WARNING", "10")]


@pytest.mark.parametrize("seed", [1, 2])
def test_board_survives_hostile_packets(board: Board, seed: int) -> None:
    generator = random.Random(seed)
    host = Host(board)
    for index in range(PACKETS):
        host.send(hostile(generator))
        if index % 50 == 49:  # let it keep up; what it answers is not looked at
            assert host.command(VERSION)[0] == 0x80
    assert host.command(VERSION)[0] == 0x80
    assert board._thread is not None
    assert board._thread.is_alive()


@pytest.mark.parametrize("cleared", [True, False])
def test_applications_run_after_a_script_that_was_killed(cleared: bool) -> None:
    """A first host disappears without stopping its application; a second one starts its own.

    The memory of the last one stays taken, unless what it left is cleared.
    """
    image = counting_program()
    board = Board(chips=1, clear_abandoned=cleared)
    board.start()
    for _ in range(3):
        host = Host(board)
        host.command(20, 0x3F << 16, 5 << 28 | 2 << 16 | 0xFF00 | APPLICATION)
        assert host.command(INFO)[1][13] == 15
        place = SDRAM + (120 << 20)
        for offset in range(0, len(image), 256):
            part = image[offset:offset + 256]
            host.command(WRITE, place + offset, len(part), 0, data=part)
        assert host.command(24, place, APPLICATION << 24 | 2)[0] == 0x80
        host.command(28, APPLICATION << 8, 1 << 20)  # takes memory and leaves it
        host.socket.close()
    last = Host(board)
    summary = last.command(INFO)[1]
    assert (summary[13] == CpuState.IDLE) == cleared  # core 1; else it is on its way
    assert struct.unpack_from("<I", summary, 4)[0] == 123469792 - (
        0 if cleared else (1 << 20) + 8)
    # a second socket beside one that is alive clears nothing
    last.command(28, APPLICATION << 8, 1 << 20)
    second = Host(board)
    assert struct.unpack_from("<I", second.command(INFO)[1], 4)[0] < 123469792
    board.close()


def test_port_that_is_taken() -> None:
    with (Board(chips=1) as first,
          pytest.raises(AddressTakenError, match=f"{PORT} of {first.address}.*another")):
        Board(chips=1, address=first.address)
    bind(first.address).close()  # free again


def test_boards_beside_each_other() -> None:
    with Board(chips=1) as first, Board(chips=1) as second:
        assert first.address != second.address
        for board in (first, second):
            assert Host(board).command(VERSION)[0] == 0x80


def test_three_boards_of_one_machine() -> None:
    board = Board(chips=48, boards=3)
    board.start()
    try:
        assert len(board.addresses) == 3
        for chip, address in board.addresses.items():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
                host.settimeout(5)
                host.sendto(struct.pack("<H8B", 0, 0x87, 0xFF, 0, 0xFF, 255, 255, 0, 0)
                            + struct.pack("<HHIII", VERSION, 1, 0, 0, 0), (address, PORT))
                answer = host.recv(300)
            assert (answer[17], answer[16]) == chip
    finally:
        board.close()


def test_nothing_is_left_behind() -> None:
    before, threads = os.environ.get("HOME"), threading.active_count()
    with Board(chips=1) as board:
        home = board.home
        assert home is not None
        assert os.environ["HOME"] == str(home)
        text = (home / ".spynnaker.cfg").read_text()
        assert f"machine_name = {board.address}\nversion = 5" in text
    assert os.environ.get("HOME") == before
    assert not home.exists()
    assert threading.active_count() == threads


@pytest.mark.parametrize("arguments, message", [
    ({"chips": 5}, "5 chips; choose from 1, 4, 48"),
    ({"chips": 48, "boards": 2}, "2 boards of 48"),
    ({"address": "10.0.0.1"}, "loopback"),
    ({"address": "board"}, "'board' is not an IPv4 address"),
    ({"threads": 0}, "0 host threads"),
    ({"quantum": 0}, "0 cycles"),
])
def test_boards_that_cannot_be(arguments: dict, message: str) -> None:
    with pytest.raises(EmulatorError, match=message):
        Board(**arguments)


def test_program_that_is_no_elf_file(tmp_path: Path) -> None:
    path = tmp_path / "model.aplx"
    path.write_bytes(b"not one")
    with pytest.raises(ImageError, match=r"model\.aplx is not a 32-bit"):
        Board(chips=1, programs=[path])


def test_unicorn_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    Board(chips=1).close()  # only the other engine needs it
    with pytest.raises(MissingDependencyError, match=r"pip install .*spinnaker"):
        Board(chips=1, engine="unicorn")


def test_unicorn_without_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr("importlib.util.find_spec", lambda name: Spec)
    with pytest.raises(MissingDependencyError, match=r"none of libunicorn"):
        Board(chips=1, engine="unicorn")


def test_numbers_of_unicorns_interface() -> None:
    """The C sources declare what they use of it: the numbers must be the package's."""
    import re

    from unicorn import arm_const, unicorn_const

    header = (Path(__file__).parents[2] / "c_models/emulator/unicorn_api.h").read_text()
    names = dict(re.findall(r"(UC_(?!CTL)\w+) = (\d+)", header))
    assert len(names) > 20
    for name, value in names.items():
        source = arm_const if name.startswith(("UC_ARM", "UC_CPU")) else unicorn_const
        assert getattr(source, name) == int(value), name
    for name, number in re.findall(r"(UC_CTL_\w+) = (\d+) \|", header):
        original = {"UC_CTL_SET_EXITS_ENABLED": "UC_CTL_UC_USE_EXITS",
                    "UC_CTL_SET_EXITS": "UC_CTL_UC_EXITS",
                    "UC_CTL_SET_CPU_MODEL": "UC_CTL_CPU_MODEL",
                    "UC_CTL_FLUSH_TB": "UC_CTL_TB_FLUSH",
                    "UC_CTL_SET_TCG_BUFFER_SIZE": "UC_CTL_TCG_BUFFER_SIZE"}[name]
        assert getattr(unicorn_const, original) == int(number), name
