"""Word prediction: the text, its rows, epochs with their rates, the best of them."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data import novels
from pynn_eprop.errors import DataError, MissingDependencyError, TaskError
from pynn_eprop.intervals.rules import INTERVAL_RULES
from pynn_eprop.models.optimizers import SGD, Adam
from pynn_eprop.sequence_tasks import WordPrediction
from pynn_eprop.sequence_tasks.word_prediction.corpus import (
    FILES,
    TEST,
    TRAINING,
    VALIDATION,
    Corpus,
    read_corpus,
)
from pynn_eprop.sequence_tasks.word_prediction.epochs import Epochs, rows_of
from tests.sequence_tasks.scripted_machine import ScriptedMachine

EPROP3 = INTERVAL_RULES["eprop3"]


@pytest.fixture
def files(tmp_path):
    (tmp_path / "ptb.train.txt").write_text("a b a c\na <unk> b\n")
    (tmp_path / "ptb.valid.txt").write_text("a c z\n")
    (tmp_path / "ptb.test.txt").write_text("b\nb\n")
    return tmp_path


def test_files_of_the_user(files):
    """a, <eos> and b are the most frequent; c is, with z, unknown."""
    found = read_corpus(str(files), 4, 1.0)
    assert found.name == "Penn Treebank files"
    assert found.vocabulary == ("<unk>", "a", "<eos>", "b")
    assert {name: words.tolist() for name, words in found.sets.items()} == {
        TRAINING: [1, 3, 1, 0, 2, 1, 0, 3, 2], VALIDATION: [1, 0, 0, 2], TEST: [3, 2, 3, 2]}
    assert found.about["words"] == {TRAINING: 9, VALIDATION: 4, TEST: 4}
    assert found.about["unknown"] == {TRAINING: 2 / 9, VALIDATION: 0.5, TEST: 0.0}
    assert found.checksum == read_corpus(str(files), 2, 0.5).checksum
    # the vocabulary is that of the part that is used: "a b a c" and no line's end
    half = read_corpus(str(files), 3, 4 / 9)
    assert half.vocabulary == ("<unk>", "a", "b")
    assert half.sets[TRAINING].tolist() == [1, 2, 1, 0] and len(half.sets[TEST]) == 4
    (files / "ptb.test.txt").write_text("b\nb b\n")
    assert found.checksum != read_corpus(str(files), 4, 1.0).checksum


def test_a_byte_order_mark_is_no_part_of_the_first_word(files):
    expected = read_corpus(str(files), 4, 1.0)
    for path in files.iterdir():
        path.write_text(path.read_text(), encoding="utf-8-sig")
    found = read_corpus(str(files), 4, 1.0)
    assert found.checksum == expected.checksum
    assert found.sets[TRAINING].tolist() == expected.sets[TRAINING].tolist()


def test_files_that_are_missing_or_cannot_be_read(files):
    (files / "ptb.test.txt").write_bytes(b"caf\xe9")
    with pytest.raises(DataError, match=r"ptb.test.txt is not in UTF-8 \(.* at byte 3\)"):
        read_corpus(str(files), 4, 1.0)
    (files / "ptb.test.txt").write_text(" \n")
    with pytest.raises(DataError, match=r"ptb.test.txt has no words"):
        read_corpus(str(files), 4, 1.0)
    for name in ("ptb.test.txt", "ptb.train.txt"):
        (files / name).unlink()
    with pytest.raises(DataError, match=r"has no ptb.train.txt, no ptb.test.txt; word-prediction "):
        read_corpus(str(files), 4, 1.0)
    with pytest.raises(DataError, match=r"paper is not there; give --data a folder with ptb.train"):
        read_corpus(str(files / "paper"), 4, 1.0)
    with pytest.raises(DataError, match=r"ptb.valid.txt is not a folder"):
        read_corpus(str(files / "ptb.valid.txt"), 4, 1.0)


def test_novels_are_split_in_three_and_named_as_such(monkeypatch):
    """40 words: 34, 3 and 3, one after another."""
    text = " ".join(chr(97 + number % 26) * (1 + number // 26) for number in range(39))
    monkeypatch.setattr("pynn_eprop.sequence_tasks.word_prediction.corpus.read_novels",
                        lambda instead: text)
    found = read_corpus("", 34, 1.0)
    assert found.name == "novels"
    assert [len(found.sets[name]) for name in (TRAINING, VALIDATION, TEST)] == [34, 3, 3]
    assert found.sets[VALIDATION].tolist() == [0, 0, 0]
    assert [len(read_corpus("", 10, 0.5).sets[name]) for name in (TRAINING, TEST)] == [17, 3]


def test_without_the_novels(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(novels, "_INSTALLED", tmp_path / "R")
    with pytest.raises(MissingDependencyError, match=r"missing: apt-get cannot .*\(--data DIR\)$"):
        read_corpus("", 10, 1.0)


def test_rows():
    """Ten words in three rows: the tenth is the last one's next word."""
    read, following = rows_of(np.arange(10), 3)
    assert read.T.tolist() == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert following.T.tolist() == [[1, 2, 3], [4, 5, 6], [7, 8, 9]]


@given(st.integers(1, 7), st.integers(1, 60))
def test_each_word_but_a_few_at_the_end_is_predicted_once(batch, words):
    read, following = rows_of(np.arange(words), batch)
    assert read.shape == following.shape and read.shape[1] == batch
    assert read.T.ravel().tolist() == list(range(read.size))
    assert np.array_equal(following, read + 1)
    assert words - batch <= read.size <= words - 1


def corpus(training=430, others=45):
    return Corpus("a text", ("<unk>", "a", "b"), {
        name: np.arange(size) % 3 for name, size in
        ((TRAINING, training), (VALIDATION, others), (TEST, others))}, "sum")


def course(**parameters):
    return Epochs(WordPrediction(**{"batch": 1, "vocabulary": 3, "epochs": 3, **parameters}),
                  corpus())


def trained(losses, **parameters):
    """Losses: of a word in training, validation and test, epoch by epoch."""
    found = course(**parameters)
    machine = ScriptedMachine([error for training, validation, test in losses for error in (
        256 * training, 172 * training, 44 * validation, 44 * test)], 0.5)
    best = []
    while not found.over:
        best.append(found.advance(machine))
    return found, machine, best


LOSSES = [(3.0, 2.0, 2.5), (2.0, 1.0, 1.5), (1.0, 1.5, 1.25)]


def test_perplexities_are_those_of_the_mean_loss_and_the_best_is_kept():
    found, machine, best = trained(LOSSES)
    assert best == [False, False, False, True] * 2 + [False] * 4
    results = found.results(machine)
    assert results["perplexity_validation"] == pytest.approx(math.exp(1.0))
    assert results["perplexity_test"] == pytest.approx(math.exp(1.5))
    assert (results["best_epoch"], results["epochs"]) == (2, 3)
    for each, losses in zip(results["curve"], LOSSES, strict=True):
        assert [each[f"perplexity_{name}"] for name in (TRAINING, VALIDATION, TEST)] == \
            pytest.approx(np.exp(losses))
        assert each["explained"] == 0.5
    assert [row[:5] for row in found.curve()] == [
        [each["epoch"], each["rate"], *(each[f"perplexity_{name}"] for name in (
            TRAINING, VALIDATION, TEST))] for each in results["curve"]]


def test_an_epoch_reads_the_training_set_in_whole_intervals_and_then_the_others():
    """429 steps make 107 intervals of 4: pieces of 64 and 43; 44 steps of either set."""
    _, machine, _ = trained(LOSSES[:1], epochs=1)
    assert machine.calls == [("start",), ("train", 256, False, 1.0), ("train", 172, True, 1.0),
                             ("start",), ("evaluate", 44), ("start",), ("evaluate", 44)]


def test_the_rate_is_halved_from_the_fifth_epoch_on():
    """The tutorial: 0.5 ** max(i + 1 - 4, 0) in epoch i = 0, 1, ..."""
    task = WordPrediction()
    assert [task.rate(epochs) for epochs in range(7)] == [1, 1, 1, 1, 0.5, 0.25, 0.125]
    found, machine, _ = trained(LOSSES, full_rate_epochs=1)
    assert [call[3] for call in machine.calls if call[0] == "train"] == [1, 1, .5, .5, .25, .25]
    assert [each["rate"] for each in found.results(machine)["curve"]] == [1.0, 0.5, 0.25]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, 800.0])
@pytest.mark.parametrize("part", [0, 1])
def test_an_error_that_is_not_finite_ends_it_with_the_best_so_far(wrong, part):
    """exp(800) is none, either."""
    losses = [list(each) for each in LOSSES]
    losses[1][part] = wrong
    found, machine, _ = trained(losses)
    assert found.diverged
    results = found.results(machine)
    assert results["epochs"] == 1 and results["perplexity_test"] == pytest.approx(math.exp(2.5))
    losses[0][part] = wrong
    found, machine, _ = trained(losses)
    results = found.results(machine)
    assert results["perplexity_validation"] is None and results["words_per_second"] is None


def test_a_state_goes_on_as_before():
    whole = trained(LOSSES)[0]
    for cut in range(12):
        first, second = course(), course()
        errors = ScriptedMachine([error for training, validation, test in LOSSES for error in (
            256 * training, 172 * training, 44 * validation, 44 * test)], 0.5)
        for _ in range(cut):
            first.advance(errors)
        second.load(json.loads(json.dumps(first.state())))
        assert second.progress() == first.progress()
        while not second.over:
            second.advance(errors)
        for one, other in zip(whole.epochs, second.epochs, strict=True):
            assert {name: one[name] for name in one if "second" not in name} == \
                {name: other[name] for name in other if "second" not in name}


def test_progress_counts_words_of_all_sets():
    found = course(epochs=2)
    machine = ScriptedMachine([256.0 * 2] + [1.0] * 7)
    assert found.progress().total == 2 * (428 + 44 + 44)
    found.advance(machine)
    assert found.progress().done == 256
    assert found.progress().text == "epoch 1/2, training perplexity 7.4"
    while not found.over:
        found.advance(machine)
    assert found.progress().done == found.progress().total


@pytest.mark.parametrize(("training", "others", "message"), [
    (8, 45, "the training set has 8 words; one interval of 4 steps in each of 2 rows needs 9"),
    (430, 8, "the validation set has 8 words"),
])
def test_a_text_that_is_too_short_for_any_vocabulary(tmp_path, training, others, message):
    def course_of(training, others):
        for name, size in zip(FILES.values(), (training, others, others), strict=True):
            # the end of the line is a word, too
            (tmp_path / name).write_text(" ".join("ab"[each % 2] for each in range(size - 1)))
        return WordPrediction(batch=2, vocabulary=5, data=str(tmp_path)).course(EPROP3, 1)

    with pytest.raises(TaskError, match=message):
        course_of(training, others)
    with pytest.raises(TaskError, match="vocabulary=5 is more than the 3 different words"):
        course_of(9, 9)


def test_what_the_paper_and_the_tutorial_have():
    """Its small configuration with one layer; the paper's 400 hidden units and 20 epochs."""
    task = WordPrediction.of(None, EPROP3)
    assert (task.n_units, task.n_embedding, task.vocabulary, task.batch, task.interval, task.clip,
            task.width, task.epochs) == (200, 200, 10_000, 20, 4, 5.0, 0.1, 20)
    learning = task.learning(EPROP3)
    assert learning.optimizer == SGD(1.0) and learning.clip == 5.0
    assert learning.module.hidden == 400 and learning.module_optimizer == Adam(1e-3)
    small = WordPrediction.of("tiny", EPROP3)
    network, first = small.network(), small.first_parameters(3)
    assert (network.words, network.outputs, network.inputs, network.loss) == (200, 200, 16,
                                                                              "softmax")
    for array in first.values():        # forget gates have no other bias
        assert np.all(np.abs(array) <= 0.1) and np.ptp(array) > 0.18


@pytest.mark.parametrize(("parameters", "message"), [
    ({"vocabulary": 1}, "vocabulary=1 must be a whole number >= 2"),
    ({"fraction": 1.5}, "fraction=1.5 must be at most 1"),
    ({"fraction": 0.0}, "fraction=0.0  must be a finite number > 0"),
    ({"epochs": 0}, "epochs=0 must be a whole number >= 1"),
    ({"sg_lr": 0.0}, "sg_lr=0.0  must be a finite number > 0"),
    ({"full_rate_epochs": -1}, "full_rate_epochs=-1 must be a whole number >= 0"),
])
def test_parameters_that_cannot_be(parameters, message):
    with pytest.raises(TaskError) as raised:
        WordPrediction.of(None, EPROP3, parameters)
    assert message in str(raised.value)


def test_the_whole_text_is_not_one_interval():
    with pytest.raises(TaskError, match="rule 'bptt' takes a whole sequence as one interval"):
        WordPrediction.of(None, INTERVAL_RULES["bptt"])


def test_predictions_are_probabilities():
    sample = WordPrediction._sample(("<unk>", "a", "b", "c"), np.log([0.1, 0.2, 0.3, 0.4]), 1, 2)
    assert sample["word"] == "a" and sample["next"] == "b"
    assert sample["probability"] == pytest.approx(0.3)
    assert [word for word, _ in sample["most_probable"]] == ["c", "b", "a"]
    assert [each for _, each in sample["most_probable"]] == pytest.approx([0.4, 0.3, 0.2])
