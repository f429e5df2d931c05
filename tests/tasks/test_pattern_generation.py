"""Task 1.1 against the paper's numbers (methods, 'Pattern generation task 1.1')."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.errors import TaskError
from pynn_eprop.models.optimizers import Adam, StepDecay
from pynn_eprop.tasks import PatternGeneration, find_feedback
from tests.own_cells import CurrentLIF, registered

SEEDS = st.integers(0, 2**31)


def test_parameters_are_the_papers():
    task = PatternGeneration()
    plan = task.network(seed=1, feedback=find_feedback("random"))
    assert (task.n_neurons, plan.inputs[0].size, plan.readouts[0].size) == (600, 20, 3)
    assert plan.interval == 1000.0 and plan.timestep == 1.0 and plan.trials_per_update == 1
    (cells,) = plan.cells
    assert cells.model == "EPropLIF"
    expected = {"tau_m": 20.0, "v_thresh": 0.61, "tau_refrac": 5.0, "f_target": 10.0}
    assert {name: cells.parameters[name] for name in expected} == expected
    assert plan.readouts[0].parameters == {"tau_m": 20.0} and plan.readouts[0].loss == "mse"
    # "learning rate of 0.003 ... after every 100 iterations ... multiplicative factor of 0.7"
    assert plan.optimizer == Adam(lr=0.003, schedule=StepDecay(0.7, 100))


@given(seed=SEEDS)
@settings(max_examples=30)
def test_target_is_a_sum_of_four_sinusoids_with_amplitudes_in_range(seed):
    target = PatternGeneration().target(seed)
    assert target.shape == (3, 1000)
    # closed form: over 1 s, bin f of the Fourier transform holds A_f T / 2
    amplitude = np.abs(np.fft.rfft(target, axis=1)) / 500.0
    present = [1, 2, 3, 5]
    assert np.all((amplitude[:, present] >= 0.5) & (amplitude[:, present] <= 2.0))
    assert np.abs(np.delete(amplitude, present, axis=1)).max() < 1e-10


def test_target_column_belongs_to_the_step_before_it():
    # A sin(phi) at step 1: the sum of the sinusoids at time 0, from the Fourier coefficients
    target = PatternGeneration().target(7)
    coefficients = np.fft.rfft(target, axis=1) / 500.0
    assert np.allclose(target[:, 0], coefficients.real[:, [1, 2, 3, 5]].sum(axis=1))


def test_clock_groups_fire_at_100_hz_one_after_the_other():
    clock = PatternGeneration().clock()
    assert len(clock) == 20
    for cell, times in enumerate(clock):
        group = cell // 4
        assert times.tolist() == [200.0 * group + 10.0 * i for i in range(20)]


def test_clock_stays_within_its_trial():
    # 99.5 ms, ten periods, is nearest to step 100, the first one of the next trial
    task = PatternGeneration(interval=100.0, n_groups=1, clock_period=9.95)
    for times in task.clock():
        assert times.tolist() == pytest.approx([9.95 * i for i in range(10)])


@given(n_inputs=st.integers(5, 60))
@settings(max_examples=20)
def test_clock_uses_all_groups_for_any_number_of_inputs(n_inputs):
    starts = [times[0] for times in PatternGeneration(n_inputs=n_inputs).clock()]
    assert sorted(set(starts)) == [0.0, 200.0, 400.0, 600.0, 800.0]
    assert starts == sorted(starts)


def test_initial_weights_have_variance_one_over_the_number_of_inputs():
    plan = PatternGeneration().network(3, find_feedback("random"))
    weights = {synapses.label: synapses.weight for synapses in plan.synapses}
    assert {label: weight.shape for label, weight in weights.items()} == {
        "input_to_cells": (20, 600), "cells_to_cells": (600, 600), "cells_to_readout": (600, 3)}
    for weight in weights.values():
        n_pre, size = weight.shape[0], weight.size
        # the variance of a sample of `size` normal numbers has a relative error of sqrt(2 / size)
        assert np.var(weight) * n_pre == pytest.approx(1.0, abs=5 * np.sqrt(2 / size))
    assert np.all(np.diag(weights["cells_to_cells"]) == 0.0)


def test_feedback_is_the_papers():
    task = PatternGeneration()
    (random,) = task.network(3, find_feedback("random")).feedback
    assert random.weight.shape == (3, 600)
    # "mean 0 and variance 1/n": 1800 numbers, five standard errors
    assert np.var(random.weight) * 600 == pytest.approx(1.0, abs=5 * np.sqrt(2 / 1800))
    (uniform,) = task.network(3, find_feedback("global")).feedback
    assert np.all(uniform.weight == 1 / np.sqrt(600))
    (windowed,) = task.network(3, find_feedback("window-20ms")).feedback
    assert windowed.weight is None and windowed.scale == 1 / np.sqrt(600)
    assert windowed.feedback.window == 20.0


def test_feedback_kind_leaves_the_other_weights_alone():
    task = PatternGeneration.with_neurons(30)
    first = task.network(5, find_feedback("random"))
    second = task.network(5, find_feedback("symmetric"))
    for one, other in zip(first.synapses, second.synapses, strict=True):
        assert np.array_equal(one.weight, other.weight)


def test_without_recurrent_connections_the_rest_is_the_same():
    task = PatternGeneration.with_neurons(30)
    full = {s.label: s.weight for s in task.network(5, find_feedback("random")).synapses}
    cut = {s.label: s.weight for s in task.network(5, find_feedback("random"), False).synapses}
    assert full.keys() - cut.keys() == {"cells_to_cells"}
    assert all(np.array_equal(weight, full[label]) for label, weight in cut.items())


@given(seed=SEEDS, scale=st.floats(0.0, 3.0))
@settings(max_examples=20)
def test_error_of_scaled_target(seed, scale):
    # y = s y* has mse = (1 - s)^2 var(y*), as the targets have zero mean over 1 s
    task = PatternGeneration()
    target = task.target(seed)
    assert task.normalised_error(scale * target.T, seed) == pytest.approx((1 - scale) ** 2)
    loss = 0.5 * np.sum(((scale - 1) * target) ** 2)
    assert task.error_of_loss(np.array([loss]), seed)[0] == pytest.approx((1 - scale) ** 2)


def test_trials_do_not_depend_on_how_updates_are_grouped():
    task = PatternGeneration()
    together = task.training_trials(1, 0, 3)
    second = task.training_trials(1, 1, 1)
    assert together.n_trials == 3 and not together.targets
    for all_times, times in zip(together.spike_times["inputs"], second.spike_times["inputs"],
                                strict=True):
        within = (all_times >= 1000.0) & (all_times < 2000.0)
        assert np.array_equal(all_times[within] - 1000.0, times)


def test_other_cells_get_what_all_cells_have_and_lif_cells_their_own():
    def cells_of(**changes):
        (cells,) = PatternGeneration(n_neurons=3, c_reg=0.5, **changes).network(
            1, find_feedback("random")).cells
        return cells.model, dict(cells.parameters)

    common = {"tau_refrac": 5.0, "f_target": 10.0, "c_reg": 0.5}
    assert cells_of() == ("EPropLIF", {"tau_m": 20.0, "v_thresh": 0.61, **common})
    assert cells_of(cell="EPropALIF", tau_m=9.0)[1] == {"tau_m": 9.0, "v_thresh": 0.61, **common}
    with registered(CurrentLIF):
        assert cells_of(cell="CurrentLIF") == ("CurrentLIF", common)
        with pytest.raises(TaskError, match=r"tau_m=9.0 does not reach cell='CurrentLIF'; leave "
                                             "it at 20.0, or choose LIF cells"):
            PatternGeneration(cell="CurrentLIF", tau_m=9.0)


def test_seeds_decide_everything():
    task = PatternGeneration.with_neurons(20)
    first, again, other = (task.network(s, find_feedback("random")) for s in (1, 1, 2))
    assert np.array_equal(first.readouts[0].target, again.readouts[0].target)
    assert np.array_equal(first.synapses[1].weight, again.synapses[1].weight)
    assert not np.array_equal(first.readouts[0].target, other.readouts[0].target)
    assert not np.array_equal(first.synapses[1].weight, other.synapses[1].weight)


@pytest.mark.parametrize(("change", "message"), [
    ({"n_neurons": 0}, "n_neurons=0 must be a whole number >= 1"),
    ({"n_neurons": 2.5}, "n_neurons=2.5 must be a whole number"),
    ({"n_inputs": 4}, "n_inputs / n_groups=0"),
    ({"interval": -1.0}, "interval=-1.0 ms must be a finite number > 0"),
    ({"cell": "setup"}, r"cell='setup' is unknown; choose one of \['EPropLIF', 'EPropALIF'"),
    ({"cell": "EPropReadout"}, "cell='EPropReadout' is unknown"),
    ({"cell": 5.0}, "cell=5.0 is not a finite value like 'EPropLIF'"),
])
def test_bad_parameters_are_refused(change, message):
    with pytest.raises(TaskError, match=message):
        PatternGeneration(**change)
