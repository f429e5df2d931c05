"""The outer loop's loss and its gradient, against e-prop 2 with explicit traces, differentiated."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop.experiments.rule_names import rule_named
from pynn_eprop.families.trial import OUTPUT
from pynn_eprop.learning_to_learn.error_modules import find_error_module
from pynn_eprop.learning_to_learn.outer_loss import OuterLoss
from tests.learning_to_learn import explicit
from tests.learning_to_learn.families import tiny

SIGNALS = {"spiking": explicit.spiking_signals, "linear": explicit.linear_signals}


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


def made(module, rule="e-prop", at_once=None, **changes):
    family = tiny(interval=40.0, clock_period=2.0, **changes)
    loss = OuterLoss(family, find_error_module(module), rule_named(rule), "float64", at_once)
    return family, loss, loss.start(np.random.default_rng(4))


def close(found, expected, tolerance=1e-9):
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        scale = np.max(np.abs(other), initial=1e-6)
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize(("module", "rule"), [
    ("spiking", "e-prop"), ("linear", "e-prop"), ("spiking", "truncated-traces")])
def test_loss_and_gradient_are_those_of_explicit_traces(module, rule):
    family, loss, parameters = made(module, rule)
    tasks = family.draw(2, np.random.default_rng(5))
    gain = find_error_module(module).gain

    def witness(parameters):
        return explicit.loss(family, parameters, tasks, SIGNALS[module], gain,
                             rule == "truncated-traces")

    (expected, after), slopes = jax.value_and_grad(witness, has_aux=True)(parameters)
    (found, _), found_slopes = jax.value_and_grad(loss, has_aux=True)(parameters, tasks)
    assert found == pytest.approx(float(expected), rel=1e-10)
    assert all(np.abs(each).max() > 0 for each in jax.tree.leaves(slopes))
    close(found_slopes, slopes)
    activity = loss.training_trial(parameters)
    for number, weights in enumerate(after):
        task = {name: rows[number] for name, rows in tasks.items()}
        changed = loss.changed(parameters, activity, task)[0]["weights"]
        close(changed[0], weights["input"], 1e-12)
        close(changed[1], explicit.without_diagonal(weights["recurrent"]), 1e-12)


def test_the_gradient_through_the_update_is_that_of_finite_differences():
    """The weights after the update depend on the module's last weights smoothly: no spike between.
    """
    family, loss, parameters = made("spiking")
    task = {name: rows[0] for name, rows in family.draw(1, np.random.default_rng(6)).items()}
    rng = np.random.default_rng(7)
    name = "module_signals"
    about = [rng.normal(size=shape.shape) for shape in (
        parameters["learner"]["input"], parameters["learner"]["recurrent"])]

    def number(weights):
        changed = {**parameters, "module": {**parameters["module"], name: weights}}
        after, _ = loss.changed(changed, loss.training_trial(changed), task)
        return sum(jnp.sum(each * weight)
                   for each, weight in zip(about, after["weights"], strict=False))

    start = jnp.asarray(parameters["module"][name])
    slope = jax.grad(number)(start)
    for _ in range(3):
        direction = rng.normal(size=start.shape)
        difference = (number(start + 1e-4 * direction) - number(start - 1e-4 * direction)) / 2e-4
        assert float(jnp.sum(slope * direction)) == pytest.approx(float(difference), rel=1e-8)


@pytest.mark.parametrize(("module", "slices"), [("spiking", (4,)), ("output-error", (2, 4))])
def test_slices_of_the_batch_change_nothing(module, slices):
    family, loss, parameters = made(module)
    tasks = family.draw(6, np.random.default_rng(8))
    (whole, _), slopes = jax.value_and_grad(loss, has_aux=True)(parameters, tasks)
    for at_once in slices:      # of 4, the largest that divides 6 is 3
        _, sliced, _ = made(module, at_once=at_once)
        (found, seen), found_slopes = jax.value_and_grad(sliced, has_aux=True)(parameters, tasks)
        assert float(found) == pytest.approx(float(whole), rel=1e-12)
        close(found_slopes, slopes, 1e-11)
    assert seen["error"].shape == ()


def test_without_a_module_nothing_is_updated():
    family, loss, parameters = made("none")
    tasks = family.draw(3, np.random.default_rng(9))
    _, found = loss(parameters, tasks)
    _, _, y = explicit.run(family, parameters["learner"])
    expected = np.mean([(explicit.tip(y, family.timestep) - goal) ** 2 for goal in tasks["goal"]])
    assert float(found["error"]) == float(found["error_before"]) == pytest.approx(expected)


@pytest.mark.parametrize(("module", "of"), [("output-error", "velocity"), ("goal-error", "goal")])
def test_baselines_are_eprop_1_with_random_feedback(module, of):
    """sum_t' kappa^(t' - t) B err^t' at each step is the signal of filtered traces (eq. 49)."""
    family, loss, parameters = made(module)
    task = {name: rows[0] for name, rows in family.draw(1, np.random.default_rng(10)).items()}
    activity = loss.training_trial(parameters)
    y = np.asarray(activity["y"][loss.wiring.index(OUTPUT)])
    error = np.asarray(y if of == "velocity" else explicit.tip(y, family.timestep)) - task[of]
    kappa = np.exp(-family.timestep / family.tau_out)
    B = parameters["module"]["feedback"]
    expected = [sum(kappa ** (later - step) * error[later] @ B
                    for later in range(step, family.steps)) for step in range(family.steps)]
    sent = find_error_module(module).send(family, parameters["module"], loss.seen(activity, task))
    np.testing.assert_allclose(sent.signals, expected, rtol=1e-9, atol=1e-12)
