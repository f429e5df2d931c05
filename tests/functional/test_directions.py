"""Backpropagation through time in networks that run backwards, and in trials of their own lengths.

That the forward pass is right is seen against the reference (test_jax_machine.py).
"""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop.errors import SimulationError, UnsupportedError
from pynn_eprop.functional import Model, bptt_gradients, trial, trial_inputs
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.cells import Readouts, SpikingCells
from pynn_eprop.models.network import Inputs
from tests.agreement.play import assert_agree, play
from tests.functional.machines import jax_machine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

T = 20
BOTH = Plan(
    seed=1, short=True, sources=(3,), analog=(2,), analog_frame=3, trials=3,
    cells=(CellPlan(5, adaptive=True, rate_term=True, backwards=True), CellPlan(4, rate_term=True)),
    readouts=(ReadoutPlan(bias_optimizer="adam"), ReadoutPlan(3, "cross_entropy")),
    delays=("mixed",), feedbacks=("none",), stretches=((120, True),), currents=True)


@pytest.mark.parametrize("steps", [T, 13])
def test_gradient_is_that_of_the_losses(steps):
    """jax.grad of the sum of the losses of all steps, through the whole trial."""
    with jax.enable_x64(True):
        case = make_case(replace(BOTH, cells=tuple(replace(each, rate_term=False)
                                                   for each in BOTH.cells)))
        model = Model.of(case.network, "float64")
        inputs = trial_inputs(model, replace(case.inputs(0, T), lengths=np.array([steps])))
        parameters = model.parameters()

        def loss(weights):
            activity = trial(model, {**parameters, "weights": weights}, inputs)
            return sum(jnp.sum(each) for each in activity["loss"].values())

        expected = jax.grad(loss)(parameters["weights"])
        found = bptt_gradients(model, parameters, inputs)["weights"]
        compared = 0
        for number, block in model.plastic():
            wanted = expected[number] if block.mask is None else expected[number] * block.mask
            np.testing.assert_allclose(found[number], wanted, rtol=0,
                                       atol=1e-12 * max(float(jnp.abs(wanted).max()), 1e-3))
            compared += bool(jnp.abs(wanted).max() > 1e-3)
        assert compared > 8


@pytest.mark.parametrize("gradient", ["eprop", "bptt"])
def test_without_leak_it_is_the_gradient_of_the_trial_turned_round(gradient):
    """y of readouts that forget at once reads one step, so that target and input can be turned."""
    plan = replace(BOTH, trials=1, short=False, stretches=((T, True),), delays=("one",),
                   cells=(BOTH.cells[0],), feedbacks=("random",),
                   readouts=(ReadoutPlan(2, "mse", tau_m=1e-9),))
    case = make_case(plan)

    def turned(each):
        if isinstance(each, SpikingCells):
            return replace(each, backwards=False)
        return replace(each, target=each.target[:, ::-1]) if isinstance(each, Readouts) else each

    # what sources send straight to readouts stays as it is, and is left out
    outside = [index for index, each in enumerate(case.network.populations) if each.from_outside]

    def onto_cells(network):
        return replace(network, projections=tuple(
            each for each in network.projections
            if each.pre not in outside or each.post in network.of_kind(SpikingCells)))

    net = onto_cells(case.network)
    back = JaxMachine(net, JaxOptions("float64", gradient))
    back.run(T, case.inputs(0, T))
    forth = JaxMachine(replace(net, populations=tuple(map(turned, net.populations))),
                       JaxOptions("float64", gradient))
    spikes = {}
    for index, counts in case.spikes.items():
        step, cell = np.nonzero(counts[:T][::-1])
        repeats = counts[:T][::-1][step, cell]
        spikes[index] = (np.repeat(step, repeats), np.repeat(cell, repeats))
    forth.run(T, Inputs(
        spikes, {index: rows[:T][::-1] for index, rows in case.currents.items()},
        {index: np.concatenate([rows[:T][::-1], np.zeros_like(rows[:1])])
         for index, rows in case.values.items()}))
    for index, projection in enumerate(net.projections):
        if projection.optimizer is not None:
            expected = forth.gradient(index)
            assert np.abs(expected).max() > 1e-3
            np.testing.assert_allclose(back.gradient(index), expected, rtol=0,
                                       atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize("options", [{"trials_at_once": 2}, {"rematerialize_steps": 7}])
def test_slices_and_states_computed_again_give_the_same(options):
    case = make_case(BOTH)
    assert_agree(play(case, jax_machine("float64", "bptt", **options)),
                 play(case, jax_machine("float64", "bptt")), 1e-10)


@pytest.mark.parametrize("backwards", [False, True])
def test_trials_one_by_one_end_as_those_side_by_side(backwards):
    """Stretches are replayed at the end of an update; forward ones are cut within trials."""
    plan = BOTH if backwards else replace(BOTH, cells=(BOTH.cells[1],))
    stretches = ((20, True), (40, True), (60, True)) if backwards \
        else ((13, True), (7, True), (45, True), (55, True))
    case = make_case(plan)
    parts = replace(case, plan=replace(case.plan, stretches=stretches, changes=("checkpoint",)))
    found, expected = (play(each, jax_machine("float64", "bptt")) for each in (parts, case))
    for outcome in (found, expected):       # without what is looked at in between
        outcome.exact, outcome.numbers = (
            {name: array for name, array in arrays.items() if not name[0].isdigit()}
            for arrays in (outcome.exact, outcome.numbers))
    assert_agree(found, expected, 1e-10)


def test_a_truncated_gradient_runs_forwards_only():
    case = make_case(BOTH)
    with pytest.raises(UnsupportedError, match="truncation_steps=5 is for networks that run forw"):
        JaxMachine(case.network, JaxOptions("float64", "bptt", truncation_steps=5))


def test_parts_of_trials_are_not_run_backwards():
    machine = JaxMachine(make_case(BOTH).network)
    with pytest.raises(SimulationError, match="runs consist of whole trials of 20 steps"):
        machine.run(30, Inputs())
    assert machine.step == 0
