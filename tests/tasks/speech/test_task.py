"""Task 1.3: network, batches of utterances, answers to frames, and what is refused."""

import numpy as np
import pytest

from pynn_eprop.data.speech import Corpus, save_corpus
from pynn_eprop.errors import DataError, TaskError
from pynn_eprop.tasks import Speech, find_feedback
from pynn_eprop.tasks.speech.task import accuracy_by_class
from tests.data.speech.corpora import PHONES, small_corpus, utterance


@pytest.fixture
def corpus_path(tmp_path):
    """A file of a corpus with 7 utterances of 5 to 19 frames in its training set."""
    save_corpus(tmp_path / "corpus.npz", small_corpus(training=7))
    return str(tmp_path / "corpus.npz")


@pytest.fixture
def task(corpus_path):
    return Speech(data=corpus_path, n_neurons=16, trials_per_update=3, scaling="none")


def names(trials):
    return [each.name for each in trials.utterances]


def test_the_papers_numbers():
    # methods, "Speech recognition task 1.3"
    task = Speech()
    assert (task.n_cells, task.n_cells - task.n_alif, task.n_alif) == (400, 300, 100)
    assert (task.tau_m, task.tau_refrac, task.tau_a, task.beta, task.tau_out) == \
        (20.0, 2.0, 200.0, 1.8, 3.0)
    assert (task.lr, task.epsilon, task.trials_per_update, task.frame) == (0.01, 1e-5, 32, 5.0)


def test_each_direction_has_a_network_of_its_own(task):
    plan = task.network(1, find_feedback("random"))
    backwards = {cells.label: cells.backwards for cells in plan.cells}
    assert backwards == {"lif": False, "alif": False, "lif_backwards": True, "alif_backwards": True}
    assert [cells.size for cells in plan.cells] == [6, 2, 6, 2]
    for synapses in plan.synapses:
        if synapses.pre != "inputs" and synapses.post != "readout":
            assert backwards[synapses.pre] == backwards[synapses.post]
    # input and output for each population, recurrent ones within each direction
    assert len(plan.synapses) == 4 + 4 + 2 * 4
    forwards, back = (next(each.weight for each in plan.synapses if each.label == label)
                      for label in ("input_to_lif", "input_to_lif_backwards"))
    assert not np.any(forwards == back)
    assert len(task.network(1, find_feedback("random"), recurrent=False).synapses) == 8


def test_lstm_units_have_weights_for_each_gate(corpus_path):
    task = Speech(data=corpus_path, n_neurons=16, cells="lstm")
    plan = task.network(1, find_feedback("random"))
    assert {cells.label: (cells.model, cells.size, cells.backwards) for cells in plan.cells} == {
        "lstm": ("EPropLSTM", 8, False), "lstm_backwards": ("EPropLSTM", 8, True)}
    onto = {(each.pre, each.receptor): each.weight for each in plan.synapses if each.post == "lstm"}
    gates = ("input_gate", "forget_gate", "output_gate", "cell")
    assert set(onto) == {(pre, gate) for pre in ("inputs", "lstm") for gate in gates}
    assert len({weight.tobytes() for weight in onto.values()}) == 8
    assert len(plan.synapses) == 2 * (4 + 4 + 1)
    with pytest.raises(TaskError, match=r"cells='gru' is unknown; choose one of \['lsnn', 'lstm'"):
        Speech(data=corpus_path, cells="gru")


def test_a_network_of_one_direction_has_all_cells_in_it(corpus_path):
    task = Speech(data=corpus_path, n_neurons=15, bidirectional=False)
    plan = task.network(1, find_feedback("symmetric"))
    assert {cells.label: (cells.size, cells.backwards) for cells in plan.cells} == {
        "lif": (11, False), "alif": (4, False)}
    # machines that it is for know no trials of lengths of their own
    assert task.training_trials(1, 0, 1).durations is None


def test_feedback_has_the_papers_variance_of_1(corpus_path):
    task = Speech(data=corpus_path, n_neurons=4000)
    weight = np.concatenate([each.weight.ravel()
                             for each in task.network(1, find_feedback("random")).feedback])
    assert weight.size == 3 * 4000
    assert weight.std() == pytest.approx(1.0, abs=0.03)     # its standard error is 0.0065


def test_a_trial_is_an_utterance_held_frame_by_frame(task):
    chosen = task.corpus["train"][:2]
    trials = task.present(chosen)
    longest = task.corpus.longest
    assert trials.values["inputs"].shape == (2 * longest, 4)
    assert trials.targets["readout"].shape == (3, 2 * longest * 5)
    assert trials.durations.tolist() == [5.0 * each.n_frames for each in chosen]
    for number, each in enumerate(chosen):
        frames = trials.values["inputs"][number * longest:][:longest]
        assert np.array_equal(frames[:each.n_frames], each.features)
        assert not frames[each.n_frames:].any()
        target = trials.targets["readout"][:, number * longest * 5:][:, :longest * 5]
        within = 5 * each.n_frames
        assert np.array_equal(target[:, :within].argmax(axis=0), np.repeat(each.labels, 5))
        assert np.all(target[:, :within].sum(axis=0) == 1.0)
        assert np.all(np.isnan(target[:, within:]))


def test_a_pass_takes_each_utterance_once_in_an_order_of_its_own(task):
    # 7 updates of 3 are three passes over 7 utterances
    drawn = [name for update in range(7) for name in names(task.training_trials(1, update, 1))]
    passes = [drawn[:7], drawn[7:14], drawn[14:]]
    assert all(sorted(each) == sorted(passes[0]) for each in passes)
    assert len(set(passes[0])) == 7
    assert len({tuple(each) for each in passes}) == 3


def test_batches_depend_on_seed_and_update_alone(task):
    together = names(task.training_trials(1, 2, 3))
    apart = [name for update in (4, 3, 2) for name in names(task.training_trials(1, update, 1))]
    assert together == apart[6:] + apart[3:6] + apart[:3]
    assert names(task.training_trials(2, 2, 3)) != together


def test_long_utterances_are_left_out_of_the_training_alone(corpus_path):
    lengths = sorted(each.n_frames for each in small_corpus(training=7)["train"])
    task = Speech(data=corpus_path, frames_most=lengths[2], trials_per_update=3)
    assert max(each.n_frames for each in task.training_set) == lengths[2] < lengths[-1]
    assert task.epoch_updates == 1
    assert task.interval == 5.0 * small_corpus(training=7).longest
    with pytest.raises(TaskError, match=f"frames_most=1 .* the shortest has {lengths[0]} frames"):
        _ = Speech(data=corpus_path, frames_most=1).epoch_updates


def test_batches_of_a_set_are_the_whole_set_once(task):
    small = Speech(data=task.data, trials_per_update=1)
    for each in (task, small):
        drawn = [name for batch in range(each.n_batches("test"))
                 for name in names(each.draw_batch("test", batch))]
        assert drawn == ["test/0", "test/1"]
    assert task.test_sets == ("test",)


def test_the_answer_is_the_largest_output_in_the_mean_over_a_frame(task):
    rng = np.random.default_rng(1)
    spoken = utterance("one", rng, frames=2)
    trials = task.present([spoken])
    y = np.full((task.corpus.longest * 5, 3), np.nan)
    y[:10] = 0.0
    y[0, 0], y[1:3, 1] = 9.0, 4.0           # frame 0: sums 9, 8, 0
    y[5, 0], y[6:9, 2] = 9.0, 4.0           # frame 1: sums 9, 0, 12
    counts = task.count_answers({"readout": y}, trials)
    expected = np.zeros((3, 3), int)
    for label, answer in zip(spoken.labels, (0, 2), strict=True):
        expected[label, answer] += 1
    assert np.array_equal(counts, expected)


def test_accuracy_of_a_class_of_phones():
    # vowels: 3 of 5 right, taking one vowel for another is wrong; silence: 4 of 4; no nasal said
    counts = np.array([[2, 1, 0, 0], [0, 1, 1, 0], [0, 0, 4, 0], [0, 0, 0, 0]])
    assert accuracy_by_class(counts, ("aa", "iy", "pau", "m")) == {"vowel": 0.6, "silence": 1.0}


def test_results_name_the_corpus(task):
    found = task.further_results({"test": np.eye(3, dtype=int)})
    assert found["corpus"] == "drawn numbers"
    assert found["corpus_checksum"] == task.data_checksum() == task.corpus.checksum
    assert found["corpus_utterances"] == {"train": 7, "validation": 2, "test": 2}
    assert found["accuracy_by_class"] == {"test": {"other": 1.0, "stop": 1.0}}   # a, c; b
    assert task.classes == PHONES


def test_a_held_out_voice_is_a_test_set(tmp_path):
    corpus = small_corpus()
    rng = np.random.default_rng(2)
    corpus = Corpus(corpus.source, corpus.phones,
                    {**corpus.sets, "held-out voice": (utterance("new", rng),)})
    save_corpus(tmp_path / "corpus.npz", corpus)
    assert Speech(data=str(tmp_path / "corpus.npz")).test_sets == ("test", "held_out")


@pytest.mark.parametrize(("changes", "message"), [
    ({"scaling": "log"}, r"scaling='log' is unknown; choose one of \['range', 'standard', 'none'"),
    ({"n_neurons": 7}, "n_neurons=7 must be even"),
    ({"n_neurons": 0}, "n_neurons=0 must be a whole number >= 1"),
    ({"adaptive_share": 1.5}, r"adaptive_share=1.5 must be a number in \[0, 1\]"),
    ({"bidirectional": 1}, "bidirectional=1 is not a finite value like True"),
    ({"updates_per_epoch": -1}, "updates_per_epoch=-1 must be a whole number >= 0"),
    ({"patience": 0}, "patience=0 must be a whole number >= 1"),
    ({"epsilon": 0.0}, "epsilon=0.0 must be > 0"),
    ({"tau_out": 0.0}, "tau_out=0.0 ms must be a finite number > 0"),
])
def test_what_no_network_can_have_is_refused(changes, message):
    with pytest.raises(TaskError, match=message):
        Speech(**changes)


def test_missing_data_are_named():
    with pytest.raises(DataError, match=r"nowhere\.npz does not exist"):
        _ = Speech(data="nowhere.npz").corpus
