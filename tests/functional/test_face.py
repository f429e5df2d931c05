"""The functions that the machine is made of: what they give, and that they can be composed."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop.errors import ParameterError, SetupError, SimulationError
from pynn_eprop.functional import (
    Flow,
    Model,
    bptt_gradients,
    gradients,
    gradients_by_differentiation,
    optimizer_start,
    trial,
    trial_inputs,
    update,
)
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import feedback, lif, network, readouts, synapses
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

NETWORKS = {
    "LIF": Plan(cells=(CellPlan(rate_term=True),)),
    "adaptive LIF": Plan(cells=(CellPlan(adaptive=True, varied=True, rate_term=True),)),
    "delays": Plan(cells=(CellPlan(5, adaptive=True), CellPlan(4)), delays=("mixed",),
                   wirings=("sparse", "duplicates")),
    "feedback": Plan(cells=(CellPlan(adaptive=True),), feedbacks=("symmetric", "windowed"),
                     readouts=(ReadoutPlan(3, "cross_entropy"), ReadoutPlan(loss=None))),
    **{shape: Plan(cells=(CellPlan(shape=shape, adaptive=True),))
       for shape in ("exponential", "fast_sigmoid", "arctan")},
    "both directions": Plan(cells=(CellPlan(5, adaptive=True, rate_term=True, backwards=True),
                                   CellPlan(4, rate_term=True)), delays=("mixed",), analog=(2,),
                            feedbacks=("random", "windowed"), currents=True),
    "both directions of a short trial": Plan(
        seed=1, cells=(CellPlan(5, adaptive=True, rate_term=True, backwards=True), CellPlan(4)),
        delays=("mixed",), analog=(2,), short=True, readouts=(ReadoutPlan(), ReadoutPlan(2, None))),
}


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def one_trial(plan):
    """A model, its parameters and the inputs of one trial, from a plan."""
    case = make_case(plan)
    model = Model.of(case.network, "float64")
    return model, model.parameters(), trial_inputs(model, case.inputs(0, model.interval_steps))


def assert_same(found, expected, bound):
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=bound * max(np.abs(other).max(), 1e-3))


@pytest.mark.parametrize("name", NETWORKS)
def test_filter_gives_what_differentiation_gives(name):
    """The derivative with spikes detached elsewhere and in the reset is e-prop's gradient."""
    model, parameters, inputs = one_trial(NETWORKS[name])
    found = jax.jit(lambda given: gradients(model, parameters, trial(model, parameters, given)))(
        inputs)
    expected = jax.jit(lambda given: gradients_by_differentiation(model, parameters, given))(inputs)
    assert np.abs(np.concatenate([np.ravel(each) for each in found["weights"]])).max() > 1e-2
    assert_same(found, expected, 1e-12)


def test_a_trial_gradient_and_update_are_those_of_the_reference():
    case = make_case(Plan(cells=(CellPlan(adaptive=True, rate_term=True),), optimizers=("adam",),
                          readouts=(ReadoutPlan(bias_optimizer="adam"),)))
    model = Model.of(case.network, "float64")
    steps, parameters = model.interval_steps, model.parameters()

    @jax.jit
    def learn(given):
        slope = gradients(model, parameters, trial(model, parameters, given))
        return slope, update(model, parameters, slope, optimizer_start(model, parameters))[0]

    found, after = learn(trial_inputs(model, case.inputs(0, steps)))
    machine = ReferenceMachine(case.network)
    machine.run(steps, case.inputs(0, steps))
    for number, block in enumerate(model.blocks):
        for arrays, expected in ((found["weights"], machine.gradient(block.projection)),
                                 (after["weights"], machine.weights(block.projection))):
            values = np.zeros(len(expected))
            block.unpack(arrays[number], values)
            np.testing.assert_allclose(values, expected, rtol=0,
                                       atol=1e-12 * np.abs(expected).max())


def test_trials_side_by_side_are_those_one_by_one():
    case = make_case(NETWORKS["delays"])
    model = Model.of(case.network, "float64")
    steps, parameters = model.interval_steps, model.parameters()
    each = []
    for number in range(3):
        given = case.inputs(number * steps, steps)
        spikes = {index: (at - number * steps, cells)
                  for index, (at, cells) in given.spikes.items()}
        each.append(trial_inputs(model, Inputs(spikes)))
    together = jax.tree.map(lambda *rows: jnp.stack(rows), *each)

    @jax.jit
    def learn(given):
        return gradients(model, parameters, trial(model, parameters, given))

    found = jax.jit(jax.vmap(learn))(together)
    for number, given in enumerate(each):
        assert_same(jax.tree.map(lambda rows, n=number: rows[n], found), learn(given), 1e-13)


def smooth_network():
    """Cells that are driven up to their threshold and never reach it, so that all is smooth."""
    cells = lif(3, v_thresh=5.0, v_initial=4.0)
    plastic = {"optimizer": SGD(lr=1.0)}
    rng = np.random.default_rng(1)
    return network(
        [*_source(2), cells, readouts(2, loss=None)],
        [synapses(0, 1, [(i, j) for i in range(2) for j in range(3)], rng.normal(0, 0.05, 6),
                  **plastic)], [feedback(2, 1, rng.normal(0, 1, (3, 2)))], interval_steps=12)


def _source(size):
    return [Sources("sources", size)]


def test_derivatives_of_h_are_those_of_finite_differences():
    """Outer loops differentiate the update, and with it h, by the weights of the inner network."""
    net = smooth_network()
    model = Model.of(net, "float64")
    inputs = trial_inputs(model, Inputs({0: (np.array([0, 2, 5]), np.array([0, 1, 0]))}))
    rng = np.random.default_rng(2)
    signals, want = {1: rng.normal(0, 1, (12, 3))}, rng.normal(0, 1, (2, 3))

    @jax.jit
    def outer(weight):
        parameters = {**model.parameters(), "weights": [weight]}
        # the pseudo-derivative of spikes, of which there are none, is no part of a true derivative
        activity = trial(model, parameters, inputs, flow=Flow(detached=True))
        slope = gradients(model, parameters, activity, signals)
        after, _ = update(model, parameters, slope, optimizer_start(model, parameters))
        return jnp.sum(after["weights"][0] * want)

    weight = model.parameters()["weights"][0]
    found = jax.jit(jax.grad(outer))(weight)
    for place in np.ndindex(weight.shape):
        step = np.zeros_like(weight)
        step[place] = 1e-6
        expected = (outer(weight + step) - outer(weight - step)) / 2e-6
        assert found[place] == pytest.approx(float(expected), rel=1e-6)
    assert np.abs(found - want).max() > 1e-2, "h has no part in this derivative"


def test_bptt_of_readout_weights_and_biases_by_finite_differences():
    """E is quadratic in them: a central difference is exact up to rounding."""
    model, parameters, inputs = one_trial(Plan())
    found = jax.jit(lambda given: bptt_gradients(model, parameters, given))(inputs)
    number = next(n for n, block in enumerate(model.blocks) if block.post in model.readouts)

    @jax.jit
    def loss(weight):
        weights = [*parameters["weights"][:number], weight, *parameters["weights"][number + 1:]]
        activity = trial(model, {**parameters, "weights": weights}, inputs)
        return sum(jnp.sum(each) for each in activity["loss"].values())

    weight = np.asarray(parameters["weights"][number])
    for place in np.ndindex(weight.shape):
        step = np.zeros_like(weight)
        step[place] = 1e-4
        expected = float(loss(weight + step) - loss(weight - step)) / 2e-4
        assert float(found["weights"][number][place]) == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_derivative_of_the_loss_is_bptt():
    """Plain differentiation of the loss by the weights, without products of rows and factors."""
    model, parameters, inputs = one_trial(replace(NETWORKS["delays"], feedbacks=("none",)))

    def loss(weights):
        activity = trial(model, {**parameters, "weights": weights}, inputs)
        return sum(jnp.sum(each) for each in activity["loss"].values())

    expected = jax.jit(jax.grad(loss))(parameters["weights"])
    found = jax.jit(lambda given: bptt_gradients(model, parameters, given))(inputs)["weights"]
    for block, one, other in zip(model.blocks, found, expected, strict=True):
        other = np.asarray(other) if block.mask is None else np.asarray(other) * block.mask
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-12 * max(np.abs(other).max(), 1e-3))


def test_inputs_that_are_not_those_of_a_trial_are_refused():
    net = network([*_source(2), lif(2)], interval_steps=None)
    with pytest.raises(SimulationError, match="without update intervals has no trials"):
        trial_inputs(Model.of(net), Inputs())
    with pytest.raises(SimulationError, match="outside this run's steps"):
        trial_inputs(Model.of(smooth_network()), Inputs({0: (np.array([99]), np.array([0]))}))


def test_an_update_by_adam_can_be_differentiated_if_a_gradient_is_0():
    """As outer loops do, also by weights of pairs that are not connected, which get none."""
    model, parameters, inputs = one_trial(replace(NETWORKS["delays"], optimizers=("adam",)))
    assert any(block.mask is not None for block in model.blocks)

    def outer(parameters):
        slope = gradients(model, parameters, trial(model, parameters, inputs))
        after, _ = update(model, parameters, slope, optimizer_start(model, parameters))
        return sum(jnp.sum(each) for each in trial(model, after, inputs)["loss"].values())

    found = jax.tree.leaves(jax.jit(jax.grad(outer))(parameters))
    assert all(np.all(np.isfinite(each)) for each in found)
    assert max(np.abs(each).max() for each in found) > 1e-3


def test_trees_that_are_not_those_of_the_model_are_refused():
    model, parameters, inputs = one_trial(NETWORKS["LIF"])
    activity = trial(model, parameters, inputs)
    weights, biases = parameters["weights"], parameters["biases"]
    for tree, message in (
            ({"weights": weights}, r"parameters has no 'biases', but \['weights'\]"),
            ({"weights": weights[1:], "biases": biases}, "has 3 arrays; .* the model's 4 blocks"),
            ({"weights": [*weights, weights[0]], "biases": biases}, "has 5 arrays"),
            ({"weights": [each.T for each in weights], "biases": biases},
             r"parameters\['weights'\]\[0\] has shape \(6, 4\); it must be \(4, 6\)"),
            ({"weights": weights, "biases": {9: np.zeros(2)}},
             r"has \[9\]; it must have an array for each of the populations \[2\]"),
            ({"weights": weights, "biases": {2: np.zeros(1)}},
             r"parameters\['biases'\]\[2\] has shape \(1,\); it must be \(2,\)")):
        for function in (lambda given: trial(model, given, inputs),
                         lambda given: gradients(model, given, activity),
                         lambda given: bptt_gradients(model, given, inputs),
                         lambda given: update(model, given, parameters, {})):
            with pytest.raises(ParameterError, match=message):
                function(tree)
    batch = jax.tree.map(lambda rows: np.stack([rows] * 3), inputs)
    for given, message in (
            (batch, "many trials go through jax.vmap"),
            ({**inputs, "sources": {}}, r"inputs\['sources'\] has \[\]; it must have"),
            ({**inputs, "targets": {2: np.zeros((7, 2))}}, r"\[2\] has shape \(7, 2\); it must")):
        with pytest.raises(ParameterError, match=message):
            trial(model, parameters, given)
    with pytest.raises(ParameterError, match=r"signals\[1\] has shape \(3, 6\); it must be"):
        gradients(model, parameters, activity, {1: np.zeros((3, 6))})
    with pytest.raises(ParameterError, match=r"signals has \[7\]; .* populations \[1\]"):
        gradients(model, parameters, activity, {7: np.zeros((20, 6))})
    with pytest.raises(ParameterError, match=r"gradients\['weights'\] has 1 arrays"):
        update(model, parameters, {"weights": [0.0], "biases": {}}, {})


def test_precisions_and_flows_that_cannot_be():
    net = smooth_network()
    with pytest.raises(SetupError, match=r"precision='float16' is unknown; choose one of"):
        Model.of(net, "float16")
    for name in ("truncation_steps", "rematerialize_steps"):
        with pytest.raises(SetupError, match=f"{name}=0 must be a whole number >= 1, or None"):
            Flow(**{name: 0})
    model = Model.of(net, "float64")
    inputs = trial_inputs(model, Inputs())
    with jax.enable_x64(False), pytest.raises(SetupError, match="needs 64 bits of JAX"):
        trial(model, model.parameters(), inputs)
