"""The path of small networks gives the bits of the general path, whatever the number of threads.

The general path is what other tests hold against the reference; EPROP_PATH keeps an engine to it.
"""

import os
from dataclasses import replace
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.engine import HostEngine
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.network import Boundary
from tests.agreement.play import assert_identical, play
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.strategies import plans

MIXED = (CellPlan(10, rate_term=True, varied=True), CellPlan(13, True, rate_term=True))

SMALL = {
    "LIF": Plan(),
    "LIF and adaptive": Plan(cells=MIXED, trials=3),
    "as many cells as fit": Plan(cells=(CellPlan(16), CellPlan(15, True)), trials=2),
    "one trial": Plan(cells=MIXED),
    "groups of trials": Plan(cells=MIXED, trials=10, stretches=((400, True),)),
    "groups of short trials": Plan(cells=MIXED, trials=10, short=True, stretches=((400, True),)),
    "several signals": Plan(cells=MIXED, trials=5, readouts=(ReadoutPlan(), ReadoutPlan(2)),
                            feedbacks=("random", "symmetric")),
    "many trials without learning": Plan(cells=MIXED, trials=20, stretches=(
        (400, True), (500, False), (400, True))),
    "longer delays": Plan(cells=MIXED, delays=("constant",), trials=2),
    "short trials": Plan(cells=MIXED, trials=3, short=True),
    "readouts of every kind": Plan(cells=MIXED, trials=2, readouts=(
        ReadoutPlan(11, "cross_entropy", bias_optimizer="adam", missing="prefix"),
        ReadoutPlan(loss=None, tau_m=3.0), ReadoutPlan(3, missing="entries"))),
    "symmetric and windowed feedback": Plan(cells=MIXED, trials=2,
                                            feedbacks=("symmetric", "windowed")),
    "no feedback": Plan(cells=MIXED, feedbacks=("none",)),
    "two rules": Plan(cells=MIXED, trials=2, rules=("e-prop", "truncated-traces")),
    "weight bounds": Plan(cells=MIXED, bounds=True, wirings=("no self",)),
    "paused learning": Plan(cells=MIXED, trials=2,
                            stretches=((40, True), (40, False), (20, True), (20, True))),
    "checkpoints": Plan(cells=MIXED, trials=2, changes=("weights", "population", "checkpoint"),
                        stretches=((20, True), (30, True), (30, True))),
}

GENERAL = {
    "more cells than fit": Plan(cells=(CellPlan(70),)),
    "sparse": Plan(cells=(CellPlan(9),), wirings=("sparse",)),
    "continuous": Plan(boundary=Boundary.CONTINUOUS),
    "a rule that reads the membrane": Plan(rules=("clopath",)),
    "sources of values": Plan(analog=(3,)),
    "stock cells": Plan(stock=(True,)),
}


def of_readouts(case):
    """The case, recording no variables of cells but spikes: then trials run on the small path."""
    kept = tuple(recording for recording in case.recordings
                 if recording.variable == "spikes"
                 or isinstance(case.network.populations[recording.population], Readouts))
    return replace(case, recordings=kept)


def machine(case, precision, threads=1):
    """A factory of engines."""
    return lambda described: HostEngine(replace(described, settings=replace(
        described.settings, threads=threads)), precision)


def assert_paths_agree(case, precision, threads):
    with mock.patch.dict(os.environ, EPROP_PATH="general"):
        expected = play(case, machine(case, precision))
    for number in threads:
        assert_identical(play(case, machine(case, precision, number)), expected)


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", SMALL)
def test_small_networks_get_the_same_bits(name, precision):
    case = make_case(SMALL[name])
    assert HostEngine(case.network, precision).path == "small"
    assert_paths_agree(of_readouts(case), precision, (1, 3))
    assert_paths_agree(case, precision, (2,))


@pytest.mark.parametrize("name", GENERAL)
def test_other_networks_take_the_general_path(name):
    assert HostEngine(make_case(GENERAL[name]).network, "float32").path == "general"


def test_the_environment_chooses_the_general_path(monkeypatch):
    monkeypatch.setenv("EPROP_PATH", "general")
    assert HostEngine(make_case(Plan()).network, "float32").path == "general"


@pytest.mark.parametrize("precision", ["float32", "float64"])
@pytest.mark.parametrize("name", ["as many cells as fit", "groups of short trials",
                                  "readouts of every kind"])
def test_with_other_vectors_than_the_widest_of_the_processor(name, precision, monkeypatch):
    case = of_readouts(make_case(SMALL[name]))
    found = play(case, machine(case, precision))
    for instruction_set in ("avx2", "generic"):
        monkeypatch.setenv("EPROP_ISA", instruction_set)
        assert_identical(play(case, machine(case, precision, 2)), found)


@st.composite
def small_plans(draw):
    """Plans of dense networks, most of which take the small path."""
    plan = draw(plans(stock=False, boundaries=(Boundary.RESET,), short=True))
    cells = tuple(replace(each, size=draw(st.integers(1, 14)), shape="piecewise_linear")
                  for each in plan.cells)
    rules = tuple(rule for rule in plan.rules if rule != "clopath") or ("e-prop",)
    return replace(plan, cells=cells, rules=rules, analog=(), currents=False,
                   wirings=draw(st.sampled_from([("all",), ("no self",), ("all", "no self")])))


@settings(max_examples=25)
@given(small_plans(), st.sampled_from(["float32", "float64"]), st.integers(1, 3))
def test_random_networks_get_the_same_bits(plan, precision, threads):
    case = make_case(plan)
    assert_paths_agree(of_readouts(case), precision, (threads,))
