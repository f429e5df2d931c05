"""The page of tasks 3.1 and 3.2 says what the runs gave; runs are side by side, and resumable."""

import csv
import dataclasses
import io
import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from evidence import sequences as evidence
from evidence import sequences_page as pages
from evidence.side_by_side import run_all
from pynn_eprop.errors import ResultsError
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.interval_training.plan import IntervalPlan

COMMITTED = Path(__file__).parents[2] / "docs/evidence/sequences"


def copied(levels, seed=1, batches=1000, ended_by="minutes", **more):
    """levels: (length, batches, seconds) of each."""
    return {
        "size": "small", "seed": seed, "machine": "compiled", "precision": "float32",
        "batches": batches, "updates": 4 * batches, "seconds": 120.0, "diverged": False,
        "ended_by": ended_by, "updates_per_second": 4 * batches / 120.0,
        "longest": max((length for length, _, _ in levels), default=0),
        "length_curve": [{"length": length, "n_pattern": 1, "n_repetitions": 1, "batches": count,
                          "updates": 4 * count, "seconds": seconds}
                         for length, count, seconds in levels],
        "parameters": {"n_units": 64, "sg_hidden": 128, "batch": 16, "tanh_output": True,
                       "lr": 0.003},
        "versions": {"numpy": "2"}, "command": "pynn-eprop run copy-repeat --out DIR", **more}


def words(perplexities, best=1, **more):
    return {
        "seed": 1, "machine": "compiled", "precision": "float32", "epochs": len(perplexities),
        "curve": [{"epoch": number, "rate": 1.0, "perplexity_training": 200.0,
                   "perplexity_validation": value + 1.0, "perplexity_test": value,
                   "seconds": 60.0 * number, "words_per_second": 5000.0}
                  for number, value in enumerate(perplexities, 1)],
        "best_epoch": best, "perplexity_validation": perplexities[best - 1] + 1.0,
        "perplexity_test": perplexities[best - 1], "words_per_second": 5000.0, "seconds": 120.0,
        "diverged": False,
        "parameters": {"n_units": 100, "sg_hidden": 200, "tanh_output": True},
        "corpus": {"name": "novels", "vocabulary": 3000,
                   "words": {"training": 600000, "validation": 50000, "test": 51000},
                   "unknown": {"test": 0.1}},
        "versions": {"numpy": "2"}, "command": "pynn-eprop run word-prediction --out DIR", **more}


@pytest.fixture
def found():
    return evidence.Found(
        {"+ eligibility traces": [copied([(5, 10, 1.0), (12, 500, 60.0)], 1, 800),
                                  copied([(5, 20, 2.0), (12, 400, 40.0)], 2)],
         "e-prop 3": [copied([(5, 10, 1.0), (12, 300, 30.0), (15, 900, 100.0)], 1),
                      copied([], 2, 100, "diverged", diverged=True)]},
        {}, {"e-prop 3": [copied([(39, 700, 90.0)])]},
        {"e-prop 1": [words([90.0, 95.0])], "e-prop 3": [words([85.0, 80.0], 2)]})


def test_equal_batches_are_those_of_the_slowest_run_that_had_its_time(found):
    """Not of one that ended before."""
    assert pages.equal_batches(found.copied) == 800
    assert pages.longest(found.copied["e-prop 3"][0], 800) == 12
    assert pages.longest(found.copied["e-prop 3"][0], seconds=20.0) == 5
    assert pages.longest(found.copied["e-prop 3"][1]) == 0
    assert pages.batches_to(found.copied["e-prop 3"][0], 12) == 300
    assert pages.batches_to(found.copied["e-prop 3"][0], 10) == 300
    assert pages.batches_to(found.copied["e-prop 3"][0], 19) is None


def test_the_page_has_all_parts(found):
    text = pages.page(found)
    assert "64 units, 128 hidden units of the module of synthetic gradients, batches of 16, h = " \
        "o tanh(c), compiled machine, float32, one thread, 2 minutes of work each, 2 seeds." in text
    assert "Equal batches are 800, those of the slowest run." in text
    assert "| + eligibility traces | 0.003 | 12 (12 to 12) | 12 (12 to 12) | 41 | " \
        "450 (400 to 500) | - | 30 | 0 of 2 |" in text
    assert "| e-prop 3 | 0.003 | 6 (0 to 12) | 7.5 (0 to 15) | 74 | 300, 1 of 2 | 900, 1 of 2 | " \
        "18 | 1 of 2 |" in text
    # seed 1: level at equal batches, ahead at equal time; seed 2: behind
    assert "| + eligibility traces | e-prop 3 | 0, 1, 1 | 1, 0, 1 |" in text
    assert "## Copy-repeat, larger" in text and "| e-prop 3 | 0.003 | 39 | 39 | 74 |" in text
    assert "The text is six novels, so that the paper's perplexities" in text
    assert "| e-prop 1 | 91.0 | 90.0 | 115 | 1 | 5,000 | 2 | 0 of 1 |" in text
    assert "| e-prop 3 | 81.0 | 80.0 | 113 | 2 | 5,000 | 2 | 0 of 1 |" in text
    assert "more than one thread" not in text
    found.words["e-prop 3"][0]["threads"] = 2
    assert "changes no result but words a second and minutes: e-prop 3." in pages.page(found)
    found.words["e-prop 1"] = [words([90.0], best_epoch=None, diverged=True)]
    assert "| e-prop 1 | - | - | 115 | - | - | 2 | 1 of 1 |" in pages.page(found)


def test_the_committed_page_is_what_the_finished_runs_give(tmp_path):
    """Of each part, if all of its runs are finished; nothing is run."""
    kept = shutil.copy(COMMITTED / "runs.json", tmp_path / "runs.json")
    found = evidence.gather(evidence.Plan(), tmp_path / "work", "compiled", None, 1, (), kept)
    assert found.copied
    assert pages.page(found) == (COMMITTED / "README.md").read_text()
    tables = {"copy_repeat.csv": evidence.runs_table(found),
              "copy_repeat_levels.csv": evidence.levels_table(found)} | (
        {"words.csv": evidence.words_table(found)} if found.words else {})
    for name, text in tables.items():
        assert text == (COMMITTED / name).read_text(), name
    assert kept.read_text() == (COMMITTED / "runs.json").read_text()


def test_words_stand_beside_the_sizes_that_they_are_of(found):
    assert pages.WHAT_IT_SAYS[0] in pages.page(found)
    assert pages.WHAT_IT_SAYS[0] not in pages.page(found, with_words=False)


def test_what_else_was_tried_stands_beside_the_same_seeds(found):
    found.copied["e-prop 3"][0]["explained"], found.copied["e-prop 3"][1]["explained"] = 0.25, None
    found.tried["e-prop 3, dt = 8"] = [copied([(12, 1300, 30.0)], 2, explained=float("nan"))]
    text = pages.page(found)
    assert "for the same time, seeds 2." in text
    assert "| e-prop 3 | 0 | - | - | - | 1 of 1 |" in text      # its first seed has no partner
    assert "| e-prop 3, dt = 8 | 12 | 1,300 | - | - | 0 of 1 |" in text
    found.tried["e-prop 3, dt = 8"] = [copied([(12, 1300, 30.0)], 1, explained=0.5)]
    text = pages.page(found)
    assert "| e-prop 3 | 15 | 300 | 900 | 0.25 | 0 of 1 |" in text
    assert "| e-prop 3, dt = 8 | 12 | 1,300 | - | 0.50 | 0 of 1 |" in text
    rows = csv.DictReader(io.StringIO(evidence.runs_table(found)))
    assert [row["seed"] for row in rows if row["series"] == "e-prop 3, dt = 8"] == ["1"]


def test_tables_have_all_runs(found):
    levels = list(csv.DictReader(io.StringIO(evidence.levels_table(found))))
    assert [(row["series"], row["seed"], row["length"]) for row in levels] == [
        *[("+ eligibility traces", seed, length) for seed in "12" for length in ("5", "12")],
        *[("e-prop 3", "1", length) for length in ("5", "12", "15")], ("e-prop 3", "2", "0"),
        ("e-prop 3", "1", "39")]
    assert len(list(csv.DictReader(io.StringIO(evidence.runs_table(found))))) == 5
    assert [row["perplexity_test"] for row in csv.DictReader(io.StringIO(
        evidence.words_table(found)))] == ["90", "95", "85", "80"]


def test_figures_are_drawn_with_parts_missing(found):
    for one in (found, evidence.Found(copied=found.copied), evidence.Found(words=found.words)):
        assert len(pages.draw_bars(one).axes) == len(pages.draw_curves(one).axes) == 2


def test_the_larger_size_is_drawn_over_batches_and_over_time(found):
    """It solves 39 steps with batch 700 of 1,000, after 90 of 120 seconds."""
    for axes, before, after in zip(pages.draw_larger(found).axes, (600, 1.4), (800, 1.6),
                                   strict=True):
        line, = axes.lines
        assert line.get_label() == "e-prop 3"
        assert list(np.interp((before, after), *line.get_data())) == [0.0, 39.0]
    assert "(curves_larger.png)" in pages.page(found)
    found.larger.clear()
    assert "(curves_larger.png)" not in pages.page(found)


class Script:
    """A plan whose command is a task that is refused, or a name for what was done before."""

    def __init__(self, *words):
        self._words = words

    def command(self, out):
        return " ".join(["pynn-eprop", *self._words, "--out", out])


def test_what_is_finished_is_read_and_what_fails_is_named(tmp_path, capfd):
    done = {"seed": 3, "command": "pynn-eprop run paper --out DIR"}
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "results.json").write_text(json.dumps(done))
    assert run_all([(Script("run", "paper"), tmp_path / "one")], 2) == [done]
    with pytest.raises(ResultsError, match="two: the run ended with status 2"):
        run_all([(Script("run", "paper"), tmp_path / "two")], 2)
    assert "task 'paper' is unknown" in capfd.readouterr().err


def test_a_signal_reaches_all_that_run(tmp_path, capfd):
    """Both save their work; the third does not begin."""
    plans = [(Script("run", "pattern-generation", "--neurons", "12", "--updates", "1000000",
                     "--seed", str(seed)), tmp_path / str(seed)) for seed in (1, 2, 3)]

    def interrupt():
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline and not all(
                (tmp_path / str(seed) / "state" / "progress.json").exists() for seed in (1, 2)):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(ExperimentInterrupted) as raised:
        run_all(plans, 2, "--checkpoint-every", "0.1")
    thread.join()
    assert raised.value.signal_number == signal.SIGINT
    assert not (tmp_path / "3").exists()
    assert capfd.readouterr().err.count("SIGINT: stopped after ") == 2
    for seed in (1, 2):
        assert not (tmp_path / str(seed) / "results.json").exists()


def test_what_is_finished_is_kept_and_not_run_again(tmp_path, monkeypatch):
    """Also if others are interrupted; another command under the same name is run."""
    ran = []

    def interrupted(plans, at_once, *more):
        for plan, out in plans[:1]:
            ran.append(out.name)
            out.mkdir(parents=True, exist_ok=True)
            (out / "results.json").write_text(json.dumps(
                copied([], command=plan.command("DIR"), error_curve=[[1, 2]])))
        if len(plans) > 1:
            raise ExperimentInterrupted("stopped", signal.SIGINT)

    monkeypatch.setattr(evidence, "run_all", interrupted)
    plans = [(IntervalPlan("copy-repeat", "eprop1", "small", "compiled", seed=seed,
                                    minutes=0.1), tmp_path / f"seed-{seed}") for seed in (1, 2)]
    with pytest.raises(ExperimentInterrupted):
        evidence.run_missing(plans, 2, tmp_path / "out" / "runs.json")
    shutil.rmtree(tmp_path / "seed-1")
    results = evidence.run_missing(plans, 2, tmp_path / "out" / "runs.json")
    assert ran == ["seed-1", "seed-2"]
    assert [result["command"] for result in results] == [plan.command("DIR") for plan, _ in plans]
    assert all("error_curve" not in result for result in results)
    assert evidence.run_missing(plans, 2, tmp_path / "out" / "runs.json") == results
    assert ran == ["seed-1", "seed-2"]
    longer = dataclasses.replace(plans[0][0], minutes=0.2)
    evidence.run_missing([(longer, tmp_path / "seed-1")], 2, tmp_path / "out" / "runs.json")
    assert ran == ["seed-1", "seed-2", "seed-1"]
