"""Optimisers as values: their steps, and what is kept of them."""

import numpy as np
import pytest

from pynn_eprop.errors import CheckpointError, ParameterError, SimulationError
from pynn_eprop.models.optimizers import (
    SGD,
    Adam,
    OptimizerSteps,
    StepDecay,
)
from tests.own_kinds import Decaying, Momentum, OwnAdam

START = np.array([1.0, -2.0])
GRADIENT = np.array([0.5, 0.25])


def after(optimizer, updates, weight=START, gradient=GRADIENT):
    """The weights after some updates with the same gradient."""
    steps = OptimizerSteps(optimizer, weight)
    for _ in range(updates):
        weight = steps.step(optimizer, weight, gradient)
    return weight


def test_descent_with_a_schedule():
    """Rates 0.1, 0.1, 0.05: in all 0.25 g."""
    found = after(SGD(0.1, StepDecay(0.5, 2)), 3)
    np.testing.assert_allclose(found, START - 0.25 * GRADIENT, rtol=1e-15)


@pytest.mark.parametrize("eps_hat", [False, True])
def test_adam_with_a_constant_gradient_makes_full_steps(eps_hat):
    """The corrected moments are g and g^2, so that each step is lr g / (|g| + eps)."""
    found = after(Adam(0.1, eps=1e-12, eps_hat=eps_hat), 5)
    np.testing.assert_allclose(found, START - 5 * 0.1 * np.sign(GRADIENT), rtol=1e-9)


def test_corrections_of_adam():
    assert Adam(beta1=0.5, beta2=0.75).corrections(2) == (0.75, 1 - 0.75 ** 2)


def test_momentum_from_outside():
    """m is g, then 1.8 g: in all 2.8 lr g."""
    np.testing.assert_allclose(after(Momentum(0.01, 0.8), 2), START - 0.028 * GRADIENT, rtol=1e-14)


def test_updates_are_counted_from_one():
    np.testing.assert_allclose(after(Decaying(), 3), START / (2 * 3 * 4), rtol=1e-15)


def test_what_is_kept_goes_on_identically():
    optimizer = OwnAdam()
    first, second = (OptimizerSteps(optimizer, START) for _ in range(2))
    weight = first.step(optimizer, START, GRADIENT)
    second.restore(first.state(), "owner")
    assert second.count == 1
    assert np.array_equal(second.step(optimizer, weight, -GRADIENT),
                          first.step(optimizer, weight, -GRADIENT))


def test_a_state_of_another_shape_is_refused():
    steps = OptimizerSteps(Momentum(), START)
    with pytest.raises(CheckpointError, match=r"owner/mean has shape \(3,\), but .* needs \(2,\)"):
        steps.restore({"u": np.array(1), "mean": np.zeros(3)}, "owner")


class Wrong(Momentum):
    """Gives what ``made`` says."""

    made = None

    def update(self, gradient, state, weight, count):
        return self.made(weight, state)


@pytest.mark.parametrize("made, message", [
    (lambda weight, state: weight, r"update\(\) gives ndarray; it must give the new weights and"),
    (lambda weight, state: (weight[:1], state), r"update\(\) gives weights \(1,\)"),
    (lambda weight, state: (weight, {}), r"the state \{\}; it must give weights \(2,\) and the st"),
    (lambda weight, state: (weight, {"mean": 0.0}), r"the state \{'mean': \(\)\}"),
    (lambda weight, state: (weight * 1j, state), "the weights as complex128, which float64 cannot"),
    (lambda weight, state: (["a", "b"], state), "the weights as <U1, which float64 cannot hold"),
    (lambda weight, state: (weight, {"mean": weight * 1j}), "the state 'mean' as complex128"),
])
def test_steps_that_are_none_are_named(made, message):
    class Bad(Wrong):
        pass

    Bad.made = staticmethod(made)
    with pytest.raises(ParameterError, match=f"optimizer 'momentum': .*{message}"):
        after(Bad(), 1)


def test_a_state_of_whole_numbers_takes_no_fractions():
    """They would be cut off."""
    class Counted(Momentum):
        def init(self, weight):
            return {"mean": np.zeros(2, dtype=int)}

    with pytest.raises(ParameterError, match="the state 'mean' as float64, which int64 cannot"):
        after(Counted(), 1)


def test_what_a_step_raises_is_named():
    class Bad(Momentum):
        def update(self, gradient, state, weight, count):
            return 1 / 0

    with pytest.raises(SimulationError, match=r"optimizer 'momentum': update\(\) failed: ZeroDivi"):
        after(Bad(), 1)


@pytest.mark.parametrize("state", [None, [1.0], {1: np.zeros(2)}])
def test_a_state_is_a_dict_of_arrays(state):
    class Bad(Momentum):
        def init(self, weight):
            return state

    with pytest.raises(ParameterError, match=r"optimizer 'momentum': init\(\) gives"):
        OptimizerSteps(Bad(), START)


@pytest.mark.parametrize("name, value", [("u", np.zeros(2)), ("a b", np.zeros(2)), ("x", "text")])
def test_states_that_cannot_be_kept_are_named(name, value):
    class Bad(Momentum):
        def init(self, weight):
            return {name: value}

    with pytest.raises(ParameterError, match=rf"optimizer 'momentum': init\(\) gives '{name}'"):
        OptimizerSteps(Bad(), START)


def test_a_step_may_work_in_place():
    """Its arguments are copies: the gradient that a script reads does not change."""
    class InPlace(Momentum):
        def update(self, gradient, state, weight, count):
            gradient *= 2.0
            weight -= gradient
            state["mean"] += 1.0
            return weight, state

    gradient, weight = GRADIENT.copy(), START.copy()
    steps = OptimizerSteps(InPlace(), weight)
    assert np.array_equal(steps.step(InPlace(), weight, gradient), START - 2 * GRADIENT)
    assert np.array_equal(gradient, GRADIENT) and np.array_equal(weight, START)
    assert steps.state()["mean"].tolist() == [1.0, 1.0]
