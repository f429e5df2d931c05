"""Learning on boards as a lab has them: monitors and reinjection on, physical core numbers of their
own, chips, cores and links that are dead; results are those of the host in fixed point.

Most cores of the boards are dead, so that small networks are spread over several chips.
"""

from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.core_scripts import Script, play
from pynn_eprop import errors
from pynn_eprop.emulator import Board
from pynn_eprop.emulator.conditions import Conditions
from pynn_eprop.emulator.layout import CORES
from tests.spinnaker.test_learning import check_equal


def all_but(chip: tuple[int, int], *cores: int) -> list[tuple[int, int, int]]:
    return [(*chip, core) for core in range(CORES) if core not in cores]


LAB = Conditions(
    monitors=True, core_numbers=7, dead_chips=((1, 1),), dead_links=((0, 1, 1),),
    dead_cores=(*all_but((0, 0), 1, 4, 5, 9, 16, 17), *all_but((0, 1), 0, 2, 3, 11, 14),
                *all_but((1, 0), 3, 6, 7, 13, 15)))
"""Cores for applications: 3 on each of three chips; sPyNNaker uses no chip with less than 5."""
SCRIPTS = {
    "LIF, stopped within a trial": Script(
        cells=26, updates=2, stops=(17.0,), setup={"neurons_per_core": 4}),
    "symmetric feedback, adaptive, delays": Script(
        cells=28, updates=2, model="EPropALIF", parameters={"beta": 0.3, "tau_a": 100.0},
        feedback={"symmetric": True}, delays=(1.0, 3.0), setup={"neurons_per_core": 4}),
}


@pytest.fixture(scope="module")
def lab() -> Iterator[Board]:
    """Three chips with nine cores for applications."""
    with Board(chips=4, real_time=False, conditions=LAB) as board:
        yield board


@pytest.mark.parametrize("name", SCRIPTS)
def test_three_chips_with_monitors_learn_the_same_bits_as_the_host(lab: Board, name: str) -> None:
    script = SCRIPTS[name]
    expected = play(host, script, precision="fixed")
    assert sum(map(len, expected["spikes"])) > 20
    found = play(sim, script, **script.setup, quiet=True)
    used: dict[tuple[int, int], set[str]] = {}
    for core in lab.status().cores:
        used.setdefault((core.x, core.y), set()).add(core.application)
    sim.end()
    check_equal(found, expected)
    assert used.keys() == {(0, 0), (0, 1), (1, 0)}
    for names in used.values():
        assert {"extra_monitor_s", "eprop_neuron"} <= names
    assert [str(fault) for fault in lab.faults() if fault.kind.name != "TICK_OVERRUN"] == []


def test_a_network_beyond_these_chips(lab: Board) -> None:
    script = Script(cells=40, setup={"neurons_per_core": 4})
    with pytest.raises(errors.NetworkError, match=r"does not fit the machine: it needs 11 cores "
                       r"beside those of sPyNNaker, and there are 9 for applications, on 3 chips; "
                       r"use a larger machine, or more cells of a core \(setup\(neurons_per_core"):
        play(sim, script, **script.setup, quiet=True)
    sim.end()


def test_links_that_sPyNNaker_does_not_do_without() -> None:
    """It counts links of neighbours on the same board only, not those round its edge."""
    cut = Conditions(dead_chips=((1, 1),), dead_links=((0, 0, 0),))
    setup: dict[str, Any] = {"quiet": True}
    with Board(chips=4, real_time=False, conditions=cut), \
            pytest.raises(errors.NetworkError, match=r"sPyNNaker refuses the machine, or its own "
                          r"configuration of it \(Your machine has unreachable incoming chips at "
                          r"\(1, 0\)"):
        play(sim, Script(), **setup)
    sim.end()
