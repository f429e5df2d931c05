"""The host engine in float64 against the reference: 1e-10 of the largest number of each array.

The reference carries eligibility traces forward in time; the engine filters backward over what
each cell did. The named cases say what broke; the random ones cover the combinations.
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from pynn_eprop.engine import HostEngine
from pynn_eprop.models.network import Boundary, Network
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES
from pynn_eprop.models.rules import RULES
from pynn_eprop.reference import ReferenceMachine
from tests.agreement.play import assert_agree, assert_identical, play
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.strategies import plans

BOUND = 1e-10
ADAPTIVE = CellPlan(adaptive=True)

CASES = {
    "LIF": Plan(),
    "adaptive LIF": Plan(cells=(ADAPTIVE,)),
    "adaptive LIF with different parameters": Plan(cells=(CellPlan(adaptive=True, varied=True),)),
    "never refractory": Plan(cells=(CellPlan(refractory=0),)),
    "refractory as long as the interval": Plan(cells=(CellPlan(refractory=20),)),
    **{f"pseudo-derivative {name}": Plan(cells=(CellPlan(shape=name, adaptive=True),))
       for name in sorted(PSEUDO_DERIVATIVES)},
    "rate term": Plan(cells=(CellPlan(rate_term=True, adaptive=True),)),
    "rate term over a batch": Plan(cells=(CellPlan(rate_term=True),), trials=2),
    "rate term alone": Plan(cells=(CellPlan(rate_term=True),), feedbacks=("none",)),
    "batch": Plan(trials=4, cells=(ADAPTIVE,)),
    "gradient descent": Plan(optimizers=("sgd",)),
    "schedules": Plan(optimizers=("adam schedule", "sgd schedule")),
    "Adam with epsilon hat": Plan(optimizers=("eps hat",)),
    "weight bounds": Plan(bounds=True, seed=3),
    "plastic beside static": Plan(optimizers=("adam", "static"), seed=5),
    "cross-entropy": Plan(readouts=(ReadoutPlan(3, "cross_entropy"),)),
    "cross-entropy at the end only": Plan(readouts=(ReadoutPlan(3, "cross_entropy",
                                                                missing="prefix"),)),
    "cross-entropy of a single readout": Plan(readouts=(ReadoutPlan(1, "cross_entropy"),)),
    "targets missing for some readouts": Plan(readouts=(ReadoutPlan(3, missing="entries"),)),
    "target of the whole run": Plan(readouts=(ReadoutPlan(target="run"),)),
    "target that begins late": Plan(readouts=(ReadoutPlan(target="late"),)),
    "target given later": Plan(stretches=((20, True), (13, True), (47, True)), changes=("target",),
                               readouts=(ReadoutPlan(bias_optimizer="adam"),)),
    "learning biases": Plan(readouts=(ReadoutPlan(bias_optimizer="adam"),), trials=2),
    "symmetric feedback": Plan(feedbacks=("symmetric",), cells=(ADAPTIVE,)),
    "symmetric feedback of a sparse projection": Plan(
        feedbacks=("symmetric",), wirings=("duplicates",), delays=("mixed",)),
    "symmetric feedback of an empty projection": Plan(
        seed=2, feedbacks=("symmetric",), wirings=("all", "empty")),
    "windowed feedback": Plan(feedbacks=("windowed",), cells=(ADAPTIVE,)),
    "error module": Plan(readouts=(ReadoutPlan(loss=None),), cells=(ADAPTIVE,)),
    "several readouts with a kappa each": Plan(
        cells=(ADAPTIVE,), readouts=(ReadoutPlan(tau_m=3.0), ReadoutPlan(loss=None),
                                     ReadoutPlan(3, "cross_entropy", tau_m=40.0))),
    "several populations": Plan(sources=(3, 2), cells=(CellPlan(5), CellPlan(4, True))),
    "sparse": Plan(wirings=("sparse",), seed=2),
    "no self-connections": Plan(wirings=("no self",)),
    "several synapses between two cells": Plan(wirings=("duplicates",)),
    "one to one": Plan(wirings=("one to one",), sources=(6,)),
    "constant delays": Plan(delays=("constant",), seed=1),
    "delays from synapse to synapse": Plan(delays=("mixed",), cells=(ADAPTIVE,)),
    "sparse with delays": Plan(delays=("mixed",), wirings=("sparse",), cells=(ADAPTIVE,)),
    "delays longer than the interval": Plan(delays=("long",), interval_steps=5),
    **{f"{rule} of {'adaptive ' * adaptive}LIF": Plan(
        rules=(rule,), cells=(CellPlan(adaptive=adaptive, rate_term=True),), trials=2)
       for rule in ("truncated-traces", "simplified-traces") for adaptive in (False, True)},
    "a rule for each projection": Plan(
        rules=tuple(RULES), sources=(3, 2), trials=2, delays=("mixed",),
        cells=(CellPlan(5, adaptive=True, rate_term=True), CellPlan(4))),
    "values": Plan(analog=(3,), cells=(ADAPTIVE,)),
    "values alone": Plan(analog=(3,), sources=(), cells=(ADAPTIVE,)),
    "frames of values": Plan(analog=(3, 2), analog_frame=5, trials=2,
                             cells=(CellPlan(adaptive=True, rate_term=True), CellPlan(4))),
    "frames longer than an interval": Plan(analog=(3,), analog_frame=33, cells=(ADAPTIVE,)),
    "values through delays": Plan(analog=(4,), analog_frame=3, delays=("mixed",),
                                  wirings=("sparse", "duplicates"), cells=(ADAPTIVE,)),
    "values through delays longer than the interval": Plan(
        analog=(3,), delays=("long",), interval_steps=5, analog_frame=2),
    "values by every rule": Plan(analog=(3,), rules=tuple(RULES), trials=2, optimizers=("sgd",),
                                 cells=(ADAPTIVE, CellPlan(4))),
    "values beside cells that carry on": Plan(analog=(3,), stock=(True,), delays=("mixed",)),
    "frames cut by runs and checkpoints": Plan(
        analog=(3,), analog_frame=7, trials=2, delays=("mixed",), changes=("checkpoint",),
        stretches=((13, True), (7, True), (29, True), (31, True))),
    "currents": Plan(currents=True),
    "IF_curr_delta beside e-prop cells": Plan(stock=(False,), currents=True),
    "IF_curr_exp beside e-prop cells": Plan(stock=(True,), delays=("mixed",)),
    "short time step": Plan(timestep=0.1, cells=(ADAPTIVE,)),
    "interval of one step": Plan(interval_steps=1, stretches=((12, True),)),
    "learning switched off now and then": Plan(
        stretches=((30, True), (20, False), (30, False), (40, True)), cells=(ADAPTIVE,)),
    "learning switched off within an interval": Plan(stretches=((27, True), (53, False))),
    "a batch with intervals that do not count": Plan(
        trials=2, cells=(CellPlan(rate_term=True, adaptive=True),),
        stretches=((20, True), (20, False), (30, True), (20, False), (50, True))),
    "run in parts": Plan(stretches=((7, True), (1, True), (32, True), (15, True), (25, True)),
                         delays=("mixed",)),
    "incomplete last interval": Plan(stretches=((53, True),)),
    "weights replaced": Plan(stretches=((20, True), (20, True), (40, True)), changes=("weights",)),
    "parameters changed": Plan(stretches=((20, True),) * 12, changes=("population",),
                               stock=(True,), trials=2, seed=4),
    "checkpoints": Plan(stretches=((13, True), (7, True), (29, True), (31, True)), trials=2,
                        changes=("checkpoint",), cells=(ADAPTIVE,), delays=("mixed",)),
    "more cells and rows than a tile": Plan(
        seed=6, sources=(140,), cells=(CellPlan(70, True), CellPlan(130)), interval_steps=12,
        stretches=((36, True),), readouts=(ReadoutPlan(11),)),
    "more cells than a tile, sparse": Plan(
        seed=7, sources=(140,), cells=(CellPlan(150, True),), interval_steps=12,
        wirings=("sparse",), delays=("mixed",), stretches=((36, True),)),
    "values to more cells than a tile": Plan(
        seed=7, analog=(9,), analog_frame=4, cells=(CellPlan(150, True),), interval_steps=12,
        wirings=("sparse", "all"), stretches=((36, True),)),
}


BACK = CellPlan(backwards=True)
BACK_ADAPTIVE = CellPlan(5, adaptive=True, rate_term=True, backwards=True)

OF_SEPARATE_TRIALS = {
    "short trials": Plan(short=True, cells=(CellPlan(rate_term=True), ADAPTIVE), trials=3,
                         stretches=((180, True),), currents=True),
    "short trials of values": Plan(short=True, analog=(3,), analog_frame=4, cells=(ADAPTIVE,),
                                   trials=2, delays=("mixed",)),
    "short trials, cut anywhere": Plan(
        short=True, trials=2, delays=("mixed",), analog=(2,), cells=(CellPlan(rate_term=True),),
        stretches=((7, True), (1, True), (32, True), (15, True), (65, True)),
        changes=("checkpoint",)),
    "short trials that do not count": Plan(
        short=True, trials=2, cells=(CellPlan(rate_term=True),),
        stretches=((20, True), (20, False), (30, True), (20, False), (50, True))),
    "short trials of every loss": Plan(short=True, trials=2, readouts=(
        ReadoutPlan(bias_optimizer="adam"), ReadoutPlan(3, "cross_entropy"),
        ReadoutPlan(loss=None))),
    "backwards": Plan(cells=(BACK,)),
    "backwards, adaptive": Plan(cells=(BACK_ADAPTIVE,), trials=2),
    "both directions": Plan(cells=(BACK_ADAPTIVE, CellPlan(4, rate_term=True)), trials=2,
                            sources=(3, 2), delays=("mixed",), currents=True),
    "both directions, values": Plan(cells=(BACK_ADAPTIVE, CellPlan(4)), sources=(), analog=(3, 2),
                                    analog_frame=5, trials=2, delays=("mixed",)),
    "backwards, sparse": Plan(cells=(BACK_ADAPTIVE, BACK), wirings=("sparse", "duplicates"),
                              delays=("mixed",), analog=(4,), analog_frame=3),
    "backwards through delays longer than the interval": Plan(
        cells=(BACK, CellPlan(4)), delays=("long",), interval_steps=5, analog=(2,)),
    "backwards, symmetric feedback": Plan(cells=(BACK_ADAPTIVE, BACK), feedbacks=("symmetric",)),
    "backwards, windowed feedback": Plan(cells=(BACK_ADAPTIVE, BACK), feedbacks=("windowed",)),
    "backwards by every rule": Plan(cells=(BACK_ADAPTIVE, BACK), rules=tuple(RULES), trials=2,
                                    analog=(3,)),
    "backwards, several readouts": Plan(cells=(BACK_ADAPTIVE, ADAPTIVE), readouts=(
        ReadoutPlan(tau_m=3.0, bias_optimizer="adam"), ReadoutPlan(loss=None),
        ReadoutPlan(3, "cross_entropy", tau_m=40.0))),
    "both directions of short trials": Plan(
        short=True, cells=(BACK_ADAPTIVE, CellPlan(4, rate_term=True)), trials=3, analog=(3,),
        analog_frame=4, delays=("mixed",), stretches=((120, True), (20, False), (60, True)),
        changes=("checkpoint",)),
    "more cells than a tile, backwards": Plan(
        seed=6, sources=(140,), analog=(9,), cells=(CellPlan(150, True, backwards=True),
                                                    CellPlan(130)), interval_steps=12,
        stretches=((36, True),), readouts=(ReadoutPlan(11),), short=True),
}


def engine(network: Network) -> HostEngine:
    return HostEngine(network, precision="float64")


def threaded(threads: int):
    def make(network: Network) -> HostEngine:
        return engine(replace(network, settings=replace(network.settings, threads=threads)))
    return make


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("name", CASES)
def test_named_cases(name, boundary):
    case = make_case(replace(CASES[name], boundary=boundary))
    expected = play(case, ReferenceMachine)
    assert sum(len(array) for array in expected.exact.values()) > 10, "hardly any spikes"
    assert_agree(play(case, engine), expected, BOUND)


@pytest.mark.parametrize("name", OF_SEPARATE_TRIALS)
def test_named_cases_of_trials_that_stand_on_their_own(name):
    case = make_case(OF_SEPARATE_TRIALS[name])
    expected = play(case, ReferenceMachine)
    assert sum(len(array) for array in expected.exact.values()) > 10, "hardly any spikes"
    assert_agree(play(case, engine), expected, BOUND)


@pytest.mark.parametrize("stock", [(), (True,)])
def test_networks_without_intervals(stock):
    case = make_case(Plan(interval_steps=None, stock=stock, readouts=(ReadoutPlan(loss=None),),
                          delays=("mixed",), currents=True))
    assert_agree(play(case, engine), play(case, ReferenceMachine), BOUND)


@settings(max_examples=2 * settings().max_examples)
@given(plans(short=True, backwards=True))
def test_random_networks(plan):
    case = make_case(plan)
    assert_agree(play(case, engine), play(case, ReferenceMachine), BOUND)


@given(plans(changes=False, short=True, backwards=True))
def test_runs_in_parts_equal_one_run(plan):
    case = make_case(plan)
    parts = replace(case, plan=replace(plan, changes=("checkpoint",)))
    assert_identical(play(parts, engine), play(case, engine, whole=True))


@given(plans(short=True, backwards=True))
def test_results_do_not_depend_on_the_number_of_threads(plan):
    case = make_case(plan)
    assert_identical(play(case, threaded(2)), play(case, threaded(1)))


@pytest.mark.parametrize("boundary", list(Boundary))
@pytest.mark.parametrize("threads", [2, 3, 5])
def test_large_networks_do_not_depend_on_the_number_of_threads(threads, boundary):
    case = make_case(Plan(seed=8, sources=(140,), cells=(CellPlan(150, True, rate_term=True),),
                          interval_steps=12, trials=3, stretches=((84, True),),
                          delays=("mixed",), boundary=boundary))
    assert_identical(play(case, threaded(threads)), play(case, threaded(1)))
