"""Jobs of a stand-in for a spalloc server: emulated boards that are lent, one set to a job."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.configuration import CFG_NAME, configured, further_lines

TICK = 0.02


class State(IntEnum):
    """States of a job, as the classic protocol numbers them."""

    UNKNOWN = 0
    QUEUED = 1
    POWER = 2
    READY = 3
    DESTROYED = 4


class Job:
    """A job, and its boards while they have power.

    states: those it has had. heard: how many keepalives came.
    """

    def __init__(self, number: int, n_boards: int, keepalive: float | None) -> None:
        self.number, self.n_boards, self.keepalive = number, n_boards, keepalive
        self.states: list[State] = []
        self.reason: str | None = None
        self.board: Board | None = None
        self.heard = 0
        self.last_heard = self.since = time.monotonic()

    @property
    def state(self) -> State:
        """The present one."""
        return self.states[-1]


class Jobs:
    """The jobs of a server that has ``n_boards`` of 48 chips.

    queued, powering: seconds for which a job is in these states. A job of which nothing is heard
    for its keepalive is destroyed; so is at once one that never fits.
    """

    def __init__(self, n_boards: int = 1, queued: float = 0.1, powering: float = 0.1) -> None:
        self.n_boards = n_boards
        self.all: dict[int, Job] = {}
        self.lock = threading.RLock()
        self.changed: list[Callable[[Job], None]] = []
        self._seconds = {State.QUEUED: queued, State.POWER: powering}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def create(self, n_boards: int, keepalive: float | None) -> Job:
        """A new job."""
        with self.lock:
            job = self.all[len(self.all) + 1] = Job(len(self.all) + 1, n_boards, keepalive)
            self._enter(job, State.QUEUED)
            if n_boards > self.n_boards:
                self.destroy(job, "No suitable machines available.")
            return job

    def destroy(self, job: Job, reason: str | None) -> None:
        """End a job and switch its boards off."""
        with self.lock:
            if job.state is State.DESTROYED:
                return
            job.reason, board, job.board = reason, job.board, None
            self._enter(job, State.DESTROYED)
        if board is not None:
            board.close()

    def heard_of(self, job: Job) -> None:
        """Note that its owner is alive."""
        job.last_heard = time.monotonic()

    def _enter(self, job: Job, state: State) -> None:
        job.states.append(state)
        job.since = time.monotonic()
        for listener in self.changed:
            listener(job)

    def _watch(self) -> None:
        while not self._stopped.wait(TICK):
            for job in list(self.all.values()):
                self._go_on(job)

    def _go_on(self, job: Job) -> None:
        now = time.monotonic()
        with self.lock:
            if job.keepalive is not None and now - job.last_heard > job.keepalive:
                self.destroy(job, "Job timed out.")
            elif now - job.since < self._seconds.get(job.state, float("inf")):
                return
            elif job.state is State.QUEUED:
                if not any(other.board for other in self.all.values()):
                    self._enter(job, State.POWER)
            elif job.state is State.POWER:
                job.board = Board(48, boards=job.n_boards, real_time=False)
                job.board.start()
                self._enter(job, State.READY)

    def close(self) -> None:
        """Destroy all jobs."""
        self._stopped.set()
        self._thread.join()
        for job in self.all.values():
            self.destroy(job, "Server stopped.")


@contextmanager
def spynnaker_uses(*machine: str) -> Iterator[Path]:
    """Let sPyNNaker in this process find a machine by these lines of its configuration.

    Gives its home folder.
    """
    with configured("", 5, waits=False) as home:
        text = (home / CFG_NAME).read_text()
        first = further_lines(monitors=False)[0]
        head, _, rest = text.partition(first)
        assert "machine_name" in head
        (home / CFG_NAME).write_text("\n".join([
            "[Machine]", *machine, "version = 5", "spalloc_retry = 0", first + rest]))
        yield home
