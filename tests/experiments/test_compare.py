"""``pynn-eprop compare``: what it finds, writes and returns."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest

from pynn_eprop.cli import main
from pynn_eprop.data.speech import save_corpus
from pynn_eprop.errors import TaskError
from pynn_eprop.experiments import compare as module
from pynn_eprop.experiments.compare import differences
from pynn_eprop.experiments.compare_machines import choose_machines, find_machine
from pynn_eprop.experiments.compare_worker import Want, without_first_steps
from pynn_eprop.experiments.configuration import Configuration
from tests.data.speech.corpora import small_corpus
from tests.examples.test_examples import EXAMPLES
from tests.experiments.test_plugins import command

#: A short trial of 100 steps; three updates
SMALL = ("--neurons", "4", "--updates", "3", "--set", "interval=100.0")
CONFIGURATION = Configuration("pattern-generation", neurons=4, updates=3,
                              parameters=(("interval", 100.0),))


def outcome():
    """Something like what a machine gives: 300 steps, 4 cells, 3 readouts, 3 updates."""
    rng = np.random.default_rng(1)
    spikes = np.array([[5, 17, 17, 250], [0, 2, 3, 1]])
    return {"spikes": spikes, "v": rng.normal(size=(300, 4)), "error": rng.normal(size=(300, 3)),
            "loss": np.ones(3), "weights": rng.normal(size=(3, 10)), "seconds": np.array(0.1)}


def test_each_machine_comes_after_what_it_is_held_against():
    names = [machine.name for machine in choose_machines("emulator, brian2,host,nest,brian2")]
    assert names == ["host", "brian2", "nest", "host-fixed", "emulator"]


@pytest.mark.parametrize(("names", "said"), [
    ("host,brain2", "backend 'brain2' is unknown; choose from host, host-fixed, reference"),
    ("host", "nothing to compare; name one of reference, jax, nest, brian2, spinnaker, emulator")])
def test_names_that_make_no_comparison(names, said):
    with pytest.raises(TaskError, match=said):
        choose_machines(names)


def test_equal_outcomes_agree():
    found = differences(outcome(), outcome(), find_machine("nest"), CONFIGURATION)
    assert {name: each.largest_difference for name, each in found.items()} == dict.fromkeys(
        ("spikes", "v", "error", "weights"), 0.0)
    assert all(each.agrees and each.first_ms is each.first_update is None
               for each in found.values())


def test_where_they_first_differ():
    base, found = outcome(), outcome()
    found["spikes"] = np.array([[5, 17, 18, 250], [0, 2, 3, 1]])
    found["v"][120, 1] += 1e-6
    found["error"][299, 0] = np.nan
    found["weights"][1:, 4] += 1e-3
    result = differences(found, base, find_machine("nest"), CONFIGURATION)
    # spikes (17, 3) and (18, 3) are each in one only; rows are steps from 1 on, 100 to an update
    assert result["spikes"].largest_difference == 2.0 and result["spikes"].first_ms == 17.0
    assert result["v"].first_ms == 121.0 and result["v"].first_update == 1
    assert math.isclose(result["v"].largest_difference, 1e-6 / np.abs(base["v"]).max(),
                        rel_tol=1e-6)
    assert result["error"].largest_difference == math.inf and result["error"].first_ms == 300.0
    assert result["weights"].first_update == 2
    assert not any(each.agrees for each in result.values())


def test_rounding_agrees_in_floating_point_only():
    found = outcome()
    found["v"][7, 2] += 1e-14
    assert differences(found, outcome(), find_machine("brian2"), CONFIGURATION)["v"].agrees
    exact = differences(found, outcome(), find_machine("emulator"), CONFIGURATION)["v"]
    assert not exact.agrees and exact.bound == 0.0 and exact.first_ms == 8.0


def test_last_weights_alone_are_compared_with_the_last():
    found = outcome()
    found["weights"] = found["weights"][-1:] + 1.0
    weights = differences(found, outcome(), find_machine("nest"), CONFIGURATION)["weights"]
    assert weights.first_update == 3


def test_first_steps_are_left_out():
    task = CONFIGURATION.build_task()
    plan = task.network(1, CONFIGURATION.build_feedback())
    trials = task.training_trials(1, 0, 2)
    times = without_first_steps(trials, plan, 2).spike_times["inputs"][0]
    assert trials.spike_times["inputs"][0].tolist() == [0.0, 10.0, 100.0, 110.0]
    assert times.tolist() == [10.0, 110.0]


def test_backends_agree(tmp_path, capsys):
    assert main(["compare", "pattern-generation", "--backends", "host,nest,brian2,reference,jax",
                 *SMALL, "--seed", "3", "--out", str(tmp_path)]) == 0
    result = json.loads((tmp_path / "comparison.json").read_text())
    assert result["agrees"] and result["seed"] == 3 and result["updates"] == 3
    assert set(result["backends"]) == {"nest", "brian2", "reference", "jax"}
    for backend in result["backends"].values():
        assert backend["against"] == "host" and backend["problem"] is None
        for name, bound in (("spikes", 0.0), ("v", 1e-9), ("error", 1e-9), ("weights", 1e-9)):
            quantity = backend["quantities"][name]
            assert quantity["bound"] == bound and quantity["agrees"]
            assert 0.0 <= quantity["largest_difference"] <= bound
    assert (tmp_path / "comparison.png").stat().st_size > 10_000
    printed = capsys.readouterr().out
    assert printed.startswith((tmp_path / "comparison.txt").read_text())
    assert printed.count("agrees") == 16


def answers(monkeypatch, **by_name):
    """Let machines give these outcomes without running."""
    monkeypatch.setattr(module, "run_apart", lambda machine, *_: by_name[machine.name])


def test_a_task_on_data_of_the_users_is_compared(tmp_path, capsys):
    save_corpus(tmp_path / "corpus.npz", small_corpus())
    assert main(["compare", "speech", "--data", str(tmp_path / "corpus.npz"), "--neurons", "8",
                 "--updates", "2", "--set", "trials_per_update=2", "--set", "v_thresh=0.5",
                 "--backends", "host,reference", "--out", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out.count("agrees") == 4     # spikes, v, error, weights
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    assert found["parameters"]["data"] == str(tmp_path / "corpus.npz")


def test_a_difference_is_status_1(tmp_path, capsys, monkeypatch):
    found = outcome()
    found["v"][200:] *= 1.1
    answers(monkeypatch, host=outcome(), brian2=found)
    assert main(["compare", "pattern-generation", "--backends", "brian2", *SMALL,
                 "--out", str(tmp_path)]) == 1
    assert "differs from 201 ms, after 2 updates, on" in capsys.readouterr().out
    result = json.loads((tmp_path / "comparison.json").read_text())
    assert not result["agrees"] and not result["backends"]["brian2"]["agrees"]
    assert result["backends"]["brian2"]["quantities"]["weights"]["agrees"]


def test_a_backend_that_does_not_run_is_status_2(tmp_path, capsys, monkeypatch):
    answers(monkeypatch, host=outcome(), jax=outcome(), brian2=outcome(),
            nest=("missing", "install it with pip install 'pynn_eprop[nest]'"))
    assert main(["compare", "pattern-generation", *SMALL, "--out", str(tmp_path)]) == 2
    printed = capsys.readouterr().out
    assert "did not run: install it with pip install 'pynn_eprop[nest]'" in printed
    assert printed.count("agrees") == 8
    result = json.loads((tmp_path / "comparison.json").read_text())
    assert result["backends"]["nest"]["problem"].startswith("install it")
    assert not result["agrees"] and result["backends"]["brian2"]["agrees"]


def test_a_missing_simulator_says_what_to_install(tmp_path):
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "brian2.py").write_text("raise ImportError('not installed')\n")
    path = os.pathsep.join([str(tmp_path / "without"), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "pynn_eprop.cli", "compare", "pattern-generation", "--backends",
         "brian2", *SMALL, "--out", str(tmp_path / "out")],
        env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install 'pynn_eprop[brian2]'" in done.stdout
    assert (tmp_path / "out" / "comparison.json").exists()


def test_sources_in_the_present_folder_are_not_what_runs(tmp_path, monkeypatch):
    """As in a checkout from which the package was installed, not in editable mode."""
    (tmp_path / "pynn_eprop").mkdir()
    (tmp_path / "pynn_eprop" / "__init__.py").write_text("raise ImportError('not compiled')\n")
    monkeypatch.chdir(tmp_path)
    found = module.run_apart(find_machine("host"), CONFIGURATION, free_steps=0)
    assert isinstance(found, dict), found


def test_a_process_that_fails_is_reported():
    # what no backend checks, because nobody can ask for it
    failed = module.run_apart(find_machine("reference"), CONFIGURATION, free_steps="two")
    assert failed[0] == "failed" and failed[1].startswith("its process failed: ")


def test_what_nest_refuses_is_reported(tmp_path, capsys):
    assert main(["compare", "store-recall", "--backends", "nest", "--neurons", "2", "--updates",
                 "1", "--set", "trials_per_update=1", "--out", str(tmp_path)]) == 2
    assert "NEST needs one in every interval" in capsys.readouterr().out


def test_what_refuses_by_name_is_said_for_each_backend(tmp_path, capsys, monkeypatch):
    """A base that refuses takes along what is held against it, and nothing else."""
    answers(monkeypatch, **{"host": outcome(), "reference": outcome(),
                            "nest": ("refused", "rule 'x' is not known to NEST"),
                            "host-fixed": ("refused", "rule 'x' is not known to it")})
    assert main(["compare", "pattern-generation", "--backends", "nest,reference,emulator", *SMALL,
                 "--out", str(tmp_path)]) == 2
    printed = capsys.readouterr().out
    assert "nest       host        did not run: rule 'x' is not known to NEST" in printed
    assert ("emulator   host-fixed  did not run: nothing to hold it against, as host-fixed refuses "
            "the task: rule 'x' is not known to it") in printed
    assert printed.count("agrees") == 4
    assert json.loads((tmp_path / "comparison.json").read_text())["backends"]["reference"]["agrees"]


def test_the_reference_takes_the_place_of_a_base_that_refuses(tmp_path, capsys, monkeypatch):
    found = outcome()
    found["v"][200:] *= 1.1
    answers(monkeypatch, host=("refused", "cell 'x' is not known to it"), reference=outcome(),
            jax=found, brian2=("refused", "it has no 'x'"))
    assert main(["compare", "pattern-generation", "--backends", "jax,reference,brian2", *SMALL,
                 "--out", str(tmp_path)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == ("host refuses the task, so that reference takes its place: cell 'x' is "
                        "not known to it")
    assert [line.split()[:3] for line in lines[3:8]] == [
        *(["jax", "reference", name] for name in ("spikes", "v", "error", "weights")),
        ["brian2", "reference", "did"]]
    assert "differs from 201 ms" in lines[4] and sum("agrees" in line for line in lines) == 3
    found = json.loads((tmp_path / "comparison.json").read_text())["backends"]
    assert {name: each["against"] for name, each in found.items()} == {
        "jax": "reference", "brian2": "reference"}


@pytest.mark.parametrize("problem", [
    ("missing", "install it with pip install 'pynn_eprop[jax]'"),
    ("failed", "its process failed: killed")])
def test_what_does_not_run_beside_a_stand_in_says_why(tmp_path, capsys, monkeypatch, problem):
    """It is not refused, so that there was something to compare."""
    answers(monkeypatch, host=("refused", "cell 'x' is not known to it"), reference=outcome(),
            jax=problem)
    assert main(["compare", "pattern-generation", "--backends", "jax", *SMALL,
                 "--out", str(tmp_path)]) == 2
    assert f"jax        reference   did not run: {problem[1]}" in capsys.readouterr().out


def test_cells_that_pass_on_values_are_compared_by_those(tmp_path):
    """2 updates of 2 trials of LSTM units, one step for each of 10 frames."""
    corpus = small_corpus()
    save_corpus(tmp_path / "corpus.npz", corpus)
    found = module.run_apart(find_machine("reference"), Configuration(
        "speech", neurons=6, updates=2, parameters=(
            ("data", str(tmp_path / "corpus.npz")), ("cells", "lstm"), ("frame_steps", 1),
            ("trials_per_update", 2))), 0)
    steps = 2 * 2 * corpus.longest
    assert found["v"].shape == (steps, 6) and found["spikes"].shape == (2, 0)
    assert found["error"].shape[0] == steps and np.all(np.nanmax(found["v"], axis=0) > 0.0)


def test_what_only_the_reference_knows_cannot_be_compared(tmp_path):
    # in a process of its own, so that no rule of a plugin stays registered here
    done = command(tmp_path, "compare", "pattern-generation", "--backends", "brian2,reference",
                   *SMALL, "--plugin", str(EXAMPLES / "own_rule.py"), "--rule", "spike-gated",
                   "--out", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert ("nothing to compare: host, which others are held against, cannot run this; of brian2, "
            "reference, these can: reference. host says: input_to_cells: rule 'spike-gated' is not "
            "known to the host engine; choose one of ['e-prop', ") in done.stderr
    assert not (tmp_path / "out" / "comparison.json").exists()


def test_a_base_that_fails_ends_it(tmp_path, capsys, monkeypatch):
    answers(monkeypatch, host=("failed", "its process failed: killed"))
    assert main(["compare", "pattern-generation", *SMALL, "--out", str(tmp_path)]) == 2
    assert "error: host: its process failed: killed" in capsys.readouterr().err


def test_a_network_can_be_built_without_a_run():
    assert module.run_apart(find_machine("reference"), CONFIGURATION, 0, Want.NOTHING) == {}


def test_an_out_that_is_a_file(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert main(["compare", "pattern-generation", "--out", str(tmp_path / "file")]) == 2
    assert "is a file; give --out a folder" in capsys.readouterr().err
