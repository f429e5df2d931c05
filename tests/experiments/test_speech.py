"""Task 1.3 from the command line, on a corpus of drawn numbers: results, resuming, machines."""

import csv
import signal
from contextlib import suppress

import numpy as np
import pytest

from pynn_eprop.data.speech import Corpus, save_corpus
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.experiment import Experiment
from pynn_eprop.spinnaker.description import describe
from pynn_eprop.sweeps.summary import measures_of
from tests.data.speech.corpora import small_corpus, utterance
from tests.experiments.command import interrupt, results, run, saved_updates, weights

SMALL = ("--neurons", "16", "--feedback", "symmetric", "--quiet", "--set", "trials_per_update=3",
         "--set", "v_thresh=1.0", "--set", "input_width=1.5", "--set", "updates_per_epoch=4")


@pytest.fixture(scope="module")
def corpus():
    """A validation set of three batches, and a voice that is in no other set."""
    drawn = small_corpus(noise=0.3, training=12)
    rng = np.random.default_rng(2)
    more = {name: tuple(utterance(f"{name}/{k}", rng, spread=0.3) for k in range(number))
            for name, number in (("validation", 8), ("held-out voice", 2))}
    return Corpus(drawn.source, drawn.phones, {**drawn.sets, **more})


@pytest.fixture(scope="module")
def data(corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "corpus.npz"
    save_corpus(path, corpus)
    return str(path)


@pytest.fixture(scope="module")
def finished(data, tmp_path_factory):
    """The folder of a run of two epochs and half of another."""
    out = tmp_path_factory.mktemp("speech") / "run"
    done = run("speech", out, 10, *SMALL, "--data", data)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return out


def check_same(one, other):
    first, second = results(one), results(other)
    for name in ("updates", "error_curve", "loss_curve", "epochs", "best_update", "stopped_early",
                 "accuracy_validation", "accuracy_test", "accuracy_held_out", "confusion"):
        assert first[name] == second[name], name
    final = weights(other)
    for name, weight in weights(one).items():
        assert np.array_equal(weight, final[name], equal_nan=True), name


def test_results_have_accuracies_and_the_corpus(finished, corpus, data):
    found = results(finished)
    assert found["corpus"] == "drawn numbers"
    assert [each["update"] for each in found["epochs"]] == [4, 8, 10]
    errors = [each["validation_error"] for each in found["epochs"]]
    assert found["accuracy_validation"] == 1.0 - min(errors)
    assert found["best_update"] == (4, 8, 10)[int(np.argmin(errors))]
    for name, of_corpus in (("test", "test"), ("held_out", "held-out voice")):
        counts = np.array(found["confusion"][name])
        assert counts.sum() == sum(each.n_frames for each in corpus[of_corpus])
        right = np.trace(counts) / counts.sum()
        assert found[f"accuracy_{name}"] == pytest.approx(right, abs=1e-15)
    assert len(found["error_curve"]) == found["updates"] == 10
    said = set(Configuration("speech", parameters=(("data", data),)).measures)
    assert set(measures_of(found)) <= said <= found.keys()


def test_the_learning_curve_has_the_epochs(finished):
    with open(finished / "learning_curve.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["update"]) for row in rows if row["validation_error"]] == [4, 8, 10]
    assert [float(row["validation_error"]) for row in rows if row["validation_error"]] == [
        each["validation_error"] for each in results(finished)["epochs"]]


def test_the_page_names_the_corpus_and_the_result(finished):
    page = (finished / "report.html").read_text()
    assert "On drawn numbers: Accuracy" in page
    assert f"those after {results(finished)['best_update']} updates, the best of 3" in page


def test_a_network_learns_what_is_in_the_features(data, tmp_path):
    # labels are the largest of three features, with noise of 0.3; two of three are wrong by chance
    assert run("speech", tmp_path / "run", 40, *SMALL, "--data", data).returncode == 0
    assert results(tmp_path / "run")["accuracy_validation"] > 0.6


LSTM = ("--set", "cells=lstm", "--set", "frame_steps=1", "--set", "tau_out=0.1")


def test_lstm_units_learn(data, tmp_path):
    """In both directions, with trials of lengths of their own; chance is a third."""
    done = run("speech", tmp_path / "run", 25, "--machine", "reference", "--feedback", "symmetric",
               "--neurons", "16", "--quiet", "--set", "trials_per_update=3", "--set",
               "updates_per_epoch=25", *LSTM, "--data", data)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    found = results(tmp_path / "run")
    assert found["accuracy_validation"] > 0.6
    assert {"input_to_lstm_forget_gate", "lstm_backwards_to_lstm_backwards_cell"} \
        <= set(weights(tmp_path / "run"))
    assert (tmp_path / "run" / "figure.png").exists()


def test_the_best_weights_are_the_result(data, tmp_path):
    # a rate so high that what is learned gets lost: the last epoch is not the best one
    options = (*SMALL, "--set", "lr=0.05", "--set", "patience=2", "--data", data)
    assert run("speech", tmp_path / "long", 200, *options).returncode == 0
    found = results(tmp_path / "long")
    assert found["stopped_early"] and found["updates"] == found["best_update"] + 8
    assert run("speech", tmp_path / "short", found["best_update"], *options).returncode == 0
    best = weights(tmp_path / "short")
    for name, weight in weights(tmp_path / "long").items():
        assert np.array_equal(weight, best[name], equal_nan=True), name
    assert results(tmp_path / "short")["confusion"] == found["confusion"]


def test_a_finished_run_can_be_lengthened(finished, data, tmp_path):
    """Also one whose last epoch was cut short."""
    for updates in (10, 14):
        done = run("speech", tmp_path / "run", updates, *SMALL, "--data", data, "--resume")
        assert done.returncode == 0, done.stderr
    assert run("speech", tmp_path / "straight", 14, *SMALL, "--data", data).returncode == 0
    check_same(tmp_path / "run", tmp_path / "straight")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_to_the_identical_result(number, data, tmp_path):
    options = (*SMALL, "--set", "patience=1000000", "--data", data)
    stopped = interrupt("speech", tmp_path / "run", number, *options, after_updates=6)
    assert stopped.returncode in (130, -signal.SIGKILL), stopped.stderr
    updates = saved_updates(tmp_path / "run") + 5
    done = run("speech", tmp_path / "run", updates, *options, "--resume")
    assert done.returncode == 0, done.stderr
    assert run("speech", tmp_path / "straight", updates, *options).returncode == 0
    check_same(tmp_path / "run", tmp_path / "straight")


class StoppedError(Exception):
    """Raised by what shows the progress."""


def test_a_run_stopped_within_a_validation_goes_on_to_the_identical_result(
        finished, data, tmp_path):
    """Stopped after 1 to 5 updates or batches of a validation, of which each has 3."""
    def configuration():
        return Configuration("speech", updates=10, neurons=16, feedback="symmetric", parameters=(
            ("trials_per_update", 3), ("v_thresh", 1.0), ("input_width", 1.5),
            ("updates_per_epoch", 4), ("data", data)))

    within = 0

    def stop_after(chunks):
        def progress(history, done):
            nonlocal chunks, within
            chunks -= 1
            if chunks < 0:
                entered = any(each.update == history.updates for each in history.epochs)
                within += history.updates in (4, 8, 10) and not entered
                raise StoppedError
        return progress

    rng = np.random.default_rng(5)
    for _ in range(40):
        with suppress(StoppedError):
            # a checkpoint after each update or batch
            Experiment(configuration(), tmp_path / "run", 0.0).run(
                resume=True, progress=stop_after(int(rng.integers(2, 7))))
            break
    assert within > 2
    check_same(tmp_path / "run", finished)


def test_a_run_goes_on_with_its_own_data_alone(data, tmp_path):
    assert run("speech", tmp_path / "run", 2, *SMALL, "--data", data).returncode == 0
    path = tmp_path / "other.npz"
    save_corpus(path, small_corpus(seed=2))
    refused = run("speech", tmp_path / "run", 4, *SMALL, "--data", str(path), "--resume")
    assert refused.returncode == 2 and "data_checksum: " in refused.stderr


@pytest.mark.parametrize(("options", "message"), [
    (("--backend", "nest"), "with learning switched off, which backend 'nest' cannot do"),
    (("--set", "scaling=log"), "scaling='log' is unknown"),
])
def test_what_cannot_run_is_refused_before_anything_is_written(options, message, data, tmp_path):
    refused = run("speech", tmp_path / "run", 2, *SMALL, "--data", data, *options)
    assert refused.returncode == 2 and message in refused.stderr, refused.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("validation", "options", "message"), [
    (None, (), "drawn numbers has no set 'validation'; its sets are ['train', 'test']"),
    ((), (), "task 'speech': its set 'validation' is empty"),
    ((utterance("one", np.random.default_rng(1)),), ("--set", "frames_most=1"),
     "frames_most=1 leaves no utterance in the training set"),
])
def test_sets_that_are_missing_are_refused_before_anything_is_written(
        validation, options, message, tmp_path):
    drawn = small_corpus()
    sets = {name: drawn[name] for name in ("train", "test")}
    if validation is not None:
        sets["validation"] = validation
    save_corpus(tmp_path / "corpus.npz", Corpus(drawn.source, drawn.phones, sets))
    refused = run("speech", tmp_path / "run", 2, *SMALL, *options, "--data",
                  str(tmp_path / "corpus.npz"))
    assert refused.returncode == 2 and message in refused.stderr, refused.stderr
    assert not (tmp_path / "run").exists()


def test_tasks_without_data_of_the_users_refuse_them(tmp_path):
    refused = run("pattern-generation", tmp_path / "run", 2, "--data", "somewhere")
    assert refused.returncode == 2 and "has no parameter 'data'" in refused.stderr


def test_the_command_makes_the_run_again(data):
    configuration = Configuration("speech", parameters=(("data", "my corpus"), ("lr", 0.1)))
    assert configuration.command().endswith("--data 'my corpus' --set lr=0.1 --out DIR")


def test_the_engine_trains_like_the_reference(data, tmp_path):
    """Two independent implementations, also of the direction and the lengths of trials."""
    for machine in ("engine", "reference"):
        done = run("speech", tmp_path / machine, 3, *SMALL, "--data", data, "--machine", machine,
                   *(("--precision", "float64") if machine == "engine" else ()))
        assert done.returncode == 0, done.stderr
    one, other = results(tmp_path / "engine"), results(tmp_path / "reference")
    assert one["loss_curve"] == pytest.approx(other["loss_curve"], rel=1e-9)
    assert one["confusion"] == other["confusion"]
    final = weights(tmp_path / "reference")
    for name, weight in weights(tmp_path / "engine").items():
        assert np.allclose(weight, final[name], rtol=1e-8, atol=1e-12, equal_nan=True), name


def test_cores_run_one_direction_as_the_host_in_fixed_point(data, tmp_path):
    pytest.importorskip("spynnaker")
    options = (*SMALL, "--neurons", "8", "--set", "bidirectional=False", "--data", data)
    assert run("speech", tmp_path / "host", 2, *options, "--precision", "fixed").returncode == 0
    done = run("speech", tmp_path / "board", 2, *options, "--backend", "emulator")
    assert done.returncode == 0, done.stderr
    check_same(tmp_path / "board", tmp_path / "host")
    described = results(tmp_path / "board")["simulator"]
    assert described == describe().as_dict()
    assert "simulator" not in results(tmp_path / "host")


def test_one_direction_runs_where_trials_are_whole(data, tmp_path):
    pytest.importorskip("brian2")
    options = (*SMALL, "--set", "bidirectional=False", "--data", data)
    assert run("speech", tmp_path / "host", 2, *options, "--precision", "float64").returncode == 0
    done = run("speech", tmp_path / "brian2", 2, *options, "--backend", "brian2")
    assert done.returncode == 0, done.stderr
    one, other = results(tmp_path / "host"), results(tmp_path / "brian2")
    assert one["loss_curve"] == pytest.approx(other["loss_curve"], rel=1e-9)
    assert one["confusion"] == other["confusion"]
