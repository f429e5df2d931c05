"""Runs on workers: those that are finished are read, the others done, and signals passed on."""

import json
import os
import shlex
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from pynn_eprop.errors import MissingDependencyError, ResultsError
from pynn_eprop.experiments.interrupts import DeferredInterrupts, ExperimentInterrupted
from pynn_eprop.sweeps.process import Ended, begin_again, interrupt_all, run_line

_LOOK_SECONDS = 0.2
ANSWER = "10s"
"""Time that a scheduler has to answer."""
_WORKER_SETTINGS = {
    # one run a worker, whose memory is nobody's business
    "distributed.worker.memory.terminate": False,
    # workers only wait for a process; what dask measures of them takes time from the runs
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "500ms",
    "distributed.admin.system-monitor.interval": "10s",
}
"""Of dask, for workers on this computer."""


@dataclass(frozen=True)
class Run:
    """A run: its command line, without ``--resume`` and ``--quiet``, and its results folder."""

    command: str
    folder: Path

    def results(self) -> dict[str, Any] | None:
        """The results, if it is finished.

        Raises :class:`ResultsError` if they are another run's, or damaged.
        """
        path = self.folder / "results.json"
        if not path.exists():
            return None
        try:
            found = dict(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ResultsError(f"{path} cannot be read ({error})") from error
        if "failure" in found:      # of a machine; what it did is gone on with
            return None
        wanted = shlex.split(self.command)
        if shlex.split(str(found.get("command", ""))) != wanted:
            raise ResultsError(f"{self.folder} holds another run ({found.get('command')}) than "
                               f"{self.command}; give another --out")
        return found


Progress = Callable[[Run, Ended], None]


def run_all(runs: Sequence[Run], workers: int = 1, scheduler: str | None = None,
            more: Sequence[str] = (), progress: Progress = lambda run, ended: None
            ) -> list[Ended | None]:
    """Do all runs that are not finished; how each has ended, None for what was finished before.

    workers: processes on this computer. scheduler: address of a dask scheduler whose workers do
    them instead; they see the same folders, and have the package. more: further options of each.
    progress: is called after each. A worker that dies loses no run: another goes on with it.

    Raises :class:`ExperimentInterrupted` after SIGINT or SIGTERM, which each run has got once,
    :class:`MissingDependencyError` without the package ``distributed``, and :class:`ResultsError`
    for a folder with another run, or a scheduler that does not answer.
    """
    ends: list[Ended | None] = [None] * len(runs)
    waiting = [index for index, run in enumerate(runs) if run.results() is None]
    if not waiting:
        return ends
    with _client(min(workers, len(waiting)), scheduler) as client, \
            DeferredInterrupts() as interrupts:
        client.run(begin_again)
        futures = {client.submit(run_line, _words(runs[index], more), str(runs[index].folder),
                                 os.getcwd(), pure=False, retries=0): index for index in waiting}
        ended: SimpleQueue[Any] = SimpleQueue()
        for future in futures:
            future.add_done_callback(ended.put)
        passed_on = False
        while futures:
            if interrupts.received is not None and not passed_on:
                client.run(interrupt_all, interrupts.received)
                passed_on = True
            try:
                future = ended.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            index = futures.pop(future)
            ends[index] = outcome = _outcome(future)
            progress(runs[index], outcome)
    if interrupts.received is not None:
        left = sum(run.results() is None for run in runs)
        raise ExperimentInterrupted(
            f"{signal.Signals(interrupts.received).name}: the runs in work have saved it; {left} "
            "are to be done, and the same command goes on with them", interrupts.received)
    return ends


def _words(run: Run, more: Sequence[str]) -> list[str]:
    line = shlex.split(run.command)[1:]
    place = line.index("--out")
    return [*line[:place], "--out", str(run.folder), *line[place + 2:], "--resume", "--quiet",
            *more]


def _outcome(future: Any) -> Ended:
    if future.status == "finished":
        ended: Ended = future.result()
        return ended
    error = future.exception()
    return Ended(1, f"its workers died: {error}" if error is not None else "it was cancelled")


@contextmanager
def _client(workers: int, scheduler: str | None) -> Iterator[Any]:
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise MissingDependencyError("a sweep needs the package 'distributed'; install it with "
                                     "pip install 'pynn_eprop[sweep]'") from error
    with ExitStack() as stack:
        if scheduler is None:
            stack.enter_context(dask.config.set(_WORKER_SETTINGS))
            cluster = stack.enter_context(LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, memory_limit=0,
                dashboard_address="127.0.0.1:0", silence_logs="CRITICAL",
                preload=["pynn_eprop.sweeps.own_group"]))
            yield stack.enter_context(Client(cluster))
            return
        try:
            client = stack.enter_context(Client(scheduler, timeout=ANSWER))
        except (OSError, ValueError, TimeoutError) as error:
            raise ResultsError(f"the scheduler {scheduler!r} does not answer: {error}") from error
        if not client.scheduler_info()["workers"]:
            client.wait_for_workers(1)
        yield client
