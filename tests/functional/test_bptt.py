"""Backpropagation through time against automatic differentiation with autograd (autodiff.py)."""

from dataclasses import replace

import numpy as np
import pytest

from pynn_eprop.errors import SimulationError, UnsupportedError
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs
from pynn_eprop.models.pseudo_derivatives import PSEUDO_DERIVATIVES
from pynn_eprop.models.rules import TruncatedTraces
from pynn_eprop.reference import ReferenceMachine
from tests.agreement.play import assert_agree, play
from tests.descriptions import alif, all_pairs, feedback, lif, readouts, synapses
from tests.functional.machines import jax_machine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case
from tests.reference.autodiff import true_gradients
from tests.reference.test_automatic_differentiation import (
    CELLS,
    KEEP,
    SOURCES,
    STEPS,
    assert_equal,
    build,
    by_trial,
    input_spikes,
)

OPTIONS = JaxOptions("float64", "bptt")
BATCH = Plan(cells=(CellPlan(rate_term=True),), trials=3, stretches=((120, True),),
             readouts=(ReadoutPlan(bias_optimizer="adam"),), delays=("mixed",),
             feedbacks=("none",))


def train(net, counts, options=OPTIONS, parts=()):
    """The machine after all intervals, run in one go or in parts of so many steps."""
    machine = JaxMachine(net, options)
    step, cell = np.nonzero(counts[:-1])
    end = len(counts) - 1
    for last in (*np.cumsum(parts).astype(int), end):
        now = machine.step
        here = (step >= now) & (step <= last)
        machine.run(int(last) - now, Inputs({0: (step[here], cell[here])}))
    return machine


@pytest.mark.parametrize("loss", ["mse", "cross_entropy"])
@pytest.mark.parametrize("model", [lif, alif])
@pytest.mark.parametrize("trials", [1, 3])
def test_gradient_of_the_loss_and_of_the_firing_rate_term(model, loss, trials):
    net = build(model(CELLS, refractory_steps=2, c_reg=0.05), loss, "random", delay=3,
                trials_per_update=trials)
    counts = input_spikes(trials)
    expected = true_gradients(net, by_trial(counts))
    assert_equal(train(net, counts), expected)


def test_gradient_in_parts_in_slices_and_with_states_computed_again():
    net = build(alif(CELLS, refractory_steps=2, c_reg=0.05), "mse", "random", delay=3,
                trials_per_update=3)
    counts = input_spikes(3)
    expected = true_gradients(net, by_trial(counts))
    assert_equal(train(net, counts, parts=(7, 30, 23)), expected)
    assert_equal(train(net, counts, replace(OPTIONS, trials_at_once=2)), expected)
    assert_equal(train(net, counts, replace(OPTIONS, rematerialize_steps=13)), expected)


@pytest.mark.parametrize("name", sorted(PSEUDO_DERIVATIVES))
def test_gradient_with_every_pseudo_derivative(name):
    net = build(alif(CELLS, pseudo_derivative=PSEUDO_DERIVATIVES[name](0.4, 1.2)), "mse", "random")
    counts = input_spikes(1)
    assert_equal(train(net, counts), true_gradients(net, by_trial(counts)))


@pytest.mark.parametrize("cut", [7, STEPS // 2, STEPS])
def test_truncated_gradient(cut):
    """autograd forgets the past before every ``cut`` steps from the end."""
    net = build(alif(CELLS, refractory_steps=1), "mse", "random", delay=3)
    counts = input_spikes(1)
    options = replace(OPTIONS, truncation_steps=cut)
    expected = true_gradients(net, by_trial(counts), cut)
    assert_equal(train(net, counts, options), expected)
    assert_equal(train(net, counts, replace(options, rematerialize_steps=11)), expected)
    if cut < STEPS:
        full = true_gradients(net, by_trial(counts))[0][1]
        assert np.abs(expected[0][1] - full).max() > 1e-2 * np.abs(full).max()


def test_backpropagation_and_e_prop_have_one_gradient_of_readouts_and_another_of_cells():
    """Nothing passes between readouts, so that eq. 48 is exact."""
    net = build(lif(CELLS, v_thresh=0.61), "mse", "symmetric")
    counts = input_spikes(1)
    found, eprop = train(net, counts), train(net, counts, JaxOptions("float64"))
    assert np.abs(found.gradient(1) - eprop.gradient(1)).max() > 1e-3
    np.testing.assert_allclose(found.gradient(2), eprop.gradient(2), rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("boundary", list(Boundary))
def test_runs_in_parts_and_checkpoints_end_alike(boundary):
    """Stretches are replayed at the end of an update, from the inputs and the state kept."""
    case = make_case(replace(BATCH, boundary=boundary))
    parts = replace(case, plan=replace(case.plan, stretches=((13, True), (7, True), (45, True),
                                                            (55, True)), changes=("checkpoint",)))
    found, expected = (play(each, jax_machine("float64", "bptt")) for each in (parts, case))
    for outcome in (found, expected):       # without what is looked at in between
        outcome.exact, outcome.numbers = (
            {name: array for name, array in arrays.items() if not name[0].isdigit()}
            for arrays in (outcome.exact, outcome.numbers))
    assert_agree(found, expected, 1e-10)


def test_activity_is_that_of_the_reference_until_the_first_update():
    case = make_case(BATCH)
    short = replace(case, plan=replace(case.plan, stretches=((59, True),)))
    found, expected = (play(short, machine) for machine in (
        jax_machine("float64", "bptt"), ReferenceMachine))
    for outcome in (found, expected):
        outcome.numbers = {name: array for name, array in outcome.numbers.items()
                           if "signal" not in name}
    assert_agree(found, expected, 1e-10)


def test_parts_that_have_no_use_are_refused():
    net = build(lif(CELLS), "mse", "random")
    projections = (replace(net.projections[0], rule=TruncatedTraces()), *net.projections[1:])
    with pytest.raises(UnsupportedError, match=r"rule 'truncated-traces' has no part in"):
        JaxMachine(replace(net, projections=projections), OPTIONS)
    silent = replace(net.populations[2], loss=None, target=None, bias_optimizer=None)
    weight = np.zeros((CELLS, silent.size))
    with pytest.raises(UnsupportedError, match="readouts without a loss"):
        JaxMachine(replace(net, populations=(*net.populations[:2], silent),
                           learning_signals=(feedback(2, 1, weight),)), OPTIONS)


def test_weights_and_parameters_stay_within_an_update():
    net = build(lif(CELLS), "mse", "random", trials_per_update=2)
    machine = train(net, input_spikes(1))
    with pytest.raises(SimulationError, match="new weights can be set between updates only"):
        machine.set_weights(0, machine.weights(0))
    with pytest.raises(SimulationError, match="new parameters can be set between updates only"):
        machine.set_population(1, replace(net, populations=(
            net.populations[0], lif(CELLS, c_reg=0.1), net.populations[2])))


def test_targets_and_initial_values_may_change_within_an_update():
    """Each trial has its own. Expected: the gradients of both trials, each of a network of one."""
    net = build(alif(CELLS, refractory_steps=2), "mse", "random", trials_per_update=2)
    rng = np.random.default_rng(6)
    changes = {1: {"v_initial": rng.normal(0, 0.2, CELLS)},
               2: {"target": rng.normal(0, 1, net.populations[2].target.shape),
                   "y_initial": rng.normal(0, 1, net.populations[2].size)}}
    later = replace(net, populations=tuple(replace(each, **changes.get(index, {}))
                                           for index, each in enumerate(net.populations)))
    counts = input_spikes(2)
    first, second = by_trial(counts)
    expected = [sum(parts) for parts in zip(true_gradients(net, [first])[0],
                                            true_gradients(later, [second])[0], strict=True)]
    machine = JaxMachine(net, OPTIONS)
    step, cell = np.nonzero(counts[:-1])
    for start in (0, STEPS):
        here = (step >= start) & (step < start + STEPS)
        machine.run(STEPS, Inputs({0: (step[here], cell[here])}))
        for index in changes:
            machine.set_population(index, later)
    for index, gradient in enumerate(expected):
        np.testing.assert_allclose(machine.gradient(index), gradient, rtol=0,
                                   atol=1e-12 * np.abs(gradient).max())


def test_a_network_of_everything():
    """Two populations, mixed delays, pairs twice, three readouts, one of them without a loss."""
    rng = np.random.default_rng(4)
    net = build(lif(CELLS, refractory_steps=2, c_reg=0.03), "cross_entropy", "random", delay=3,
                trials_per_update=2)
    slow = replace(readouts(2, label="slow", tau_m=70.0, loss=MSE(), bias_optimizer=KEEP),
                   target=rng.normal(0, 1, (2, STEPS)))

    def project(pre, post, pairs, scale, longest=1):
        return synapses(pre, post, pairs, rng.normal(0, scale, len(pairs)),
                        rng.integers(1, longest + 1, len(pairs)), optimizer=KEEP)

    net = replace(
        net, populations=(*net.populations, alif(4, label="second", tau_m=9.0, c_reg=0.02), slow,
                          readouts(2, label="idle")),
        projections=(
            *net.projections, project(1, 3, [(0, 0), (0, 0), (3, 1), (7, 2), (2, 3)], 0.9, 4),
            project(0, 3, all_pairs(SOURCES, 4), 0.7), project(3, 1, all_pairs(4, CELLS), 0.4, 6),
            project(3, 4, all_pairs(4, 2), 0.4, 5), project(0, 4, all_pairs(SOURCES, 2), 0.4, 2),
            project(1, 4, [(1, 0), (1, 0), (3, 1)], 0.4, 2)))
    counts = input_spikes(2)
    for cut in (0, 13):
        weights, biases = true_gradients(net, by_trial(counts), cut)
        del biases[5]
        options = replace(OPTIONS, truncation_steps=cut or None)
        for given in (options, replace(options, trials_at_once=1, rematerialize_steps=7)):
            assert_equal(train(net, counts, given), (weights, biases))
