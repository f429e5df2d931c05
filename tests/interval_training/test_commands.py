"""``pynn-eprop run`` of a sequence task, as a user runs it."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from pynn_eprop.cli import main
from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.interval_training.plan import IntervalPlan
from pynn_eprop.interval_training.training import IntervalTraining, work_clock
from pynn_eprop.sequence_tasks import CopyRepeat
from pynn_eprop.sweeps.summary import measures_of
from tests.examples.test_examples import EXAMPLES

COPY = ["copy-repeat", "--size", "small", "--set", "n_units=16", "--set", "sg_hidden=16", "--set",
        "window=32"]
# errors of any size are small enough, so that the curriculum moves on
EASY = ["--set", "threshold=100.0"]
WORDS = ["word-prediction", "--size", "tiny", "--set", "vocabulary=12", "--set", "batch=4", "--set",
         "fraction=1.0"]
CLI = ["-m", "pynn_eprop.cli"]
FILES = {"ptb.train.txt": 90, "ptb.valid.txt": 12, "ptb.test.txt": 15}


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    """Sentences of words of which some follow others, in files of the Treebank's names."""
    folder, rng = tmp_path_factory.mktemp("text"), np.random.default_rng(1)
    for name, lines in FILES.items():
        (folder / name).write_text("".join(
            " ".join(f"w{(start + number) % 11}" for number in range(length)) + "\n"
            for start, length in zip(rng.integers(0, 11, lines), rng.integers(3, 9, lines),
                                     strict=True)))
    return folder


def run(arguments, out, *more):
    return main(["run", *arguments, *map(str, more), "--quiet", "--out", str(out)])


def results(out):
    return json.loads((out / "results.json").read_text())


def timeless(found):
    """A result without times, which no two runs share."""
    if isinstance(found, dict):
        return {name: timeless(value) for name, value in found.items()
                if "second" not in name and name not in ("command", "threads")}
    return [timeless(each) for each in found] if isinstance(found, list) else found


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    out = tmp_path_factory.mktemp("copied") / "out"
    assert run([*COPY, *EASY], out, "--updates", 30) == 0
    return out


@pytest.fixture(scope="module")
def predicted(tmp_path_factory, text):
    out = tmp_path_factory.mktemp("predicted") / "out"
    assert run(WORDS, out, "--data", text, "--epochs", 3, "--rule", "traces") == 0
    return out


PRODUCTS = ("results.json", "weights.npz", "learning_curve.csv", "figure.png", "figure.svg",
            "report.html")


def test_copy_repeat_gives_the_files_that_it_promises(copied):
    """Two batches to a level: 4 updates at 5 steps, 4 at 7, 6 at 9, 6 at 12, 8 at 15; 28 in all,
    and a batch of 19 would take 5 more than the 2 that are left."""
    for name in PRODUCTS:
        assert (copied / name).stat().st_size > 100
    found = results(copied)
    assert found["longest"] == 15 and not found["diverged"] and found["ended_by"] == "updates"
    assert [(each["length"], each["batches"], each["updates"]) for each in
            found["length_curve"]] == [(5, 2, 4), (7, 4, 8), (9, 6, 14), (12, 8, 20), (15, 10, 28)]
    assert found["updates"] == 28 and found["batches"] == 10 and found["rule"] == "eprop3"
    assert found["updates_per_second"] == pytest.approx(28 / found["seconds"])
    said = set(IntervalPlan("copy-repeat").measures)
    assert set(measures_of(found)) <= said <= found.keys()
    assert found["command"] == (
        "pynn-eprop run copy-repeat --rule eprop3 --size small --precision float32 --seed 1 "
        "--updates 30 --set n_units=16 --set sg_hidden=16 --set window=32 --set threshold=100.0 "
        "--out DIR")
    rows = (copied / "learning_curve.csv").read_text().splitlines()
    assert rows[0] == "batches,updates,seconds,length,error" and len(rows) == 6
    report = (copied / "report.html").read_text()
    assert "longest sequence solved" in report and "15 steps (n_pattern 3, n_rep" in report
    weights, _ = read_archive(copied / "weights.npz")
    assert {name: array.shape for name, array in weights.items()} == {
        "weights": (16 + 9 + 1, 64), "readout": (16, 9), "readout_bias": (9,)}


def test_word_prediction_gives_the_files_that_it_promises(predicted, text):
    """A word is followed by the next of eleven, but at a line's end: better than one in 12."""
    for name in PRODUCTS:
        assert (predicted / name).stat().st_size > 100
    found = results(predicted)
    assert found["corpus"]["name"] == "Penn Treebank files"
    assert found["corpus"]["words"]["validation"] == len((text / "ptb.valid.txt").read_text()
                                                         .replace("\n", " <eos> ").split())
    assert len(found["curve"]) == found["epochs"] == 3
    best = found["curve"][found["best_epoch"] - 1]
    assert found["perplexity_validation"] == best["perplexity_validation"] == min(
        each["perplexity_validation"] for each in found["curve"])
    assert found["perplexity_test"] == best["perplexity_test"] < 12.0
    assert found["words_per_second"] > 0 and not found["diverged"]
    said = set(IntervalPlan("word-prediction").measures)
    assert set(measures_of(found)) <= said <= found.keys()
    assert [len(line) for line in found["samples"]] == [12] * 3
    sample = found["samples"][0][0]
    assert sample.keys() == {"word", "next", "probability", "most_probable"}
    assert sample["next"] == found["samples"][0][1]["word"] and len(sample["most_probable"]) == 3
    assert len((predicted / "learning_curve.csv").read_text().splitlines()) == 4
    report = (predicted / "report.html").read_text()
    assert "Test set, line 3" in report and "perplexity on test" in report


def test_the_weights_are_those_of_the_best(predicted, text):
    """With them the machine finds the perplexity of the best epoch again."""
    plan = IntervalPlan("word-prediction", "traces", "tiny", parameters=(
        ("vocabulary", 12), ("batch", 4), ("fraction", 1.0), ("data", str(text))))
    machine = plan.build_machine()
    machine.set_parameters(read_archive(predicted / "weights.npz")[0])
    read, following = plan.task.course(plan.rule, 1).rows["validation"]
    machine.start()
    error = machine.evaluate(read, following, np.ones(len(read), bool))
    assert np.exp(error / len(read)) == pytest.approx(results(predicted)["perplexity_validation"])


def test_novels_are_never_called_the_treebank(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "pynn_eprop.sequence_tasks.word_prediction.corpus.read_novels",
        lambda instead: "\n\n".join("It is a truth universally acknowledged" for _ in range(200)))
    assert run(["word-prediction", "--size", "tiny", "--set", "vocabulary=6", "--set", "batch=2",
                "--set", "fraction=1.0"], tmp_path / "out", "--epochs", 1) == 0
    assert results(tmp_path / "out")["corpus"]["name"] == "novels"
    report = (tmp_path / "out" / "report.html").read_text()
    assert "Novels, perplexity" in report
    assert report.count("Treebank") == report.count("perplexity on the Penn Treebank") + \
        report.count("folder of Penn Treebank files")


def test_what_is_there_is_kept_or_replaced_as_asked(copied, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(copied, out)
    assert run([*COPY, *EASY], out, "--updates", 30) == 2
    assert "holds a finished run; use --resume" in capsys.readouterr().err
    before = (out / "weights.npz").stat().st_mtime_ns
    assert run([*COPY, *EASY], out, "--updates", 30, "--resume") == 0
    assert (out / "weights.npz").stat().st_mtime_ns == before
    for more, message in ((["--updates", 20], "updates: 30 there, 20 asked for"),
                          (["--updates", 30, "--rule", "truncated-traces"], "rule: 'eprop3' there"),
                          (["--updates", 30, "--seed", 2], "seed: 1 there, 2 asked for"),
                          (["--minutes", 1], "minutes: None there, 1.0 asked for")):
        assert run([*COPY, *EASY], out, *more, "--resume") == 2
        assert message in capsys.readouterr().err
    assert run([*COPY, *EASY], out, "--updates", 10, "--force") == 0
    assert results(out)["longest"] == 7
    shutil.rmtree(out / "state")
    assert run([*COPY, *EASY], out, "--updates", 10, "--resume") == 2
    assert "but no state to resume from; use --force" in capsys.readouterr().err


@pytest.mark.parametrize("identity_first", [False, True])
def test_a_state_that_was_half_removed_is_not_taken_for_that_of_another_run(
        identity_first, copied, tmp_path, capsys, monkeypatch):
    """A process that ends while --force removes what was there, however the files are ordered."""
    out = tmp_path / "out"
    shutil.copytree(copied, out)
    listed, unlink = Path.iterdir, Path.unlink

    def in_order(path):
        return sorted(listed(path), key=lambda each: (each.name != "identity.json")
                      == identity_first)

    def end_after(path, missing_ok=False):
        unlink(path, missing_ok)
        if path.parent.name == "state":
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "iterdir", in_order)
        patch.setattr(Path, "unlink", end_after)
        with pytest.raises(KeyboardInterrupt):
            IntervalTraining(IntervalPlan("copy-repeat", size="small", updates=30), out).run(
                force=True)
    assert run([*COPY, *EASY], out, "--updates", 30, "--seed", 2) == 2
    assert "holds an unfinished run" in capsys.readouterr().err


def test_a_text_that_was_moved_is_the_same_and_one_that_was_changed_is_not(
        predicted, text, tmp_path, capsys):
    shutil.copytree(text, tmp_path / "moved")
    shutil.copytree(predicted, tmp_path / "out")
    arguments = [*WORDS, "--epochs", "3", "--rule", "traces", "--resume"]
    assert run(arguments, tmp_path / "out", "--data", tmp_path / "moved") == 0
    (tmp_path / "moved" / "ptb.test.txt").write_text("w1 w2\n" * 20)
    assert run(arguments, tmp_path / "out", "--data", tmp_path / "moved") == 2
    assert "data_checksum: " in capsys.readouterr().err


def test_minutes_end_a_training(tmp_path):
    """Of work; with them and without --updates there is no other end but the curriculum's."""
    assert run(COPY, tmp_path / "out", "--minutes", 0.002) == 0
    found = results(tmp_path / "out")
    assert found["ended_by"] == "minutes" and 0.12 <= found["seconds"] < 1.0
    assert "so that a faster computer gets further" in (tmp_path / "out" / "report.html"
                                                        ).read_text()
    assert IntervalPlan("copy-repeat", minutes=1.0).most_updates is None
    assert IntervalPlan("copy-repeat", minutes=1.0, updates=7).most_updates == 7
    assert IntervalPlan("copy-repeat").most_updates == 1_000_000
    assert IntervalPlan("word-prediction").most_updates is None


@pytest.mark.parametrize(("threads", "seconds"), [(1, 12.0), (3, 4.0), (4, 3.0), (1000, 3.0)])
def test_work_is_time_of_the_processors_there_are(threads, seconds, monkeypatch):
    """12 seconds of four processors; without the limit, more threads made a minute longer."""
    monkeypatch.setattr(os, "cpu_count", lambda: 4)
    monkeypatch.setattr(time, "process_time", lambda: 12.0)
    assert work_clock("compiled", threads)() == seconds


@pytest.mark.parametrize("rule", ["truncated-bptt", "truncated-bptt-sg", "traces", "eprop1",
                                  "eprop1-random", "eprop3", "truncated-traces", "bptt"])
def test_every_rule_runs(rule):
    """Two batches of five steps: an update after four and after one, or one of all."""
    plan = IntervalPlan("copy-repeat", rule, "small", parameters=(("n_units", 16),))
    course, machine = plan.task.course(plan.rule, 1), plan.build_machine()
    for _ in range(2):
        course.advance(machine)
    assert machine.updates == (2 if rule == "bptt" else 4) and not course.diverged


def test_both_machines_find_the_same_errors(tmp_path):
    """In float64, over four batches with their updates; JAX is left out where it is missing."""
    pytest.importorskip("jax")
    found = []
    for machine in ("compiled", "jax"):
        assert run(COPY, tmp_path / machine, "--machine", machine, "--precision", "float64",
                   "--updates", 8, "--set", "window=16") == 0
        found.append(results(tmp_path / machine)["error_curve"]["error"])
        assert results(tmp_path / machine)["machine"] == machine
    assert len(found[0]) == 4 and found[0] == pytest.approx(found[1], rel=1e-9)


def interrupted_at(plan, out, piece):
    """Interrupt a training after so many pieces of work."""
    count = 0

    def show(progress):
        nonlocal count
        count += 1
        if count == piece:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(ExperimentInterrupted) as raised:
        IntervalTraining(plan, out).run(resume=True, progress=show)
    return str(raised.value)


@pytest.mark.parametrize("pieces", [(1,), (4, 2, 1), (9,)])
def test_copy_repeat_that_was_interrupted_ends_as_the_same(pieces, copied, tmp_path):
    """Bit for bit, but for times."""
    plan = IntervalPlan("copy-repeat", size="small", updates=30, parameters=(
        ("n_units", 16), ("sg_hidden", 16), ("window", 32), ("threshold", 100.0)))
    for piece in pieces:
        said = interrupted_at(plan, tmp_path / "out", piece + 1)
        assert said.startswith("SIGINT: stopped after ") and said.splitlines()[-1] == \
            f"  {plan.command(str(tmp_path / 'out'))} --resume"
        assert not (tmp_path / "out" / "results.json").exists()
    assert run([*COPY, *EASY], tmp_path / "out", "--updates", 30, "--resume") == 0
    same(tmp_path / "out", copied)


def same(out, other):
    assert timeless(results(out)) == timeless(results(other))
    one, two = (read_archive(folder / "weights.npz")[0] for folder in (out, other))
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])
    one, two = (read_archive(folder / "state" / "checkpoint.npz")[0] for folder in (out, other))
    assert one.keys() == two.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], two[name])


@pytest.mark.parametrize("pieces", [(1, 1, 3), (2,), (8,)])
def test_word_prediction_that_was_interrupted_ends_as_the_same(pieces, predicted, text, tmp_path):
    """In training, in validation, and in the test set."""
    plan = IntervalPlan("word-prediction", "traces", "tiny", epochs=3, parameters=(
        ("vocabulary", 12), ("batch", 4), ("fraction", 1.0), ("data", str(text))))
    for piece in pieces:
        interrupted_at(plan, tmp_path / "out", piece + 1)
    assert run(WORDS, tmp_path / "out", "--data", text, "--epochs", 3, "--rule", "traces",
               "--resume") == 0
    same(tmp_path / "out", predicted)


def test_a_process_that_is_interrupted_says_how_to_go_on(tmp_path):
    """The advice, to the letter, leads to the result of a run in one go."""
    command = [sys.executable, *CLI, "run", *COPY, "--updates", "10000", "--quiet",
               "--checkpoint-every", "0.05", "--out"]
    process = subprocess.Popen([*command, tmp_path / "out"], stderr=subprocess.PIPE, text=True)
    state = tmp_path / "out" / "state" / "checkpoint.npz"
    deadline = time.monotonic() + 100.0
    while not state.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(process.pid, signal.SIGINT)
    errors = process.communicate(timeout=100)[1]
    assert process.returncode == 130, errors
    assert "updates (length " in errors and "To go on:" in errors
    advice = shlex.split(errors.splitlines()[-1])
    assert advice[:3] == ["pynn-eprop", "run", "copy-repeat"] and advice[-1] == "--resume"
    rest = subprocess.run([sys.executable, *CLI, *advice[1:], "--quiet"], capture_output=True,
                          text=True, timeout=200)
    assert rest.returncode == 0, rest.stderr
    assert run(COPY, tmp_path / "whole", "--updates", 10000) == 0
    same(tmp_path / "out", tmp_path / "whole")


@pytest.mark.parametrize(("damage", "message"), [
    (lambda state: state.write_bytes(b"paper"), "is damaged"),
    (lambda state: np.savez(state, weights=np.zeros(3)), "KeyError: 'course'"),
    (lambda state: write_archive(state, {}, {"course": {"seconds": 1, "over": 0, "diverged": 0,
                                                        "level": {"n_pattern": float("inf")}}}),
     "OverflowError"),
])
def test_a_damaged_state_is_refused(damage, message, copied, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(copied, out)
    (out / "results.json").unlink()
    damage(out / "state" / "checkpoint.npz")
    assert run([*COPY, *EASY], out, "--updates", 30, "--resume") == 2
    error = capsys.readouterr().err
    assert message in error and "use --force to start again" in error


def test_best_weights_that_are_lost_are_missed(copied, tmp_path, capsys):
    """Those of the end would have taken their place; a run that has none yet goes on."""
    out = tmp_path / "out"
    shutil.copytree(copied, out)
    (out / "results.json").unlink()
    (out / "state" / "best.npz").unlink()
    assert run([*COPY, *EASY], out, "--updates", 30, "--resume") == 2
    assert "best.npz is missing, which has the best weights" in capsys.readouterr().err
    assert run(COPY, tmp_path / "none", "--updates", 4) == 0
    (tmp_path / "none" / "results.json").unlink()
    assert run(COPY, tmp_path / "none", "--updates", 4, "--resume") == 0


@pytest.mark.parametrize("rule", ["traces", "truncated-bptt"])
def test_a_training_that_diverges_says_so_and_keeps_its_best(rule, text, tmp_path, capsys):
    """A learning rate that no network survives, from the second epoch on."""
    assert run(WORDS, tmp_path / "out", "--data", text, "--rule", rule, "--epochs", 8, "--set",
               "decay=1e80", "--set", "clip=0.0") == 0
    said = capsys.readouterr()
    assert "warning: the training diverged: an error was not finite after" in said.err
    assert "DIVERGED" in said.out
    found = results(tmp_path / "out")
    assert found["diverged"] and found["ended_by"] == "diverged"
    assert found["epochs"] == found["best_epoch"] == 1
    assert found["perplexity_test"] == found["curve"][0]["perplexity_test"] < 13.0
    for array in read_archive(tmp_path / "out" / "weights.npz")[0].values():
        assert np.isfinite(array).all()
    assert found["weights"] == "best" and "the best weights before that are kept" in said.err
    assert "the training diverged" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize("lr", ["1e300", "1e10"])
def test_one_that_diverges_at_once_has_a_result_too(lr, tmp_path):
    """With weights that are not finite, and with finite ones; a lost figure can be made again."""
    options = [*COPY, "--set", f"lr={lr}", "--updates", "200"]
    assert run(options, tmp_path / "out") == 0
    found = results(tmp_path / "out")
    assert found["diverged"] and found["longest"] == 0 and found["length_curve"] == []
    assert found["weights"] == "first"
    first = IntervalPlan("copy-repeat", size="small", parameters=(("n_units", 16),)) \
        .task.first_parameters(1)
    kept = read_archive(tmp_path / "out" / "weights.npz")[0]
    assert kept.keys() == first.keys()
    for name, array in kept.items():
        np.testing.assert_array_equal(array, first[name].astype(np.float32))
    (tmp_path / "out" / "figure.png").unlink()
    assert run(options, tmp_path / "out", "--resume") == 0
    assert (tmp_path / "out" / "figure.png").exists()
    assert timeless(results(tmp_path / "out")) == timeless(found)


@pytest.mark.parametrize("lr", ["1e10", "1e38"])
def test_words_that_no_weights_predict_have_a_result_too(lr, text, tmp_path):
    """The first weights are kept, and what they predict is shown: nothing, each word alike."""
    assert run(WORDS, tmp_path / "out", "--data", text, "--set", f"lr={lr}", "--set", "clip=0.0",
               "--epochs", 1) == 0
    found = results(tmp_path / "out")
    assert found["diverged"] and found["best_epoch"] is None and found["curve"] == []
    assert found["weights"] == "first" and len(found["samples"]) == 3
    assert all(abs(each["probability"] - 1 / 12) < 0.02 for row in found["samples"] for each in row)
    assert "the training diverged" in (tmp_path / "out" / "report.html").read_text()


@pytest.mark.parametrize(("options", "message"), [
    (["copy-repeat", "--size", "huge"], "has no size 'huge'; choose one of ['full', 'medium', 's"),
    (["copy-repeat", "--rule", "e-prop"], "interval rule 'e-prop' is unknown; choose one of"),
    (["copy-repeat", "--rule", "clopath"], "interval rule 'clopath' is unknown; choose one of"),
    (["copy-repeat", "--machine", "engine"], "machine='engine' is unknown; choose one of ['comp"),
    (["copy-repeat", "--precision", "fixed"], "precision='fixed' is unknown"),
    (["copy-repeat", "--epochs", "3"], "--epochs is not for this task, whose training ends with "
                                       "--updates or --minutes"),
    (["word-prediction", "--updates", "3"], "--updates is not for this task, whose training ends"),
    (["word-prediction", "--minutes", "3"], "--minutes is not for this task"),
    (["copy-repeat", "--updates", "0"], "updates=0 must be a whole number >= 1"),
    (["copy-repeat", "--minutes", "0"], "minutes=0.0 must be a finite number > 0"),
    (["copy-repeat", "--minutes", "nan"], "minutes=nan must be a finite number > 0"),
    (["word-prediction", "--epochs", "0"], "epochs=0 must be a whole number >= 1"),
    (["copy-repeat", "--seed", "-1"], "seed=-1 must be a whole number >= 0"),
    (["copy-repeat", "--threads", "0"], "threads=0 must be a whole number >= 1"),
    (["copy-repeat", "--neurons", "0"], "n_units=0 must be a whole number >= 1"),
    (["copy-repeat", "--set", "interval=0"], "interval=0 must be a whole number >= 1"),
    (["copy-repeat", "--set", "interval=2.5"], "interval=2.5 must be a whole number >= 1"),
    (["copy-repeat", "--set", "batch=1", "--set", "shuffled_sg=True"], "need a batch of 2 or more"),
    (["copy-repeat", "--data", "there"], "has no parameter 'data'"),
    (["word-prediction", "--data", "there"], "there is not there; give --data a folder with"),
    (["word-prediction", "--rule", "bptt"], "rule 'bptt' takes a whole sequence as one interval"),
    (["copy-repeat", "--setup", "a=1"], "--setup is not for tasks that are learned in intervals"),
    (["copy-repeat", "--backend", "jax"], "--backend is not for tasks that are learned in inter"),
    (["copy-repeat", "--feedback", "symmetric"], "--feedback is not for tasks"),
    (["copy-repeat", "--gradient", "bptt"], "--gradient is not for tasks"),
    (["copy-repeat", "--no-recurrent"], "--no-recurrent is not for tasks"),
    (["copy-repeat", "--keep-training"], "--keep-training is not for tasks"),
    (["copy-repeat", "--learned", "there"], "--learned is not for tasks"),
    (["copy-repeat", "--targets", "3"], "--targets is not for tasks"),
    (["copy-repeat", "--neurons", "1000000"], "1000000 units with 9 inputs and 9 outputs, ba"),
    (["copy-repeat", "--neurons", "99999999999"], "GB of memory"),
    (["copy-repeat", "--set", "batch=1000000000"], "GB of memory"),
    (["word-prediction", "--set", "n_embedding=99999999999"], "GB of memory"),
    # 10 characters, 9 times and once to read, and 3 more
    (["copy-repeat", "--rule", "bptt", "--set", "batch=20000000"], "intervals of 103 steps"),
    (["copy-repeat", "--rule", "eprop1", "--set", "shuffled_sg=True"],
     "shuffled_sg=True is of the error module of synthetic gradients, which rule 'eprop1' has not"),
    (["copy-repeat", "--set", "updates=9", "--minutes", "1"], "updates=9 has no use with --min"),
    (["copy-repeat", "--set", "updates=9", "--updates", "9"], "updates=9 has no use with --upd"),
    (["word-prediction", "--set", "epochs=9", "--epochs", "8"], "epochs=9 has no use with --epo"),
    (["copy-repeat", "--set", "lr=1" + 400 * "0"], "is not a finite value"),
    (["pattern-generation", "--size", "small"], "--size is for tasks that are learned in interv"),
    (["pattern-generation", "--minutes", "3"], "--minutes is for tasks that are learned in inte"),
    (["arm-movement", "--epochs", "3"], "--epochs is for tasks that are learned in intervals, ['c"),
])
def test_what_cannot_be_run_is_refused_before_anything_is_written(options, message, tmp_path,
                                                                  capsys):
    assert run(options, tmp_path / "out") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("change", [
    "n_units=99999999999", "sg_hidden=100000000000", "batch=1000000000000",
    "interval=1" + 22 * "0"])
def test_a_network_too_large_for_jax_is_refused_before_anything_is_written(change, tmp_path,
                                                                           capsys):
    pytest.importorskip("jax")
    assert run(["copy-repeat", "--machine", "jax", "--set", change], tmp_path / "out") == 2
    assert "GB of memory" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("change", "message"), [
    (lambda folder: (folder / "ptb.valid.txt").unlink(), "has no ptb.valid.txt; word-prediction"),
    (lambda folder: (folder / "ptb.test.txt").write_text("w1 w2 w3\n"),
     "the test set has 4 words; one interval of 4 steps in each of 4 rows needs 17"),
    (lambda folder: (folder / "ptb.train.txt").write_text("w1 w2 w1\n" * 400),
     "vocabulary=12 is more than the 3 different words of the training set"),
])
def test_texts_that_cannot_be_used_are_refused_before_anything_is_written(change, message, text,
                                                                          tmp_path, capsys):
    shutil.copytree(text, tmp_path / "text")
    change(tmp_path / "text")
    assert run(WORDS, tmp_path / "out", "--data", tmp_path / "text") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_folder_of_something_else_is_refused(copied, tmp_path, capsys):
    assert main(["run", "pattern-generation", "--neurons", "8", "--updates", "2", "--quiet",
                 "--out", str(tmp_path / "task")]) == 0
    assert run(COPY, tmp_path / "task", "--updates", 4, "--force") == 2
    assert "holds the run of a task" in capsys.readouterr().err
    shutil.copytree(copied, tmp_path / "out")
    assert main(["run", "pattern-generation", "--neurons", "8", "--updates", "2", "--quiet",
                 "--out", str(tmp_path / "out")]) == 2
    assert results(tmp_path / "out")["task"] == "copy-repeat"
    with pytest.raises(ResultsError, match="holds another run"):
        IntervalTraining(IntervalPlan("copy-repeat", size="small", updates=4),
                         tmp_path / "out").run(resume=True)


def test_what_is_listed(capsys):
    assert main(["list"]) == 0
    listed = capsys.readouterr().out
    assert f"copy-repeat          {CopyRepeat.title}; the paper: longest sequence" in listed
    assert "rules of tasks learned in intervals:\n  truncated-bptt       backprop" in listed


def test_a_task_of_ones_own(tmp_path):
    """As a script and by name; delays of a few steps are learned in a second or two."""
    example = EXAMPLES / "own_sequence_task.py"
    assert len(example.read_text().splitlines()) < 80
    plugin = ["own-sequence-task", "--plugin", str(example)]
    done = subprocess.run([sys.executable, example, "--updates", "40", "--quiet", "--out", "out"],
                          cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert results(tmp_path / "out")["error_name"] == "nats per sequence"
    assert run(plugin, tmp_path / "own", "--updates", 6000) == 0
    assert results(tmp_path / "own")["longest"] >= 14
