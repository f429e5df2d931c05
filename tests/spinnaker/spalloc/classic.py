"""A stand-in for a classic spalloc server: its commands are lines of JSON over TCP."""

import json
import socketserver
import threading
from collections import Counter
from contextlib import suppress
from typing import Any

from tests.spinnaker.spalloc.jobs import Job, Jobs, State

VERSION = "5.0.0"


class ClassicServer(socketserver.ThreadingTCPServer):
    """Serves jobs on a loopback address, in threads, until closed. ``heard``: commands by name."""

    allow_reuse_address = daemon_threads = True

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(("127.0.0.1", 0), _Client)
        self.jobs = jobs
        self.heard: Counter[str] = Counter()
        self.owners: list[str] = []
        self.watching: dict[int, list[_Client]] = {}
        jobs.changed.append(self._notify)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines of sPyNNaker's configuration that name it."""
        return (f"spalloc_server = spalloc://127.0.0.1:{self.server_address[1]}",
                "spalloc_user = somebody")

    def _notify(self, job: Job) -> None:
        for client in self.watching.get(job.number, []):
            with suppress(OSError):
                client.answer({"jobs_changed": [job.number]})

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()
        self.jobs.close()


class _Client(socketserver.StreamRequestHandler):
    server: ClassicServer

    def setup(self) -> None:
        super().setup()
        self._sending = threading.Lock()

    def answer(self, what: dict[str, Any]) -> None:
        """Send a line."""
        with self._sending:
            self.wfile.write(json.dumps(what).encode() + b"\n")

    def handle(self) -> None:
        with suppress(OSError):
            for line in self.rfile:
                said = json.loads(line)
                self.server.heard[said["command"]] += 1
                command = getattr(self, f"do_{said['command']}", None)
                if command is None:
                    return      # as a server does, of a command that it does not know
                try:
                    self.answer({"return": command(*said["args"], **said["kwargs"])})
                except (TypeError, ValueError) as error:
                    self.answer({"exception": str(error)})

    def _job(self, number: int) -> Job | None:
        job = self.server.jobs.all.get(number)
        if job is not None:
            self.server.jobs.heard_of(job)
        return job

    # --- commands ---

    def do_version(self) -> str:
        return VERSION

    def do_create_job(self, n_boards: int = 1, *, owner: str, keepalive: float | None = 60.0,
                      **_more: Any) -> int:
        self.server.owners.append(owner)
        return self.server.jobs.create(n_boards, keepalive).number

    def do_job_keepalive(self, number: int) -> None:
        job = self._job(number)
        if job is not None:
            job.heard += 1

    def do_notify_job(self, number: int) -> None:
        self.server.watching.setdefault(number, []).append(self)

    def do_get_job_state(self, number: int) -> dict[str, Any]:
        job = self._job(number)
        state = State.UNKNOWN if job is None else job.state
        return {"state": int(state), "power": state in (State.POWER, State.READY) or None,
                "keepalive": job and job.keepalive, "reason": job and job.reason,
                "start_time": None}

    def do_get_job_machine_info(self, number: int) -> dict[str, Any]:
        job = self._job(number)
        board = job and job.board
        if board is None:
            return dict.fromkeys(("width", "height", "connections", "machine_name", "boards"))
        return {"width": board.geometry.width, "height": board.geometry.height,
                "connections": [[list(chip), address]
                                for chip, address in board.addresses.items()],
                "machine_name": "stand-in", "boards": [[0, 0, z] for z in range(job.n_boards)]}

    def do_where_is(self, job_id: int, chip_x: int, chip_y: int) -> dict[str, Any] | None:
        job = self._job(job_id)
        if job is None or job.board is None:
            return None
        ethernet = job.board.geometry.board.get((chip_x, chip_y))
        return None if ethernet is None else {
            "physical": [0, 0, list(job.board.addresses).index(ethernet)]}

    def do_destroy_job(self, number: int, reason: str | None = None) -> None:
        job = self._job(number)
        if job is not None:
            self.server.jobs.destroy(job, reason)
