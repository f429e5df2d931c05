"""One run of ``pynn-eprop`` in a process of its own, as a worker does it."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.folder import claim_folder

_PARENT_DIED = 1        # PR_SET_PDEATHSIG of Linux's prctl
_PATIENCE = 120.0
_TAIL = 4000

_running: dict[int, "subprocess.Popen[str]"] = {}
_interrupted: list[int] = []


@dataclass(frozen=True)
class Ended:
    """How a process has ended: its status, and the end of what it printed."""

    status: int
    text: str


def run_line(words: Sequence[str], folder: str, directory: str) -> Ended:
    """Run ``pynn-eprop`` with these words in a directory, and wait for it.

    folder: of its results. A process that a dead worker has left there may still be saving its
    work; it is waited for. If this process dies, the run gets SIGTERM, and saves its work.
    """
    if _interrupted:
        return Ended(128 + _interrupted[0], "")
    _wait_for_folder(Path(directory, folder))
    # a session of its own, so that a key in the terminal is not a second signal
    process = subprocess.Popen(
        [sys.executable, "-m", "pynn_eprop.cli", *words], cwd=directory, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        start_new_session=True, preexec_fn=_end_with_parent if sys.platform == "linux" else None)
    _running[process.pid] = process
    try:
        if _interrupted:
            process.send_signal(_interrupted[0])
        text, _ = process.communicate()
    finally:
        del _running[process.pid]
    return Ended(process.returncode, text[-_TAIL:].strip())


def interrupt_all(number: int) -> None:
    """Send a signal to all runs of this worker, and let it begin no other."""
    _interrupted.append(number)
    for process in list(_running.values()):
        process.send_signal(number)


def begin_again() -> None:
    """Let this worker begin runs, after an earlier sweep was interrupted."""
    _interrupted.clear()


def _end_with_parent() -> None:
    """Ask the system for SIGTERM when the worker dies; in the new process."""
    ctypes.CDLL(None).prctl(_PARENT_DIED, signal.SIGTERM)
    if os.getppid() == 1:
        os.kill(os.getpid(), signal.SIGTERM)


def _wait_for_folder(path: Path) -> None:
    """Wait until no other run uses a folder, for two minutes; after them the run refuses it."""
    deadline = time.monotonic() + _PATIENCE
    while (path / "state").is_dir() and time.monotonic() < deadline:
        try:
            claim_folder(path, path / "state").close()
            return
        except ResultsError:
            time.sleep(0.2)
