"""Task 2.1: movements by eq. 60 within their limits, the arm, and the cost of eq. 61."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.errors import TaskError
from pynn_eprop.families import ArmMovement
from pynn_eprop.families.arm_movement.arm import tip
from pynn_eprop.models.time_grid import nearest_steps


def test_parameters_are_the_papers():
    """Methods, "Target movement task 2.1", "Outer loop optimization" and "Model parameters"."""
    family = ArmMovement()
    assert (family.n_neurons, family.n_module) == (400, 300)
    assert (family.n_inputs, family.n_groups) == (20, 5)
    assert (family.interval, family.timestep, family.clock_period) == (500.0, 1.0, 10.0)
    assert (family.tau_m, family.tau_refrac, family.v_thresh) == (20.0, 5.0, 0.4)
    assert (family.tau_out, family.tau_signal, family.update_rate) == (20.0, 20.0, 1e-4)
    assert (family.f_target, family.f_target_module, family.c_reg) == (20.0, 10.0, 0.25)
    assert (family.batch, family.lr, family.decay) == (200, 0.0015, "steps")
    assert (family.lr_factor, family.lr_every) == (0.95, 300)
    assert (family.n_sines, family.amplitudes, family.periods, family.swing) == (
        5, (0.0, 30.0), (0.3, 1.0), 20.0)


def drawn(count=20, seed=1, **changes):
    family = ArmMovement.of("small", changes)
    return family, family.draw(count, np.random.default_rng(seed))


def complex_tip(velocity):
    """The tip, from rotations of the links as complex numbers."""
    first = np.cumsum(velocity[:, 0]) * 1e-3
    second = np.pi / 2 + np.cumsum(velocity[:, 1]) * 1e-3
    place = 0.5 * np.exp(1j * first) * (1.0 + np.exp(1j * second))
    return np.stack([place.real, place.imag], axis=1)


def test_the_arm_is_two_rotations():
    _, tasks = drawn()
    for velocity, goal in zip(tasks["velocity"], tasks["goal"], strict=True):
        np.testing.assert_allclose(goal, complex_tip(velocity), atol=1e-12)
    still = tip(np.zeros((3, 2)), 1.0)
    np.testing.assert_allclose(still, [[0.5, 0.5]] * 3, atol=1e-15)    # one link along each axis


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2 ** 32), reach=st.floats(0.1, 1.6))
def test_joints_stay_within_their_limits(seed, reach):
    _, tasks = drawn(4, seed, reach=reach)
    turned = np.cumsum(tasks["velocity"], axis=1) * 1e-3
    assert np.abs(turned).max() <= reach * (1 + 1e-9)
    # a joint that was scaled gets just there; others are sums of sinusoids of at most 30 rad/s
    assert np.abs(tasks["velocity"]).max() <= 5 * 30.0


def test_the_second_joint_is_scaled_as_the_paper_has_it():
    """Every sinusoid of it is scaled to a swing of 20; the limits are out of the way here."""
    _, tasks = drawn(50, n_sines=1, reach=1e9)
    swing = np.ptp(tasks["velocity"][:, :, 1], axis=1)
    np.testing.assert_allclose(swing, 20.0, rtol=1e-12)
    first = np.abs(tasks["velocity"][:, :, 0]).max(axis=1)
    assert first.max() <= 30.0 and first.min() < 10.0


def test_a_joint_beyond_its_limit_is_scaled_by_one_factor():
    far, free = (drawn(30, reach=each)[1]["velocity"] for each in (0.3, 1e9))
    factor = far / free
    np.testing.assert_allclose(factor, np.broadcast_to(factor[:, :1], factor.shape), rtol=1e-9)
    assert np.all(factor[:, 0] <= 1.0 + 1e-12) and np.any(factor[:, 0] < 0.5)


def test_targets_have_the_variance_that_was_measured():
    """0.18 was measured with another program for the spread of targets about their mean."""
    _, tasks = drawn(4000)
    assert tasks["goal"].var(axis=0).mean() == pytest.approx(0.18, abs=0.03)


def test_cost_and_error():
    family, tasks = drawn(1)
    task = {name: rows[0] for name, rows in tasks.items()}
    y = task["velocity"] + np.array([0.5, -1.0])
    off = complex_tip(y) - task["goal"]
    assert family.loss(y, task, np) == pytest.approx(np.sum(off ** 2) + 500 * 1.25)
    assert family.error(y, task, np) == pytest.approx(np.mean(off ** 2))
    assert family.error(task["velocity"], task, np) == pytest.approx(0.0, abs=1e-20)


def test_the_clock_fires_in_groups():
    """Five groups of four, each for 100 ms at 100 Hz."""
    clock = drawn()[0].clock()
    assert len(clock) == 20
    for number, times in enumerate(clock):
        np.testing.assert_array_equal(times, number // 4 * 100.0 + 10.0 * np.arange(10))


@pytest.mark.parametrize("period", [9.95, 1.1])
def test_the_clock_stays_within_its_trial(period):
    """99.5 ms, ten periods, is nearest to step 100, the first one of the next trial."""
    family = ArmMovement.of("small", {"interval": 100.0, "n_groups": 1, "clock_period": period})
    for times in family.clock():
        steps = nearest_steps(times, family.timestep)
        assert steps[-1] <= 99 and np.all(np.diff(steps) >= 1)
        assert len(times) == (10 if period == 9.95 else 91)


def test_sizes_and_parameters():
    family = ArmMovement.of()
    assert (family.n_neurons, family.n_module, family.batch, family.lr) == (400, 300, 200, 0.0015)
    assert family.update_rate == 1e-4 and ArmMovement.of("small").update_rate == 4e-4
    assert ArmMovement.of("small", {"batch": 3}).batch == 3


@pytest.mark.parametrize(("size", "changes", "message"), [
    ("tiny", {}, "has no size 'tiny'; choose one of .'full', 'medium', 'small'."),
    (None, {"cells": 3}, "has no parameter 'cells'"),
    (None, {"batch": 2.5}, "batch=2.5 must be a whole number >= 1"),
    (None, {"batch": "many"}, "batch='many' is not a value like 200"),
    (None, {"n_inputs": 3}, "n_inputs / n_groups=0 must be a whole number >= 1"),
    (None, {"rate": 0.0}, "rate=0.0 .*must be"),
    (None, {"c_reg": -1.0}, "c_reg=-1.0 must be >= 0"),
    (None, {"decay": "never"}, "decay='never' is unknown; choose one of .'steps', 'cosine'."),
    (None, {"interval": float("inf")}, "interval=inf ms is not a finite value"),
    (None, {"interval": 50.4}, "interval=50.4 ms is not a whole number of time steps of 1 ms"),
    (None, {"interval": 0.2}, "interval=0.2 ms is not a whole number of time steps of 1 ms"),
    (None, {"clock_period": 0.3}, "clock_period=0.3 ms must be >= timestep=1.0 ms"),
    (None, {"n_neurons": 1}, "n_neurons=1 must be a whole number >= 2"),
    (None, {"n_module": 1}, "n_module=1 must be a whole number >= 2"),
    (None, {"n_sines": -1}, "n_sines=-1 must be a whole number >= 1"),
    (None, {"n_sines": 1.5}, "n_sines=1.5 must be a whole number >= 1"),
    (None, {"amplitudes": (1, 2, 3)}, "amplitudes=.1, 2, 3. must be two numbers"),
    (None, {"amplitudes": (3.0, 1.0)}, "amplitudes=.3.0, 1.0. must be two numbers"),
    (None, {"amplitudes": (0.0, 0.0)}, "the least >= 0 and the largest > 0"),
    (None, {"periods": (-1.0, 1.0)}, "the least >= 0 and the largest > 0"),
    (None, {"reach": -1.0}, "reach=-1.0 rad must be a finite number > 0"),
    (None, {"swing": -1.0}, "swing=-1.0 rad/s must be >= 0"),
])
def test_what_cannot_be_is_refused(size, changes, message):
    with pytest.raises(TaskError, match=message):
        ArmMovement.of(size, changes)
