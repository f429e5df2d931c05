"""Task 1.2 against the paper's numbers (results and methods, 'Store-recall task 1.2')."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.errors import TaskError
from pynn_eprop.models.optimizers import Adam, StepDecay
from pynn_eprop.tasks import StoreRecall, find_feedback
from pynn_eprop.tasks.store_recall import NOTHING, RECALL, STORE, draw_commands, stored_bit

SEEDS = st.integers(0, 2**31)
PERIODS = st.lists(st.tuples(st.integers(0, 1), st.sampled_from((NOTHING, STORE, RECALL))),
                   min_size=1, max_size=20)


def test_parameters_are_the_papers():
    plan = StoreRecall().network(1, find_feedback("random"))
    assert plan.inputs[0].size == 100 and plan.interval == 2400.0 and plan.trials_per_update == 128
    lif, alif = plan.cells
    common = {"tau_m": 20.0, "v_thresh": 0.5, "tau_refrac": 5.0,
              "f_target": 10.0, "c_reg": 0.02}      # the last two are ours
    assert (lif.model, lif.size, lif.parameters) == ("EPropLIF", 10, common)
    assert (alif.model, alif.size) == ("EPropALIF", 10)
    assert alif.parameters == common | {"beta": 0.03, "tau_a": 1200.0}
    assert plan.readouts[0].size == 2 and plan.readouts[0].loss == "cross_entropy"
    # "learning rate of 0.01 ... after 100 iterations ... multiplicative factor of 0.3"
    assert plan.optimizer == Adam(lr=0.01, schedule=StepDecay(0.3, 100))


def test_weights_are_cut_by_cell_type():
    task = StoreRecall(n_lif=200, n_alif=300)
    plan = task.network(2, find_feedback("random"))
    shapes = {synapses.label: synapses.weight.shape for synapses in plan.synapses}
    assert shapes == {
        "input_to_lif": (100, 200), "input_to_alif": (100, 300),
        "lif_to_lif": (200, 200), "lif_to_alif": (200, 300),
        "alif_to_lif": (300, 200), "alif_to_alif": (300, 300),
        "lif_to_readout": (200, 2), "alif_to_readout": (300, 2)}
    # widths 0.8, 0.2 and 0.2 over the square root of all inputs of that kind; 3% at these sizes
    expected = {"input": 0.8 / np.sqrt(100), "lif": 0.2 / np.sqrt(500), "alif": 0.2 / np.sqrt(500)}
    for synapses in plan.synapses:
        width = expected[synapses.label.split("_")[0]]
        if synapses.post == "readout":
            width = 0.2 / np.sqrt(500)
        tolerance = 5 / np.sqrt(2 * synapses.weight.size)
        assert np.std(synapses.weight) == pytest.approx(width, rel=tolerance + 0.005)
    for label in ("lif_to_lif", "alif_to_alif"):
        weight = next(s.weight for s in plan.synapses if s.label == label)
        assert np.all(np.diag(weight) == 0.0)
    assert [feedback.weight.shape for feedback in plan.feedback] == [(2, 200), (2, 300)]
    assert all(feedback.scale == 1 / np.sqrt(500) for feedback in plan.feedback)


@given(shape=st.tuples(st.integers(1, 20), st.integers(1, 30)), p=st.floats(0.01, 1.0), seed=SEEDS)
def test_commands_alternate_and_begin_with_store(shape, p, seed):
    for row in draw_commands(shape, p, np.random.default_rng(seed)):
        given_commands = row[row != NOTHING].tolist()
        assert given_commands == [STORE, RECALL] * (len(given_commands) // 2) + (
            [STORE] if len(given_commands) % 2 else [])


def test_expected_delay_between_commands_is_1200_ms():
    # the paper: "expected delay of D / p_command = 1.2 s"; a geometric distribution
    commands = draw_commands((1, 600_000), 1 / 6, np.random.default_rng(1))[0]
    gaps = np.diff(np.flatnonzero(commands != NOTHING))
    # standard deviation sqrt(1 - p) / p = 5.5 periods, about 100,000 gaps: five standard errors
    assert gaps.mean() * 200.0 == pytest.approx(1200.0, abs=5 * 200 * 5.5 / np.sqrt(len(gaps)))


@given(periods=PERIODS)
def test_stored_bit_equals_a_plain_loop(periods):
    remembered, expected = -1, []
    for bit, command in periods:
        remembered = bit if command == STORE else remembered
        expected.append(remembered)
    bit, command = (np.array([column]) for column in zip(*periods, strict=True))
    assert stored_bit(bit, command).tolist() == [expected]


def test_spikes_come_from_active_groups_at_50_hz():
    task = StoreRecall()
    trials = task.draw(200, np.random.default_rng(5))
    bit, command = trials.bit.ravel(), trials.command.ravel()
    shown = [bit == 0, bit == 1, command == STORE, command == RECALL]
    for group, active in enumerate(shown):
        slots = active.sum() * 200
        for cell in range(25 * group, 25 * (group + 1)):
            times = trials.spike_times["inputs"][cell]
            assert np.all(np.diff(times) > 0) and np.all(times == np.floor(times))
            assert np.all(active[(times // 200).astype(int)])
            # binomial with p = 50 Hz x 1 ms: five standard deviations
            assert len(times) == pytest.approx(0.05 * slots, abs=5 * np.sqrt(0.0475 * slots))


def test_active_inputs_fire_in_every_step_alike():
    # probability 0.05 in each of the 200 steps of a period, the first and the last included
    trials = StoreRecall().draw(400, np.random.default_rng(6))
    step = np.concatenate(trials.spike_times["inputs"]) % 200
    counts = np.bincount(step.astype(int), minlength=200)
    # 199 degrees of freedom: mean 199, standard deviation 20
    chi_square = np.sum((counts - counts.mean()) ** 2) / counts.mean()
    assert 199 - 5 * 20 < chi_square < 199 + 5 * 20


def test_target_is_the_stored_bit_during_recalls_only():
    task = StoreRecall()
    bit = np.array([[1, 0, 0, 1] + [0] * 8])
    command = np.array([[STORE, RECALL, STORE, RECALL] + [NOTHING] * 8])
    trials = task.present(bit, command, np.random.default_rng(0))
    target = trials.targets["readout"]
    assert target.shape == (2, 2400) and trials.n_recalls == 2
    assert np.all(np.isnan(target[:, :200])) and np.all(np.isnan(target[:, 800:]))
    assert np.all(target[:, 200:400] == [[0.0], [1.0]])
    assert np.all(target[:, 600:800] == [[1.0], [0.0]])


def test_answer_is_the_readout_with_the_larger_mean():
    task = StoreRecall()
    bit = np.array([[1, 0, 0, 1] + [0] * 8])
    command = np.array([[STORE, RECALL, STORE, RECALL] + [NOTHING] * 8])
    trials = task.present(bit, command, np.random.default_rng(0))
    y = np.zeros((2400, 2))
    # readout 0 is larger most of the time, readout 1 in the mean: the answer is 1, right
    y[200:400, 0] = 1.0
    y[390:400, 1] = 30.0
    # in the second recall 0 is right, and 1 is answered
    y[600:800, 1] = 0.1
    assert task.count_wrong({"readout": y}, trials) == (1, 2)


def test_batches_depend_on_seed_and_update_alone():
    task = StoreRecall(trials_per_update=3)
    both = task.training_trials(9, 4, 2)
    first, second = task.training_trials(9, 4, 1), task.training_trials(9, 5, 1)
    assert np.array_equal(both.bit, np.concatenate([first.bit, second.bit]))
    assert np.array_equal(
        both.targets["readout"],
        np.concatenate([first.targets["readout"], second.targets["readout"]], axis=1),
        equal_nan=True)
    for cell in range(100):
        assert np.array_equal(both.spike_times["inputs"][cell], np.concatenate(
            [first.spike_times["inputs"][cell], second.spike_times["inputs"][cell] + 3 * 2400.0]))


def test_validation_trials_are_no_training_trials():
    task = StoreRecall()
    drawn = [task.training_trials(1, 0, 1), task.draw_validation(1, 0), task.draw_validation(1, 1),
             task.draw_validation(1, 0, batch=1)]
    assert np.array_equal(drawn[1].bit, task.draw_validation(1, 0).bit)
    for one in range(len(drawn)):
        for other in range(one):
            assert not np.array_equal(drawn[one].bit, drawn[other].bit)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_example_recalls_both_bits(seed):
    trials = StoreRecall().draw_example(seed)
    assert trials.n_trials == 1
    assert set(trials.stored[trials.command == RECALL].tolist()) == {0, 1}


def test_a_batch_is_drawn_in_well_under_a_tenth_of_a_second():
    task = StoreRecall()
    seconds = []
    for update in range(5):
        started = time.process_time()
        task.training_trials(1, update, 1)
        seconds.append(time.process_time() - started)
    assert min(seconds) < 0.08


def test_another_number_of_neurons_is_split_in_halves():
    task = StoreRecall.with_neurons(7)
    assert (task.n_lif, task.n_alif) == (3, 4)
    only_adaptive = StoreRecall.with_neurons(1).network(1, find_feedback("random"))
    assert [cells.label for cells in only_adaptive.cells] == ["alif"]


def test_a_network_of_lif_cells_only():
    plan = StoreRecall(n_lif=20, n_alif=0).network(1, find_feedback("random"))
    assert [(cells.model, cells.size) for cells in plan.cells] == [("EPropLIF", 20)]
    assert [each.label for each in plan.synapses] == [
        "input_to_lif", "lif_to_lif", "lif_to_readout"]


@pytest.mark.parametrize(("change", "message"), [
    ({"n_lif": -1}, "n_lif=-1 must be a whole number >= 0"),
    ({"n_lif": 0, "n_alif": 0}, "n_lif \\+ n_alif=0 must be a whole number >= 1"),
    ({"p_command": 0.0}, "p_command=0.0 must be a probability"),
    ({"rate": 2000.0}, "rate \\* timestep=2.0 must be a probability"),
    ({"period": float("nan")}, "period=nan ms"),
])
def test_bad_parameters_are_refused(change, message):
    with pytest.raises(TaskError, match=message):
        StoreRecall(**change)
