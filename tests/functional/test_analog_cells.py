"""Cells that pass on values in JAX, in float64: against the reference, and true gradients.

The reference carries eligibility traces forward, synapse by synapse; the machine filters backward.
BPTT: automatic differentiation of whole networks by another package, which is written out in
tests/reference/analog_autodiff.py.
"""

from dataclasses import replace

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop import functional
from pynn_eprop.models.network import Boundary
from pynn_eprop.reference import ReferenceMachine
from tests.agreement.play import assert_agree, assert_identical, play
from tests.functional.machines import jax_machine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, UnitPlan, make_case
from tests.reference import analog_autodiff

BOUND = 1e-12
double = jax_machine("float64")

MIXED = Plan(
    seed=1, interval_steps=8, trials=2, sources=(2,), analog=(2,),
    cells=(CellPlan(2, rate_term=True),),
    units=(UnitPlan(2, tanh_output=True), UnitPlan(2, "relu")),
    readouts=(ReadoutPlan(), ReadoutPlan(2, "cross_entropy", tau_m=3.0), ReadoutPlan(loss=None)),
    delays=("one",), optimizers=("adam",), feedbacks=("random",), stretches=((48, True),))
SMALL = replace(MIXED, sources=(), analog=(2,), cells=(), readouts=(ReadoutPlan(),))
CASES = {
    "with spikes": MIXED,
    "rules, feedback and delays": replace(
        SMALL, rules=("e-prop", "truncated-traces"), feedbacks=("windowed", "symmetric"),
        delays=("mixed",), wirings=("duplicates", "sparse"), units=(UnitPlan(2),), seed=4),
    "cut anywhere, traces that cross": replace(
        SMALL, boundary=Boundary.CONTINUOUS, trials=1, changes=("checkpoint", "weights"),
        stretches=((5, True), (3, True), (13, True), (11, True))),
    "cut anywhere": replace(
        SMALL, changes=("checkpoint", "population", "target"), units=(UnitPlan(2, "sigmoid"),),
        stretches=((5, True), (3, True), (13, True), (11, True))),
    "backwards, short trials": replace(
        SMALL, short=True, units=(UnitPlan(2), UnitPlan(2, backwards=True),
                                  UnitPlan(2, "tanh", backwards=True))),
}


@pytest.mark.parametrize("name", CASES)
def test_named_cases(name):
    case = make_case(CASES[name])
    machine = jax_machine("float64", trials_at_once=1) if name == "with spikes" else double
    assert_agree(play(case, machine), play(case, ReferenceMachine), BOUND)


@settings(max_examples=15)
@given(seed=st.integers(0, 2 ** 32 - 1))
def test_random_numbers(seed):
    """Weights, parameters, inputs and targets; the same network, which is compiled once."""
    case = make_case(replace(SMALL, seed=seed, stretches=((16, True),)))
    assert_agree(play(case, double), play(case, ReferenceMachine), BOUND)


def test_checkpoints_continue_to_the_same_bits():
    plan = replace(SMALL, stretches=((5, True), (8, True), (19, True)), changes=("checkpoint",))
    case = make_case(plan)
    assert_identical(play(case, double), play(replace(case, plan=replace(plan, changes=())),
                                              double))


# --- the true gradient ---

BPTT = replace(
    SMALL, trials=1, delays=("mixed",), optimizers=("sgd",), stretches=((8, True),),
    units=(UnitPlan(2, "sigmoid"), UnitPlan(2, tanh_output=True)),
    readouts=(ReadoutPlan(), ReadoutPlan(2, "cross_entropy", tau_m=3.0)))


def test_backpropagation_through_time_is_automatic_differentiation():
    case = make_case(BPTT)
    machine = jax_machine("float64", "bptt")(case.network)
    machine.run(8, case.inputs(0, 8))
    expected = analog_autodiff.true_gradients(
        case.network, {index: rows[:9] for index, rows in case.values.items()}, 8)
    for index, slope in enumerate(expected):
        assert np.max(np.abs(slope)) > 1e-4
        np.testing.assert_allclose(machine.gradient(index), slope, rtol=0,
                                   atol=1e-12 * np.max(np.abs(slope)))


def test_backpropagation_of_trials_run_backwards():
    """The loss, by finite differences, of cells in both directions and short trials."""
    case = make_case(replace(CASES["backwards, short trials"], trials=1, optimizers=("sgd",),
                             stretches=((8, True),)))
    machine = jax_machine("float64", "bptt")(case.network)
    readouts = len(case.network.populations) - 1
    loss = next(each for each in case.recordings if each.variable == "loss")

    def loss_of(weight, index):
        changed = jax_machine("float64", "bptt")(case.network)
        changed.set_weights(index, weight)
        return changed.run(8, case.inputs(0, 8), [loss], learning=False).entries[0][0]

    machine.run(8, case.inputs(0, 8))
    for index, projection in enumerate(case.network.projections):
        if projection.post == readouts or projection.receptor in ("cell", "excitatory"):
            direction = np.random.default_rng(index).normal(size=len(projection.weight))
            ahead, behind = (loss_of(projection.weight + sign * 1e-5 * direction, index)
                             for sign in (1, -1))
            np.testing.assert_allclose(machine.gradient(index) @ direction,
                                       (ahead - behind) / 2e-5, rtol=1e-5, atol=1e-8)


def test_the_face_filters_backward_what_differentiation_gives():
    case = make_case(replace(BPTT, delays=("one",), units=(UnitPlan(2),),
                             readouts=(ReadoutPlan(),)))

    def both(parameters, inputs):
        return (functional.gradients(model, parameters,
                                     functional.trial(model, parameters, inputs)),
                functional.gradients_by_differentiation(model, parameters, inputs))

    with jax.enable_x64(True):
        model = functional.Model.of(case.network, "float64")
        found, expected = jax.jit(both)(
            model.parameters(), functional.trial_inputs(model, case.inputs(0, 8)))
    for one, other in zip(found["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * np.max(np.abs(other)))
