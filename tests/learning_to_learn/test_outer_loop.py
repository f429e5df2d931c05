"""Iterations of the outer loop: they learn, stop where they fail, and go on as if not stopped."""

import jax
import numpy as np
import pytest

from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import CheckpointError, SimulationError
from pynn_eprop.families import ArmMovement
from pynn_eprop.learning_to_learn.error_modules import find_error_module
from pynn_eprop.learning_to_learn.outer_loop import OuterLoop, optimizer
from tests.learning_to_learn.families import tiny


def loop(iterations=6, seed=1, module="linear", **changes):
    return OuterLoop(tiny(**changes), find_error_module(module), iterations, seed, every=2)


def advanced(each, count):
    for _ in range(count):
        each.advance()
    return each


def test_it_learns():
    """Bounds are wide: spikes make the course of a loop depend on the last bits of a processor."""
    learner = advanced(loop(120, 2, n_neurons=30, interval=200.0, lr=0.01, batch=8, c_reg=0.0), 120)
    curve = learner.curve
    assert np.mean(curve.loss[-5:]) < 0.9 * np.mean(curve.loss[:5])
    assert curve.iteration == [1, *range(2, 121, 2)]
    # one update helps
    assert np.mean(curve.error[-5:]) < 0.85 * np.mean(curve.error_before[-5:])


def test_a_loop_that_was_saved_goes_on_to_the_identical_result(tmp_path):
    whole = advanced(loop(), 6)
    advanced(loop(), 3).save(tmp_path / "state.npz")
    rest = loop()
    rest.load(tmp_path / "state.npz")
    assert rest.done == 3
    advanced(rest, 3)
    for one, other in zip(jax.tree.leaves(whole.parameters), jax.tree.leaves(rest.parameters),
                          strict=True):
        np.testing.assert_array_equal(one, other)
    assert whole.curve.loss == rest.curve.loss and whole.curve.error == rest.curve.error
    assert whole.test(64) == rest.test(64)


def test_states_of_other_networks_and_damaged_ones_are_refused(tmp_path):
    path = tmp_path / "state.npz"
    advanced(loop(), 1).save(path)
    with pytest.raises(CheckpointError, match="belongs to another network"):
        loop(n_neurons=13).load(path)
    with pytest.raises(CheckpointError, match="belongs to another network"):
        loop(module="spiking").load(path)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(CheckpointError, match="damaged"):
        loop().load(path)


def test_a_loss_that_is_not_finite_ends_it_with_what_was_before():
    learner = advanced(loop(), 1)
    before = jax.tree.map(np.array, learner.parameters)
    learner.parameters["learner"]["output"] = np.full_like(before["learner"]["output"], np.nan)
    with pytest.raises(SimulationError, match="iteration 2 of the outer loop: the loss is nan"):
        learner.advance()
    assert learner.done == 1 and len(learner.curve.loss) == 1


def test_an_error_that_is_not_finite_ends_it(monkeypatch):
    """The loss may be finite then; results have finite numbers only."""
    monkeypatch.setattr(ArmMovement, "error", lambda self, y, task, xp: xp.sum(y) * xp.nan)
    with pytest.raises(SimulationError, match="after iteration 1 of the outer loop: error is nan"):
        advanced(loop(), 1)


@pytest.mark.parametrize("change", [{"done": 3}, {"done": "one"}, {"curve": []},
                                    {"curve": {"loss": [0.0]}}])
def test_a_state_with_another_curve_is_refused(change, tmp_path):
    path = tmp_path / "state.npz"
    advanced(loop(), 1).save(path)
    arrays, header = read_archive(path)
    write_archive(path, arrays, {**header, **change})
    with pytest.raises(CheckpointError, match="is damaged: its curve is not that of"):
        loop().load(path)


def test_tasks_depend_on_seed_and_iteration_alone():
    """Those of the validation and the test are others than those that are learned from."""
    first, second = loop(), advanced(loop(), 2)
    def goals(each, *which):
        return each._tasks(3, *which)["goal"]

    np.testing.assert_array_equal(goals(first, 1, 5), goals(second, 1, 5))
    drawn = [goals(first, 1, 0), goals(first, 1, 1), goals(first, 2), goals(first, 3),
             goals(loop(seed=2), 1, 0)]
    assert len({rows.tobytes() for rows in drawn}) == len(drawn)


@pytest.mark.parametrize(("decay", "factors"), [
    ("steps", {0: 1.0, 299: 1.0, 300: 0.95, 600: 0.95 ** 2}),
    ("cosine", {0: 1.0, 300: 0.5, 600: 0.0})])
def test_the_learning_rate_falls_as_asked(decay, factors):
    """Adam's first step has the length of the rate if gradients do not change."""
    family = tiny(lr=0.5, decay=decay)
    adam = optimizer(family, 600)
    weight = {"w": np.zeros(())}
    state = adam.init(weight)
    steps = []
    for _ in range(601):
        change, state = adam.update({"w": np.ones(())}, state, weight)
        steps.append(-float(change["w"]))
    for number, factor in factors.items():
        assert steps[number] == pytest.approx(0.5 * factor, rel=1e-4, abs=1e-6)


def test_long_gradients_are_scaled():
    """Of two gradients in one direction, both too long, the second gives the same step as one of
    the same length: Adam sees 10 each time."""
    family = tiny(lr=0.5, decay="steps", clip=10.0)
    adam = optimizer(family, 10)
    weight = {"w": np.zeros(2)}
    state = adam.init(weight)
    _, state = adam.update({"w": np.array([300.0, 400.0])}, state, weight)
    np.testing.assert_allclose(state[1][0].mu["w"], 0.1 * np.array([6.0, 8.0]), rtol=1e-6)
