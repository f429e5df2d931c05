"""Runs of ``pynn-eprop`` in processes of their own, several at a time, which can be interrupted."""

import json
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from pynn_eprop.errors import ResultsError

_PAUSE = 0.1


class Plan(Protocol):
    """What has a command line."""

    def command(self, out: str) -> str:
        """The line with a results folder."""


class RunsInterruptedError(Exception):
    """A signal ended the runs, ``number``; each has saved its work."""

    def __init__(self, number: int) -> None:
        super().__init__(f"{signal.Signals(number).name}: the runs have saved their work")
        self.number = number


def run_all(plans: Sequence[tuple[Plan, Path]], at_once: int, *more: str) -> list[dict[str, Any]]:
    """Run all that are not finished, ``at_once`` at a time; their results, in order.

    more: further options of each. Raises :class:`RunsInterruptedError` after SIGINT or SIGTERM,
    which every process has got once, and :class:`ResultsError` if one fails.
    """
    waiting = [(plan, out) for plan, out in plans if not (out / "results.json").exists()]
    running: list[tuple[subprocess.Popen[str], Path]] = []
    received: list[int] = []
    before = {number: signal.signal(number, lambda number, frame: received.append(number))
              for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while (waiting and not received) or running:
            while waiting and len(running) < at_once and not received:
                plan, out = waiting.pop(0)
                # a session of its own, so that a key in the terminal is not a second signal
                running.append((subprocess.Popen(
                    [sys.executable, "-m", "pynn_eprop.cli",
                     *shlex.split(plan.command(str(out)))[1:], "--resume", "--quiet", *more],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                    start_new_session=True), out))
            time.sleep(_PAUSE)
            if received and received[-1]:
                for process, _ in running:
                    process.send_signal(received[0])
                received.append(0)      # is passed on once
            for process, out in [each for each in running if each[0].poll() is not None]:
                running.remove((process, out))
                _ended(process, out, bool(received))
    finally:
        for process, _ in running:
            process.send_signal(signal.SIGINT)
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise RunsInterruptedError(received[0])
    return [json.loads((out / "results.json").read_text()) for _, out in plans]


def _ended(process: "subprocess.Popen[str]", out: Path, interrupted: bool) -> None:
    said, errors = process.communicate()
    print(f"{said}{errors}".strip(), file=sys.stderr, flush=True)
    if process.returncode and not interrupted:
        raise ResultsError(f"{out}: the run ended with status {process.returncode}")
