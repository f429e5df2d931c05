"""Emulated boards of tests: beside those of other tests, and of other test runs on this machine.

A ``Board`` and ``pynn-eprop board`` take a free address by themselves. A test that needs an address
at which no board answers takes :func:`own_address`: nobody else would find a free one there.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pynn_eprop.emulator.configuration import further_lines

ROOT = Path(__file__).parents[1]


def own_address() -> str:
    """A loopback address of this process alone, out of the range that boards look for theirs in."""
    high, low = divmod(os.getpid(), 2 ** 16)
    return f"127.{1 + high}.{low // 256}.{low % 256}"


@dataclass(frozen=True)
class BoardProcess:
    """``pynn-eprop board`` in a process of its own.

    lines: what it printed first; configuration: those for ``~/.spynnaker.cfg``.
    """

    process: subprocess.Popen[str]
    lines: list[str]

    @property
    def address(self) -> str:
        """The address that it says it has."""
        return next(line for line in self.lines if line.startswith("machine_name")).split()[-1]

    @property
    def configuration(self) -> str:
        """The section that it says a user's configuration needs."""
        return "\n".join(self.lines[self.lines.index("[Machine]"):]) + "\n"


@contextmanager
def board_process(*options: str) -> Iterator[BoardProcess]:
    """A board of its own process, once it serves; it is killed if it still runs at the end."""
    command = [sys.executable, "-m", "pynn_eprop.cli", "board", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines: list[str] = []
        while not lines or lines[-1] != further_lines(False)[-1]:
            line = process.stdout.readline()
            assert line, f"the board ended with {process.wait()}"
            lines.append(line.rstrip("\n"))
        try:
            yield BoardProcess(process, lines)
        finally:
            process.kill()
