"""A peer's process and its messages to the runner, over standard input and output.

The process writes a line when it is ready, then one per round. Between rounds it waits, so that
peers which are measured in turn do not disturb each other.
"""

import argparse
import importlib
import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

MARK = "@benchmark "


def arguments() -> argparse.Namespace:
    """Arguments from the runner: the workload, its size, what runs it and the number of rounds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload")
    parser.add_argument("--variant", default="", help="which algorithm of the peer's")
    parser.add_argument("--device", default="cpu", help="cpu or gpu")
    parser.add_argument("--cells", type=int)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


def send(**answer: Any) -> None:
    """Send one answer to the runner. The mark sets it apart from a simulator's own output."""
    print(MARK + json.dumps(answer), flush=True)


def find(module: str, peer: str, install: str) -> Any:
    """The peer's module; if it cannot be imported, None, and the runner hears what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        send(missing=f"{peer} ({error}): {install}")
        return None


def keep_to(threads: int) -> None:
    """Let this process use so many processors: JAX has no setting, and takes all that it may use.

    To be called before JAX is imported.
    """
    if hasattr(os, "sched_setaffinity"):    # not on macOS
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])


class Stopwatch:
    """Started when made. Other processes do not add to the processor's time."""

    def __init__(self) -> None:
        self.wall, self.cpu = time.perf_counter(), time.process_time()

    def read(self, repetitions: int = 1) -> dict[str, float]:
        """Seconds by the clock, and of all threads on the processors, per repetition."""
        wall, cpu = time.perf_counter() - self.wall, time.process_time() - self.cpu
        return {"seconds": wall / repetitions, "cpu_seconds": cpu / repetitions}


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def serve(measure: Callable[[], dict[str, Any]],
          finish: Callable[[], dict[str, Any]] = dict, **about: Any) -> None:
    """Answer the runner's lines: ``measure`` for each "round", ``finish`` once for "finish"."""
    send(ready=True, memory_mb=peak_memory(), **about)
    for line in sys.stdin:
        if line.strip() == "finish":
            send(memory_mb=peak_memory(), **finish())
            return
        send(memory_mb=peak_memory(), **measure())
