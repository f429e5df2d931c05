"""``pynn-eprop board`` as a user starts it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pynn_eprop import cli
from pynn_eprop.emulator.server import bind

ROOT = Path(__file__).parents[2]


def free_address() -> str:
    """Different for tests that run beside each other."""
    return f"127.0.4.{os.getpid() % 250 + 1}"


def test_board_serves_until_stopped() -> None:
    address = free_address()
    command = [sys.executable, "-m", "pynn_eprop.cli", "board", "--chips", "4",
               "--address", address, "--status", "0.2"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip())
            if "MIPS" in line:
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert f"machine_name = {address}" in lines
    assert lines[lines.index(f"machine_name = {address}") + 1] == "version = 3"
    assert "no cycle timing" in lines[0]
    bind(address).close()  # free again


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
    address = free_address()
    with bind(address):
        assert cli.main(["board", "--address", address]) == 2
    assert f"UDP port 17893 of {address} cannot be used" in capsys.readouterr().err
