"""``pynn-eprop board`` as a user starts it."""

import signal

import pytest

from pynn_eprop import cli
from pynn_eprop.emulator.server import bind
from pynn_eprop.errors import AddressTakenError
from tests.boards import board_process, own_address


def test_board_serves_until_stopped() -> None:
    address = own_address()
    with board_process("--chips", "4", "--address", address, "--status", "0.2") as board:
        lines = board.lines
        assert board.process.stdout is not None
        assert any("MIPS" in line for line in board.process.stdout)
        board.process.send_signal(signal.SIGTERM)
        assert board.process.wait(20) == 0
    assert f"machine_name = {address}" in lines
    assert lines[lines.index(f"machine_name = {address}") + 1] == "version = 3"
    assert "models no power" in lines[0]
    bind(address).close()  # free again


def test_boards_of_several_commands_take_free_addresses_and_print_them() -> None:
    with board_process() as first, board_process() as second:
        assert first.address != second.address
        for board in (first, second):
            assert board.address in board.lines[0]
            with pytest.raises(AddressTakenError):      # it is there
                bind(board.address)


@pytest.mark.parametrize("arguments, message", [
    (["--chips", "7"], "no board has 7 chips"),
    (["--address", "192.168.1.1"], "not in the loopback range"),
    (["--threads", "0"], "0 host threads"),
])
def test_bad_input_ends_with_one_line(arguments: list[str], message: str,
                                      capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["board", *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_port_that_is_taken(capsys: pytest.CaptureFixture[str]) -> None:
    address = own_address()
    with bind(address):
        assert cli.main(["board", "--address", address]) == 2
    assert f"UDP port 17893 of {address} cannot be used" in capsys.readouterr().err
