"""Recorded eligibility traces: those followed through activity against those that machines have.

The reference carries a trace for each synapse forward in time, eq. 22 to 28 step by step. The
others keep none: their recordings follow from spikes, h and the rule (in_process/eligibility.py).
The networks are those of the other agreement tests.
"""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from pynn_eprop.engine import HostEngine
from pynn_eprop.in_process.eligibility import Carried, FollowedTraces
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.network import ELIGIBILITY_TRACE, Boundary, TraceRecording
from pynn_eprop.reference import ReferenceMachine
from tests.agreement.test_engine_against_reference import CASES
from tests.functional.machines import jax_machine
from tests.random_networks import CellPlan, Plan, make_case
from tests.strategies import plans

BOUND = 1e-10


def chosen(case):
    """Some synapses of each projection that learns and leads to cells, and how often."""
    cells = case.network.of_kind(SpikingCells)
    rng = np.random.default_rng([case.plan.seed, 7])
    found = {}
    for index, projection in enumerate(case.network.projections):
        count = len(projection.weight)
        if projection.optimizer is not None and projection.post in cells and count:
            some = np.flatnonzero(rng.random(count) < 0.6)
            found[index] = some if len(some) else np.arange(count), int(rng.integers(1, 4))
    return found


def carried_forward(case):
    """Traces of the reference by projection, all stretches."""
    machine, found = ReferenceMachine(case.network), chosen(case)
    recordings = [TraceRecording(case.network.projections[index].post, ELIGIBILITY_TRACE, synapses,
                                 every, projection=index)
                  for index, (synapses, every) in found.items()]
    parts = [machine.run(steps, case.inputs(machine.step, steps), recordings, learning).entries
             for steps, learning in case.plan.stretches]
    return {index: np.concatenate([entries[place] for entries in parts])
            for place, index in enumerate(found)}


def followed(case, factory, through_files=False):
    """Traces from what another machine recorded. through_files: state between runs as arrays."""
    machine, found = factory(case.network), chosen(case)
    carried, values = dict.fromkeys(found), {index: [] for index in found}
    for steps, learning in case.plan.stretches:
        inputs, first = case.inputs(machine.step, steps), machine.step
        traces = {index: FollowedTraces(case.network, index, *which, carried[index])
                  for index, which in found.items()}
        requests = [each.requests() for each in traces.values()]
        entries = list(machine.run(steps, inputs, sum(requests, ()), learning).entries)
        for (index, each), asked in zip(traces.items(), requests, strict=True):
            mine, entries = tuple(entries[:len(asked)]), entries[len(asked):]
            values[index].append(each.follow(first, steps, inputs, mine))
            carried[index] = Carried.restored(each.carried.arrays()) if through_files \
                else each.carried
    return {index: np.concatenate(parts) for index, parts in values.items()}


def assert_alike(found, expected, bound):
    assert found.keys() == expected.keys()
    for index, values in expected.items():
        assert found[index].shape == values.shape
        np.testing.assert_allclose(found[index], values, rtol=0,
                                   atol=bound * np.max(np.abs(values), initial=0.0,
                                                       where=~np.isnan(values)))


def float64(network):
    return HostEngine(network, precision="float64")


NAMED = {name: plan for name, plan in CASES.items() if not plan.changes} | {
    "many short intervals": Plan(interval_steps=3, stretches=((90, True),), delays=("mixed",),
                                 cells=(CellPlan(adaptive=True, varied=True),))}


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("name", NAMED)
def test_named_cases_on_the_engine(name, boundary):
    case = make_case(replace(NAMED[name], boundary=boundary))
    expected = carried_forward(case)
    assert any(np.any(values) for values in expected.values()) or not expected
    assert_alike(followed(case, float64), expected, BOUND)


@settings(max_examples=2 * settings().max_examples)
@given(plans(changes=False, short=True))
def test_random_networks_on_the_engine(plan):
    case = make_case(plan)
    assert_alike(followed(case, float64, through_files=True), carried_forward(case), BOUND)


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("name", ["adaptive LIF with different parameters", "run in parts",
                                  "a rule for each projection", "sparse with delays"])
def test_named_cases_in_jax(name, boundary):
    case = make_case(replace(CASES[name], boundary=boundary))
    assert_alike(followed(case, jax_machine("float64")), carried_forward(case), BOUND)


def test_float32_follows_its_own_activity():
    # spikes may differ, so that both machines start from weights with which none does here
    case = make_case(Plan(seed=4, cells=(CellPlan(adaptive=True),), optimizers=("sgd",)))
    expected = carried_forward(case)
    found = followed(case, lambda network: HostEngine(network, precision="float32"))
    assert_alike(found, expected, 1e-4)
    assert any(not np.array_equal(found[index], expected[index]) for index in expected)


@pytest.mark.parametrize("at_once", [1, 50, 10**9])
def test_intervals_side_by_side_change_nothing(at_once, monkeypatch):
    case = make_case(Plan(interval_steps=7, stretches=((5, True), (100, True), (33, True)),
                          cells=(CellPlan(5, adaptive=True, varied=True),), delays=("mixed",),
                          seed=9))
    expected = followed(case, float64)
    monkeypatch.setattr("pynn_eprop.in_process.eligibility._SYNAPSES_AT_ONCE", at_once)
    for index, values in followed(case, float64).items():
        assert np.array_equal(values, expected[index])
