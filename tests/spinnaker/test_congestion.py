"""Networks on boards whose routers hold packets back, as real ones do: nothing is lost, and results
are those of the host in fixed point, bit for bit.

In a slice of 0.1 us a receiver takes one packet, a transmitter is busy for 0.2 us after each, a
link carries 6 packets a microsecond, and routers wait as long as the control register says.
"""

from dataclasses import replace
from typing import Any

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.core_scripts import Script, play
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.emulated_machine import PacketCounts
from pynn_eprop.emulator.faults import FaultKind
from pynn_eprop.errors import PacketLossWarning
from pynn_eprop.spinnaker.placement import plan
from tests.spinnaker.test_learning import check_equal

REAL: dict[str, Any] = {"congestion": True, "transmit_cycles": 40, "link_rate": 6.0}
SLICE = 20
BURSTS = Script(inputs=2, cells=120, readouts=3, steps=40, updates=1, drive=3.0, rate=100.0,
                parameters={"v_thresh": 0.6}, setup={"neurons_per_core": 3})
"""40 cores on four chips, many of whose cells fire in one step."""


def board(**settings: Any) -> Board:
    return Board(chips=4, real_time=False, quantum=SLICE,
                 conditions=Conditions(**{**REAL, **settings}))


def learn(emulated: Board, script: Script) -> tuple[dict[str, Any], int]:
    """What was recorded and learned, and the number of chips with cores of ours."""
    found = play(sim, script, **script.setup, quiet=True)
    chips = {(core.x, core.y) for core in emulated.status().cores
             if core.application.startswith("eprop")}
    sim.end()
    return found, len(chips)


@pytest.mark.parametrize("feedback", [{}, {"symmetric": True}])
def test_one_chip(feedback: dict[str, Any]) -> None:
    script = Script(cells=20, updates=2, feedback=feedback, setup={"neurons_per_core": 4})
    expected = play(host, script, precision="fixed")
    with board() as emulated:
        found, chips = learn(emulated, script)
        counts, faults = emulated.packets(), emulated.faults()
    check_equal(found, expected)
    assert (chips, counts.dropped) == (1, 0)
    assert not any(fault.kind is FaultKind.TRANSMIT_BUSY for fault in faults)
    assert 0.0 < counts.longest_wait < 1.0      # of 1.8 us


def bursts(**setup: Any) -> tuple[dict[str, Any], PacketCounts]:
    with board() as emulated:
        found, chips = learn(emulated, replace(BURSTS, setup={**BURSTS.setup, **setup}))
        assert chips == 4
        return found, emulated.packets()


def test_bursts_on_several_chips_lose_nothing_by_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = play(host, BURSTS, precision="fixed")
    found, counts = bursts()
    check_equal(found, expected)
    assert counts.dropped == 0
    monkeypatch.setattr(plan, "turns", lambda sending, _: [(0, 0)] * len(sending))
    with pytest.warns(PacketLossWarning):
        assert bursts(on_loss="warn")[1].dropped > 0


def test_the_reinjector_sends_again_what_routers_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """sPyNNaker's own program, in the extra monitor of each chip."""
    monkeypatch.setattr(plan, "turns", lambda sending, _: [(0, 0)] * len(sending))
    expected = play(host, BURSTS, precision="fixed")
    with board() as emulated:
        assert emulated.home is not None
        file = emulated.home / ".spynnaker.cfg"
        file.write_text(file.read_text()
                        .replace("enable_advanced_monitor_support = False", "")
                        .replace("enable_reinjection = False", "enable_reinjection = True"))
        found, _ = learn(emulated, BURSTS)
        counts = emulated.packets()
    check_equal(found, expected)
    assert counts.dropped > 0
