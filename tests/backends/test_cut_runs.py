"""run(x); run(y) gives what run(x + y) gives, on every backend, wherever a script is cut.

Expected is the same script on the same backend without the cuts, number for number. The named
scripts say what broke; Hypothesis draws networks, cuts and what is read between the parts.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.backends.cut_runs import CURRENTS, OPTIMIZERS, Cut, Outcome, Plan, differences, play

Play = Callable[[Plan, tuple[Cut, ...]], Outcome]

#: Backends with keywords of setup().
MACHINES: dict[str, tuple[str, dict[str, Any]]] = {
    "host": ("host", {"precision": "float64"}),
    "reference": ("host", {"machine": "reference"}),
    "fixed": ("host", {"precision": "fixed"}),
    "jax": ("jax", {"precision": "float64"}),
    "nest": ("nest", {"quirks": "allow"}),
    "brian2": ("brian2", {}),
    "spinnaker": ("spinnaker", {"quiet": True}),
}
#: Scripts drawn on each in `make test`; HYPOTHESIS_PROFILE=explore draws 1,000.
EXAMPLES = {"host": 30, "reference": 15, "fixed": 20, "jax": 2, "nest": 15, "brian2": 3,
            "spinnaker": 2}


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def board() -> Any:
    """An emulated board."""
    from pynn_eprop.emulator import Board

    return Board(chips=4, real_time=False)


@pytest.fixture
def play_on(machine: str, nest_process: ProcessPoolExecutor) -> Iterator[Play]:
    """Play a script on the machine."""
    backend, setup = MACHINES[machine]

    def call(plan: Plan, cuts: tuple[Cut, ...]) -> Outcome:
        if backend == "nest":
            return nest_process.submit(play, backend, plan, cuts, **setup).result(timeout=300)
        return play(backend, plan, cuts, **setup)

    with board() if backend == "spinnaker" else nullcontext():
        yield call


#: One network for all of them: sources spike at 0.25 of all steps, at 1, 40 and 41, too.
NETWORK = Plan(cells=("EPropLIF", "EPropALIF"))
BESIDE_STOCK_CELLS = Plan(stock="IF_curr_exp", recorded="k")
CUTS = {
    "first run of one step": (NETWORK, (Cut(1),)),
    "steps one by one": (NETWORK, (Cut(8, "callbacks"),)),
    "first runs of one step with what is recorded read": (
        NETWORK, (Cut(1, read="data"), Cut(2, read="data"), Cut(20, read="data"))),
    "data of all cells read as one": (NETWORK, (Cut(10, read="assembly"), Cut(30, read="data"))),
    "data forgotten at the time of source spikes": (
        NETWORK, tuple(Cut(step, read="clear") for step in (1, 40, 41, 60))),
    "frames of values cut anywhere, and their values read": (
        replace(NETWORK, analog=3), (Cut(4, read="data"), Cut(23, read="clear"), Cut(41))),
    "data of cells that do not learn forgotten": (
        BESIDE_STOCK_CELLS, (Cut(10, read="clear"), Cut(20, read="clear"), Cut(33, read="clear"))),
}
WITHOUT_ANALOG = ("nest",)
_WHOLE: dict[tuple[str, Plan], Outcome] = {}


@pytest.mark.parametrize("name", CUTS)
def test_named_cuts_change_nothing(machine, play_on, name):
    plan, cuts = CUTS[name]
    if machine == "fixed" and plan.stock:
        pytest.skip("fixed point on the host has no cells that do not learn")
    if machine in WITHOUT_ANALOG and plan.analog:
        pytest.skip("there are no analog sources")
    if (machine, plan) not in _WHOLE:
        _WHOLE[machine, plan] = play_on(plan, ())
    whole = _WHOLE[machine, plan]
    assert whole.updates == 4 and any(len(train) > 20 for train in whole.spikes.values())
    assert differences(MACHINES[machine][0], play_on(plan, cuts), whole) == []


READS = ("", "", "data", "assembly", "counts", "clear")
FEATURES: dict[str, st.SearchStrategy[Any]] = {
    "seed": st.integers(0, 2 ** 16), "timestep": st.sampled_from([1.0, 1.0, 0.5, 0.1]),
    "steps": st.sampled_from([16, 20]), "intervals": st.integers(2, 4),
    "tail": st.sampled_from([0, 0, 1, 7]), "trials": st.sampled_from([1, 1, 2]),
    "learning": st.sampled_from([True, True, True, False]),
    "boundary": st.sampled_from(["reset", "continuous"]),
    "cells": st.sampled_from([("EPropLIF",), ("EPropALIF",), ("EPropLIF", "EPropALIF")]),
    "refractory": st.integers(0, 3), "c_reg": st.sampled_from([0.0, 0.01]),
    "poisson": st.booleans(), "analog": st.sampled_from([0, 0, 1, 3]),
    "stock": st.sampled_from([None, "IF_curr_exp", "IF_curr_delta"]),
    "delays": st.sampled_from([(1,), (1, 2, 5), (25,)]),
    "optimizer": st.sampled_from(sorted(OPTIMIZERS)),
    "loss": st.sampled_from(["mse", "cross_entropy"]), "readouts": st.integers(1, 2),
    "whole_run": st.booleans(), "window": st.sampled_from([None, None, 6]),
    "missing": st.booleans(), "bias": st.booleans(),
    "feedback": st.sampled_from(["random", "symmetric", "windowed"]),
    "current": st.sampled_from([None, *CURRENTS]), "sampling": st.sampled_from([1, 1, 3]),
    "recorded": st.sampled_from(["scrk", "scrk", "", "r", "ck", "s"]),
    "events": st.lists(st.tuples(st.integers(0, 40), st.sampled_from(
        ["off", "on", "record", "spikes", "values", "target", "weights"])), max_size=3).map(tuple),
}
#: Parts of scripts that a backend cannot do, or only slowly.
WITHOUT: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "fixed": {"boundary": st.just("reset"), "stock": st.none()},
    "nest": {
        "analog": st.just(0),
        "learning": st.just(True), "boundary": st.just("reset"), "delays": st.just((1,)),
        "missing": st.just(False), "bias": st.just(False), "feedback": st.just("random"),
        "current": st.none(), "events": st.just(())},
    # PyNN's noise has no seed there
    "brian2": {"current": st.sampled_from([None, "dc", "ac", "step"]), "steps": st.just(16),
               "intervals": st.just(2)},
    "spinnaker": {
        "timestep": st.just(1.0), "boundary": st.just("reset"),
        "current": st.none(),
        "stock": st.sampled_from([None, "IF_curr_exp"]), "intervals": st.just(3),
        "events": st.lists(st.tuples(st.just(20), st.sampled_from(["off", "on", "values",
                                                                    "target"])),
                           max_size=1).map(tuple), "steps": st.just(20)},
}


@st.composite
def scripts(draw: st.DrawFn, machine: str) -> tuple[Plan, tuple[Cut, ...]]:
    """A network of everything that the backend can do, and stops of its run."""
    chosen = {name: draw(values)
              for name, values in {**FEATURES, **WITHOUT.get(machine, {})}.items()}
    if chosen["loss"] == "cross_entropy":
        chosen["missing"] = False       # a step of it has all targets or none
    if not chosen["learning"]:
        chosen |= {"boundary": "reset", "bias": False, "events": tuple(
            each for each in chosen["events"] if each[1] in ("record", "spikes", "values"))}
    if machine == "nest" and chosen["stock"]:
        chosen["current"] = draw(FEATURES["current"])
    plan = Plan(**chosen)
    # reading weights ends a run on NEST, and a run() takes long on these
    slow = machine in ("jax", "brian2", "spinnaker")
    return plan, draw(cuts(plan, READS if machine == "nest" else (*READS, "weights"),
                           every=st.integers(5, 9) if slow else st.integers(1, 7),
                           most=3 if slow else 6))


@st.composite
def cuts(draw: st.DrawFn, plan: Plan, reads: tuple[str, ...], every: st.SearchStrategy[int],
         most: int) -> tuple[Cut, ...]:
    """Stops anywhere, also several at one step, and at and around the ends of intervals."""
    boundaries = [k * plan.steps + offset for k in range(plan.intervals + 1)
                  for offset in (-1, 0, 1)]
    steps = st.one_of(st.integers(0, 3), st.sampled_from(boundaries), st.integers(0, plan.end)).map(
        lambda step: min(max(step, 0), plan.end))
    return tuple(draw(st.lists(st.builds(
        Cut, steps, st.sampled_from(["run", "run", "run_until", "callbacks"]), every,
        st.sampled_from(reads)), min_size=1, max_size=most)))


def test_cuts_change_nothing(machine, play_on):
    explore = os.environ.get("HYPOTHESIS_PROFILE") == "explore"

    @settings(max_examples=1000 if explore else EXAMPLES[machine], deadline=None,
              suppress_health_check=list(HealthCheck))
    @given(scripts(machine))
    def check(script: tuple[Plan, tuple[Cut, ...]]) -> None:
        plan, cuts = script
        whole = play_on(plan, ())
        assert differences(MACHINES[machine][0], play_on(plan, cuts), whole) == []

    check()
