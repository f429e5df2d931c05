"""Learning over a network that loses, doubles and reorders packets between host and board.

Hosts send a command again if no answer comes in time, so that it may be carried out twice. Results
are those of the host in fixed point. spinnman waits for one to six seconds; here for less.
"""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from spinnman.connections import SCPRequestPipeLine

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.core_scripts import Script, play
from pynn_eprop import errors
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.message import COMMAND, Message
from pynn_eprop.emulator.server import PADDING, Server
from tests.spinnaker.test_learning import check_equal

SCRIPT = Script(cells=10, updates=2, stops=(17.0, 60.0), setup={"neurons_per_core": 5})
WITHOUT_EFFECT = {0, 2, 3, 15, 31}
"""Commands that may come any number of times: version, read, write, count, info."""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let spinnman send commands again after 30 ms."""
    start = SCPRequestPipeLine.__init__

    def impatiently(self: Any, *arguments: Any, **more: Any) -> None:
        start(self, *arguments, **{**more, "packet_timeout": 0.03})

    monkeypatch.setattr(SCPRequestPipeLine, "__init__", impatiently)
    yield
    sim.end()


@pytest.fixture(scope="module")
def expected() -> dict[str, Any]:
    return play(host, SCRIPT, precision="fixed")


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert sum(map(len, expected["spikes"])) > 20
    check_equal(found, expected)


def test_the_same_bits_over_a_bad_network(expected: dict[str, Any]) -> None:
    bad = Conditions(lost_to_board=0.03, lost_to_host=0.03, doubled_to_board=0.05,
                     doubled_to_host=0.05, late_to_board=0.1, late_to_host=0.1, late_ms=10.0)
    with Board(chips=4, real_time=False, conditions=bad) as board:
        check(play(sim, SCRIPT, **SCRIPT.setup, quiet=True), expected)
    for way in (board.server.network.to_board, board.server.network.to_host):
        assert min(way.lost, way.doubled, way.late) > 5


def test_the_same_bits_if_each_command_is_carried_out_twice(
        expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The first answer to each is lost: to starts, allocations, signals, runs, ..."""
    arrive, send = Server._message, Server._send
    awaited: set[bytes] = set()
    seen: dict[bytes, str] = {}

    def message(self: Server, source: Any, ethernet: Any, data: bytes, sender: Any) -> None:
        command = Message.parse(data[PADDING:])
        if command is not None and len(command.data) >= COMMAND.size:
            code, sequence = command.data[0], command.data[2:4]
            if sequence not in seen and (command.core or code not in WITHOUT_EFFECT):
                awaited.add(sequence)
                seen[sequence] = f"core {code}" if command.core else \
                    f"signal {command.data[10] & 15}" if code == 22 else str(code)
        arrive(self, source, ethernet, data, sender)

    def forgetful(self: Server, source: Any, data: bytes, address: Any) -> None:
        sequence = data[PADDING + 10:PADDING + 12]
        if sequence in awaited:
            awaited.discard(sequence)
        else:
            send(self, source, data, address)

    monkeypatch.setattr(Server, "_message", message)
    monkeypatch.setattr(Server, "_send", forgetful)
    with Board(chips=4, real_time=False) as board:
        check(play(sim, SCRIPT, **SCRIPT.setup, quiet=True), expected)
        assert [str(fault) for fault in board.faults() if fault.kind.name != "TICK_OVERRUN"] == []
    assert awaited == set()
    # runs, texts to clear; start, both barriers; images, memory, routes, tags
    assert set(seen.values()) >= {"core 7", "core 9", "signal 3", "signal 4", "signal 5", "19",
                                  "21", "28", "29", "26"}


def test_a_network_that_carries_no_answer() -> None:
    with Board(chips=4, real_time=False, conditions=Conditions(lost_to_host=1.0)), \
            pytest.raises(errors.MachineError, match="sPyNNaker got no machine"):
        play(sim, SCRIPT, **SCRIPT.setup, quiet=True)
