"""Counters of cores and routers, and what is made of them."""

import pytest

from pynn_eprop.board_check.counters import COUNTERS, Verdict, read_all
from pynn_eprop.board_check.counts import CoreCounts, Counts
from pynn_eprop.board_check.routers import COUNTERS as OF_ROUTERS
from pynn_eprop.board_check.routers import RouterCounts
from pynn_eprop.spinnaker.memory.layout import Provenance

COMMON = ("packets_not_sent", "callbacks_lost", "dma_refused", "user_events_refused",
          "ticks_overrun", "most_ticks_waiting")
NAMES = (*COMMON, *(item.name.lower() for item in Provenance))
NOT_SHOWN = {"updates", "given_update", "most_logged", "ticks_overrun", "most_ticks_waiting",
             *(name for name in NAMES if name.endswith("_sum"))}
"""Of the numbers of a core: those that say how much was done or given, those of the timer, which
counts on while an update works for many ticks, and sums of marks, which only say what is equal."""


def core(number: int = 0, **counters: int) -> CoreCounts:
    cells = f"cells[{number}:{number + 1}]"
    return CoreCounts("net", (0, 0, number), "eprop_neuron", cells, 1000.0,
                      {**dict.fromkeys(NAMES, 0), "given_update": 1000, **counters})


def router(reinjected: bool = False, **counters: int) -> RouterCounts:
    return RouterCounts("net", (0, 1), {**dict.fromkeys(OF_ROUTERS, 0), **counters}, reinjected)


def verdicts(counts: Counts) -> dict[str, Verdict]:
    return {each.counter.name: each.verdict for each in read_all(counts)
            if each.verdict is not Verdict.OK}


def test_names_of_the_common_counters_are_those_that_cores_have():
    machine = pytest.importorskip("pynn_eprop.spinnaker.vertices.machine",
                                  reason="the names stand beside sPyNNaker's classes")
    assert machine.COMMON_COUNTERS == COMMON


def test_zeros_are_ok():
    counts = Counts([core()], [router(), router(True)], [(1000.0, 1000.0)])
    assert verdicts(counts) == {}
    assert len(read_all(counts)) == len(COUNTERS)


@pytest.mark.parametrize("name", sorted({*NAMES} - NOT_SHOWN))
def test_every_number_of_a_core_is_in_some_row(name):
    """A counter that is new in layout.py gets a row in counters.py, or a place in NOT_SHOWN."""
    before = [each.value for each in read_all(Counts([core()]))]
    assert [each.value for each in read_all(Counts([core(**{name: 700})]))] != before


@pytest.mark.parametrize(("counters", "row", "verdict"), [
    ({"lost_packets": 1}, "packets that found a core's buffer full", Verdict.WRONG),
    ({"late_spikes": 1}, "spikes late for their step", Verdict.WRONG),
    ({"incomplete_signals": 1}, "learning signals with errors missing", Verdict.WRONG),
    ({"packets_not_sent": 1}, "packets not sent by cores", Verdict.WRONG),
    ({"user_events_refused": 1}, "callbacks and user events lost", Verdict.WRONG),
    ({"longest_tick": 500}, "longest step, of a time step", Verdict.ATTENTION),
    ({"longest_update": 800}, "longest update, of its pause", Verdict.ATTENTION),
    ({"saturated_weights": 1}, "values that reached a limit of their format", Verdict.ATTENTION),
])
def test_limits(counters, row, verdict):
    assert verdicts(Counts([core(), core(1, **counters)])) == {row: verdict}
    under = {name: value - 1 for name, value in counters.items()}
    assert verdicts(Counts([core(), core(1, **under)])) == {}


@pytest.mark.parametrize(("reinjected", "row", "verdict"), [
    (False, "packets dropped by routers and not sent again", Verdict.WRONG),
    (True, "packets dropped by routers, reinjection on", Verdict.ATTENTION)])
def test_what_routers_drop_is_lost_unless_it_is_sent_again(reinjected, row, verdict):
    counts = Counts([core()], [router(reinjected, dropped=1), router(sent=5)])
    assert verdicts(counts) == {row: verdict}


@pytest.mark.parametrize(("machine", "found"), [
    (1009.0, {}), (995.0, {}),
    (1011.0, {"clock of the machine, off the host's": Verdict.ATTENTION}),
    (0.0, {"clock of the machine, off the host's": Verdict.ATTENTION})])
def test_clocks_that_differ(machine, found):
    """In a second of the host."""
    assert verdicts(Counts([core()], clocks=[(1000.0, 1000.0), (1000.0, machine)])) == found


def test_sums_and_largest_values_and_where_they_are():
    counts = Counts([core(0, late_spikes=2, longest_tick=30), core(1, late_spikes=5),
                     core(2, longest_tick=70)], [router(sent=3), router(sent=4)])
    found = {each.counter.name: each for each in read_all(counts)}
    late, step = found["spikes late for their step"], found["longest step, of a time step"]
    assert (late.value, late.where) == (7, "cells[1:2] of 'net' on core 0,0,1")
    assert (step.text, step.where) == ("7 %", "cells[2:3] of 'net' on core 0,0,2")
    assert found["packets sent, by the routers"].value == 7
    assert late.counter.limits == "wrong from 1"
    assert step.counter.limits == "attention from 50 %"


def test_counters_that_older_programs_lack_are_no_row():
    counts = Counts([core()])
    del counts.cores[0].counters["cut_spikes"]
    names = [each.counter.name for each in read_all(counts)]
    assert "spikes left out, too many of one cell" not in names
    assert "spikes late for their step" in names
    assert not any("router" in name for name in names)
