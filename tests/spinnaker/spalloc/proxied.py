"""A stand-in for a new spalloc server: jobs over HTTP, and their boards through a websocket.

It speaks plain HTTP, which sPyNNaker's client refuses (``plain_http`` lets it), and knows one user.
"""

import json
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from spinnman.spalloc import spalloc_client
from spinnman.spalloc.proxy_protocol import ProxyProtocol

from pynn_eprop.emulator import Board
from pynn_eprop.emulator.chip import Chip
from tests.spinnaker.spalloc.jobs import Job, Jobs, State
from tests.spinnaker.spalloc.websocket import WebSocket, accepted

USER, PASSWORD, SESSION, CSRF = "somebody", "secret", "session-1", "token-1"
FILTERS = 0xE1000200    # the router's diagnostic filters
NEAREST = (255, 255)    # the chip that a request comes to
WAIT_SECONDS = 20.0


@contextmanager
def plain_http() -> Iterator[None]:
    """Let sPyNNaker's client take addresses as the server gives them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spalloc_client, "fix_url", lambda url: url.rstrip("/") + "/")
        yield


class ProxyingServer(ThreadingHTTPServer):
    """Serves jobs on a loopback address, in threads, until closed. ``heard``: requests by kind."""

    daemon_threads = True

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.jobs = jobs
        self.heard: Counter[str] = Counter()
        self.change = threading.Condition()
        jobs.changed.append(self._changed)
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def place(self) -> str:
        """Its address and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    @property
    def lines(self) -> tuple[str, ...]:
        """Lines of sPyNNaker's configuration that name it."""
        return (f"spalloc_server = http://{USER}:{PASSWORD}@{self.place}/",)

    def _changed(self, _job: Job) -> None:
        with self.change:
            self.change.notify_all()

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.server_close()
        self.jobs.close()


class _Request(BaseHTTPRequestHandler):
    server: ProxyingServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_what: object) -> None:
        """Nothing."""

    def _answer(self, data: Any = b"", status: HTTPStatus = HTTPStatus.OK,
                **headers: str) -> None:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        url = urlsplit(self.path)
        self._asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        self._body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        for (method, pattern), act in ROUTES.items():
            found = re.fullmatch(pattern, url.path)
            if method == self.command and found:
                self.server.heard[act.__name__] += 1
                if f"JSESSIONID={SESSION}" not in (self.headers.get("Cookie") or "") \
                        and not act.__name__.startswith("_log"):
                    self._answer(b"", HTTPStatus.UNAUTHORIZED)
                else:
                    act(self, *(self._job(int(group)) for group in found.groups()))
                return
        self._answer(f"no such thing: {self.command} {url.path}".encode(), HTTPStatus.NOT_FOUND)

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _job(self, number: int) -> Job:
        job = self.server.jobs.all[number]
        self.server.jobs.heard_of(job)
        return job

    def _job_url(self, job: Job) -> str:
        return f"http://{self.server.place}/srv/spalloc/jobs/{job.number}"

    # --- the session ---

    def _log_in_form(self) -> None:
        self._answer(f'<input type="hidden" name="_csrf" value="{CSRF}" />'.encode(),
                     Set_Cookie="JSESSIONID=before; Path=/")

    def _log_in(self) -> None:
        form = {name: values[0] for name, values in parse_qs(self._body.decode()).items()}
        if (form["username"], form["password"], form["_csrf"]) != (USER, PASSWORD, CSRF):
            self._answer({"message": "bad credentials"}, HTTPStatus.UNAUTHORIZED)
        else:
            self._answer(b"", HTTPStatus.FOUND, Location="/",
                         Set_Cookie=f"JSESSIONID={SESSION}; Path=/")

    def _service(self) -> None:
        base = f"http://{self.server.place}/srv/spalloc"
        self._answer({"version": {"major-version": 1, "minor-version": 0, "revision": 0},
                      "machines-ref": f"{base}/machines", "jobs-ref": f"{base}/jobs",
                      "csrf-header": "X-CSRF-TOKEN", "csrf-token": CSRF})

    # --- jobs ---

    def _create(self) -> None:
        wanted = json.loads(self._body)
        keepalive = float(wanted["keepalive-interval"].removeprefix("PT").removesuffix("S"))
        job = self.server.jobs.create(wanted["num-boards"], keepalive)
        if job.state is State.DESTROYED:
            self._answer((job.reason or "").encode(), HTTPStatus.BAD_REQUEST)
            return
        with self.server.change:        # the client looks again after 5 s only
            self.server.change.wait_for(
                lambda: job.state not in (State.QUEUED, State.POWER), WAIT_SECONDS)
        self._answer(b"", HTTPStatus.CREATED, Location=self._job_url(job))

    def _describe(self, job: Job) -> None:
        before = job.state
        if "wait" in self._asked and self._asked["wait"] == "true":
            with self.server.change:
                self.server.change.wait_for(lambda: job.state is not before, WAIT_SECONDS)
        self._answer({"state": job.state.name, "reason": job.reason,
                      "proxy-ref": f"ws://{self.server.place}/proxy/{job.number}"})

    def _keepalive(self, job: Job) -> None:
        job.heard += 1
        self._answer()

    def _delete(self, job: Job) -> None:
        self.server.jobs.destroy(job, self._asked.get("reason"))
        self._answer(b"", HTTPStatus.NO_CONTENT)

    # --- its boards ---

    def _board(self, job: Job) -> Board | None:
        if job.board is None:
            self._answer(b"the job has no machine", HTTPStatus.CONFLICT)
        return job.board

    def _machine(self, job: Job) -> None:
        if board := self._board(job):
            self._answer({"connections": [[list(chip), address]
                                          for chip, address in board.addresses.items()]})

    def _chip(self, job: Job) -> None:
        self._answer({"physical-board-coordinates": [0, 0, 0]})

    def _chip_memory(self, board: Board) -> Chip:
        place = int(self._asked["x"]), int(self._asked["y"])
        return board.machine.monitors[(0, 0) if place == NEAREST else place].chip

    def _read(self, job: Job) -> None:
        if board := self._board(job):
            with board.server.lock:
                data = self._chip_memory(board).read(int(self._asked["address"]),
                                                     int(self._asked["size"]))
            self._answer(data)

    def _write(self, job: Job) -> None:
        if board := self._board(job):
            with board.server.lock:
                self._chip_memory(board).write(int(self._asked["address"]), self._body)
            self._answer()

    def _reset_router(self, job: Job) -> None:
        if board := self._board(job):
            with board.server.lock:
                for monitor in board.machine.monitors.values():
                    for number, word in self._asked.items():
                        monitor.chip.write(FILTERS + 4 * int(number), struct.pack("<I", int(word)))
            self._answer()

    def _proxy(self, job: Job) -> None:
        self.send_response(HTTPStatus.SWITCHING_PROTOCOLS)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade"),
                            ("Sec-WebSocket-Accept",
                             accepted(self.headers["Sec-WebSocket-Key"]))):
            self.send_header(name, value)
        self.end_headers()
        self.close_connection = True
        if job.board is not None:
            with suppress(OSError), _Channels(WebSocket(self.rfile, self.wfile),
                                              job.board) as channels:
                channels.serve()


ROUTES = {
    ("GET", "/system/login.html"): _Request._log_in_form,
    ("POST", "/system/perform_login"): _Request._log_in,
    ("GET", "/srv/spalloc/"): _Request._service,
    ("POST", "/srv/spalloc/jobs/"): _Request._create,
    ("GET", r"/srv/spalloc/jobs/(\d+)/"): _Request._describe,
    ("DELETE", r"/srv/spalloc/jobs/(\d+)/"): _Request._delete,
    ("PUT", r"/srv/spalloc/jobs/(\d+)/keepalive"): _Request._keepalive,
    ("GET", r"/srv/spalloc/jobs/(\d+)/machine"): _Request._machine,
    ("GET", r"/srv/spalloc/jobs/(\d+)/chip"): _Request._chip,
    ("GET", r"/srv/spalloc/jobs/(\d+)/memory"): _Request._read,
    ("POST", r"/srv/spalloc/jobs/(\d+)/memory"): _Request._write,
    ("DELETE", r"/srv/spalloc/jobs/(\d+)/router"): _Request._reset_router,
    ("GET", r"/proxy/(\d+)"): _Request._proxy,
}


class _Channels:
    """UDP sockets to the boards of a job, which a client uses through its websocket."""

    def __init__(self, socket_of_client: WebSocket, board: Board) -> None:
        self._client, self._board = socket_of_client, board
        self._open: dict[int, socket.socket] = {}

    def __enter__(self) -> "_Channels":
        return self

    def __exit__(self, *error: object) -> None:
        for channel in list(self._open):
            self._open.pop(channel).close()

    def serve(self) -> None:
        """Do what the client says until it closes."""
        for message in self._client.messages():
            kind, number = struct.unpack_from("<II", message)
            if kind == ProxyProtocol.OPEN:
                *chip, port = struct.unpack_from("<III", message, 8)
                self._client.send(struct.pack("<III", kind, number, self._connect(
                    self._board.addresses[chip[0], chip[1]], port)))
            elif kind == ProxyProtocol.OPEN_UNBOUND:
                self._client.send(struct.pack("<III4BI", kind, number, self._connect(None, 0),
                                              127, 0, 0, 1, self._port()))
            elif kind == ProxyProtocol.CLOSE:
                channel, = struct.unpack_from("<I", message, 8)
                self._open.pop(channel).close()
                self._client.send(struct.pack("<III", kind, number, channel))
            elif kind == ProxyProtocol.MSG:
                self._open[number].send(message[8:])
            elif kind == ProxyProtocol.MSG_TO:
                x, y, port = struct.unpack_from("<III", message, 8)
                self._open[number].sendto(message[20:], (self._board.addresses[x, y], port))

    def _connect(self, address: str | None, port: int) -> int:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        if address is not None:
            made.connect((address, port))
        channel = len(self._open) + 1
        self._open[channel] = made
        threading.Thread(target=self._forward, args=(channel, made), daemon=True).start()
        return channel

    def _port(self) -> int:
        return int(self._open[len(self._open)].getsockname()[1])

    def _forward(self, channel: int, source: socket.socket) -> None:
        while channel in self._open:
            try:
                data = source.recv(2048)
            except ConnectionRefusedError:
                continue        # a board that is off
            except OSError:
                return
            with suppress(OSError, ValueError):
                self._client.send(struct.pack("<II", ProxyProtocol.MSG, channel) + data)
