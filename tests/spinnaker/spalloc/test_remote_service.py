"""Machines of a remote service (``remote_spinnaker_url``): a stand-in with an emulated board."""

import json
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import urlsplit

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop.emulator import Board
from tests.spinnaker.spalloc.jobs import spynnaker_uses
from tests.spinnaker.spalloc.test_classic import learned


class Service(BaseHTTPRequestHandler):
    """Lends one board, whose address it gives."""

    heard: ClassVar[Counter[str]] = Counter()
    released: ClassVar[threading.Event] = threading.Event()
    address: ClassVar[str] = ""

    def log_message(self, *_what: object) -> None:
        """Nothing."""

    def _answer(self) -> None:
        path = urlsplit(self.path).path
        self.heard[f"{self.command} {path}"] += 1
        if path == "/checkLease":
            self.released.wait(0.1)     # it answers late unless something changes
        if self.command == "DELETE":
            self.released.set()
        body = json.dumps({"/checkLease": {"allocated": not self.released.is_set()}}.get(
            path, {"machineName": self.address, "version": 5})).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_DELETE = _answer


def test_a_network_learns_on_a_machine_of_a_remote_service():
    with Board(48, real_time=False) as board, \
            ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        Service.address = board.address
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with spynnaker_uses(f"remote_spinnaker_url = http://127.0.0.1:{server.server_port}/"):
            np.testing.assert_array_equal(learned(sim, 1), learned(host, 1, precision="fixed"))
            assert Service.heard["GET "] + Service.heard["GET /"] == 1
            sim.end()
        assert Service.heard["DELETE "] + Service.heard["DELETE /"]
        server.shutdown()
