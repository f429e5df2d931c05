"""``pynn-eprop learn`` and ``pynn-eprop run`` of a family, as a user runs them."""

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from pynn_eprop.cli import main
from pynn_eprop.common.files.archives import read_archive
from pynn_eprop.errors import ResultsError, SimulationError, TaskError
from pynn_eprop.experiments.interrupts import ExperimentInterrupted
from pynn_eprop.experiments.work_folder import WorkFolder
from pynn_eprop.families import ArmMovement
from pynn_eprop.learning_to_learn.learn import LearnPlan
from pynn_eprop.learning_to_learn.one_shot_run import OneShotPlan, OneShotRun
from pynn_eprop.sweeps.summary import measures_of
from tests.examples.test_examples import EXAMPLES

SMALL = ["--size", "small", "--set", "n_neurons=12", "--set", "n_module=9", "--set",
         "interval=100.0", "--set", "batch=4"]


def learn(out, *more):
    return main(["learn", "arm-movement", *SMALL, "--quiet", "--out", str(out), *more])


@pytest.fixture(scope="module")
def learned(tmp_path_factory):
    out = tmp_path_factory.mktemp("learned") / "out"
    assert learn(out, "--iterations", "4") == 0
    return out


def results(out):
    return json.loads((out / "results.json").read_text())


def test_learning_gives_the_files_that_it_promises(learned):
    found = results(learned)
    for name in ("mse_before", "mse_after", "mse_no_update", "seconds"):
        assert np.isfinite(found[name]) and found[name] > 0
    assert found["iterations"] == 4 and len(found["loss_curve"]) == 4
    assert found["curve"]["iteration"] == [1, 4] and found["test_tasks"] == 256
    for name in ("learned.npz", "figure.png", "figure.svg"):
        assert (learned / name).stat().st_size > 1000
    rows = (learned / "learning_curve.csv").read_text().splitlines()
    assert rows[0] == "iteration,error,error_before,rate_Hz" and len(rows) == 3
    assert found["command"].startswith("pynn-eprop learn arm-movement --size small --error-module "
                                       "spiking --iterations 4 --seed 1 --set n_neurons=12")


def test_what_is_there_is_kept_or_replaced_as_asked(learned, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(learned, out)
    assert learn(out, "--iterations", "4") == 2
    assert "holds a finished run; use --resume" in capsys.readouterr().err
    before = (out / "learned.npz").stat().st_mtime_ns
    assert learn(out, "--iterations", "4", "--resume") == 0
    assert (out / "learned.npz").stat().st_mtime_ns == before
    assert learn(out, "--iterations", "5", "--resume") == 2
    assert "holds another run (parameter iterations: 4 there, 5 asked for)" in \
        capsys.readouterr().err
    assert learn(out, "--iterations", "5", "--force") == 0
    assert results(out)["iterations"] == 5
    (out / "file").touch()
    assert learn(out / "file", "--iterations", "4") == 2
    assert "is a file" in capsys.readouterr().err


def test_a_result_without_its_state_is_not_taken_for_ones_own(learned, tmp_path, capsys):
    """Whose it is cannot be seen: it was read as the result of whatever was asked for."""
    out = tmp_path / "out"
    shutil.copytree(learned, out, ignore=shutil.ignore_patterns("state"))
    for more in ([], ["--resume"]):
        assert learn(out, "--iterations", "7", *more) == 2
        assert "but no state to resume from; use --force" in capsys.readouterr().err
        assert one_shot(learned, out, "--targets", "1", *more) == 2
        assert "but no state to resume from; use --force" in capsys.readouterr().err
    assert not (out / "state").exists()
    assert one_shot(learned, out, "--targets", "1", "--force") == 0


def test_a_folder_that_is_refused_is_not_kept_locked(tmp_path):
    kept = [WorkFolder(tmp_path / "out", ()) for _ in range(3)]
    kept[0].open({"what": 1}, False, False)
    kept[0].close()
    with pytest.raises(ResultsError, match="holds another run"):
        kept[1].open({"what": 2}, True, False)
    kept[2].open({"what": 1}, True, False)


def test_commands_that_are_shown_can_be_pasted(learned, tmp_path):
    """Into a shell, with tuples and names of folders that have spaces."""
    shutil.copytree(learned, tmp_path / "what was learned")
    plan = OneShotPlan("arm-movement", tmp_path / "what was learned",
                       parameters=(("periods", (0.3, 1.0)),))
    assert shlex.split(plan.command("an out"))[:5] == [
        "pynn-eprop", "run", "arm-movement", "--learned", str(tmp_path / "what was learned")]
    for words in (shlex.split(plan.command("an out")), shlex.split(LearnPlan(
            "arm-movement", parameters=(("periods", (0.3, 1.0)),)).command("an out"))):
        assert words[-4:] == ["--set", "periods=(0.3, 1.0)", "--out", "an out"]


LONG = [sys.executable, "-m", "pynn_eprop.cli", "learn", "arm-movement", *SMALL, "--iterations",
        "400", "--quiet", "--checkpoint-every", "0.1", "--out"]


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    out = tmp_path_factory.mktemp("uninterrupted") / "whole"
    whole = subprocess.run([*LONG, out], capture_output=True, text=True, timeout=200)
    assert whole.returncode == 0, whole.stderr
    return out


def test_learning_that_is_interrupted_goes_on_to_the_identical_result(uninterrupted, tmp_path):
    process = subprocess.Popen([*LONG, tmp_path / "out"], stderr=subprocess.PIPE, text=True)
    state = tmp_path / "out" / "state" / "outer-loop.npz"
    deadline = time.monotonic() + 100.0
    while not state.exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    errors = process.communicate(timeout=100)[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert "of 400 iterations" in errors and "To go on:" in errors
    assert 0 < read_archive(state)[1]["done"] < 400
    assert not (tmp_path / "out" / "results.json").exists()
    advice = errors.splitlines()[-1].split()        # what the message says, to the letter
    assert advice[:3] == ["pynn-eprop", "learn", "arm-movement"] and advice[-1] == "--resume"
    rest = subprocess.run([sys.executable, "-m", "pynn_eprop.cli", *advice[1:], "--quiet"],
                          capture_output=True, text=True, timeout=200)
    assert rest.returncode == 0, rest.stderr
    one, other = (read_archive(folder / "learned.npz")[0]
                  for folder in (uninterrupted, tmp_path / "out"))
    assert one.keys() == other.keys()
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
    kept = ("mse_before", "mse_after", "mse_no_update", "loss_curve", "curve")
    assert all(results(uninterrupted)[name] == results(tmp_path / "out")[name] for name in kept)


@pytest.mark.parametrize(("options", "message"), [
    (["arm-movement", "--size", "huge"], "has no size 'huge'"),
    (["ballet"], "family 'ballet' is unknown; choose one of ['arm-movement']"),
    (["pattern-generation"], "family 'pattern-generation' is unknown"),
    (["arm-movement", "--error-module", "oracle"], "error module 'oracle' is unknown"),
    (["arm-movement", "--rule", "guess"], "rule='guess' is unknown"),
    (["arm-movement", "--rule", "readout-only"], "the error module 'none' is that baseline"),
    (["arm-movement", "--iterations", "0"], "iterations=0 must be a whole number >= 1"),
    (["arm-movement", "--at-once", "0"], "at_once=0 must be a whole number >= 1"),
    (["arm-movement", "--seed", "-1"], "seed=-1 must be a whole number >= 0"),
    (["arm-movement", "--set", "batch=many"], "batch='many' is not a value like 200"),
])
def test_what_cannot_be_learned_is_refused_before_anything_is_written(options, message, tmp_path,
                                                                      capsys):
    assert main(["learn", *options, "--out", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def one_shot(learned, out, *more):
    return main(["run", "arm-movement", "--learned", str(learned), "--quiet", "--out", str(out),
                 *more])


def test_one_shot_learning_gives_the_files_that_it_promises(learned, tmp_path):
    assert one_shot(learned, tmp_path / "out", "--targets", "3") == 0
    found = results(tmp_path / "out")
    assert found["targets"] == len(found["after"]) == len(found["before"]) == 3
    assert found["mse_after"] == pytest.approx(np.mean(found["after"]))
    assert found["mse_before"] == pytest.approx(np.mean(found["before"]))
    assert set(measures_of(found)) == set(OneShotPlan.measures)
    assert found["backend"] == "host" and found["learned"]["iterations"] == 4
    for name in ("figure.png", "figure.svg"):
        assert (tmp_path / "out" / name).stat().st_size > 10_000
    assert 10_000 < (tmp_path / "out" / "movement.gif").stat().st_size < 300_000


def test_a_movement_of_before_does_not_stay(learned, tmp_path, monkeypatch):
    assert one_shot(learned, tmp_path / "out", "--targets", "1") == 0
    monkeypatch.setattr(ArmMovement, "draw_movement", lambda self, trials, task: None)
    assert one_shot(learned, tmp_path / "out", "--targets", "1", "--force") == 0
    assert not (tmp_path / "out" / "movement.gif").exists()


def test_one_shot_learning_goes_on_where_it_was(learned, tmp_path):
    """The first task is done again, for the figure; what is done is not, even in fixed point."""
    for name in ("whole", "part"):
        assert one_shot(learned, tmp_path / name, "--targets", "4", "--precision", "fixed") == 0
    part = tmp_path / "part"
    state = json.loads((part / "state" / "tasks.json").read_text())
    for name in ("before", "after"):
        state[name] = state[name][:2]
    (part / "state" / "tasks.json").write_text(json.dumps(state))
    (part / "results.json").unlink()
    assert one_shot(learned, part, "--targets", "4", "--precision", "fixed", "--resume") == 0
    assert results(part)["after"] == results(tmp_path / "whole")["after"]


def test_one_shot_learning_that_is_interrupted_says_how_to_go_on(learned, tmp_path):
    def interrupted(done, total, error):
        if done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    plan = OneShotPlan("arm-movement", learned, targets=3)
    with pytest.raises(ExperimentInterrupted) as raised:
        OneShotRun(plan, tmp_path / "out").run(progress=interrupted)
    first, command = str(raised.value).splitlines()
    assert first.startswith("SIGINT: stopped after ") and first.endswith("To go on:")
    assert command == f"  {plan.command(str(tmp_path / 'out'))} --resume"


@pytest.mark.parametrize("change", [{"before": []}, {"after": ["x"]}, {"seconds": None}])
def test_a_damaged_state_of_one_shot_learning_is_refused(change, learned, tmp_path, capsys):
    out = tmp_path / "out"
    assert one_shot(learned, out, "--targets", "1") == 0
    (out / "results.json").unlink()
    state = out / "state" / "tasks.json"
    state.write_text(json.dumps({**json.loads(state.read_text()), **change}))
    assert one_shot(learned, out, "--targets", "1", "--resume") == 2
    assert "tasks.json is damaged; use --force" in capsys.readouterr().err


def test_an_error_that_is_not_finite_is_named(learned, tmp_path, monkeypatch):
    monkeypatch.setattr(ArmMovement, "error", lambda self, y, task, xp: xp.inf)
    with pytest.raises(SimulationError, match=r"error\(\) gave .*inf.* must give a finite number"):
        OneShotRun(OneShotPlan("arm-movement", learned, targets=1), tmp_path / "out").run()
    monkeypatch.setattr(ArmMovement, "error", lambda self, y, task, xp: 1.0 / len(task["aim"]))
    with pytest.raises(SimulationError, match=r"error\(\) failed: KeyError: 'aim'"):
        OneShotRun(OneShotPlan("arm-movement", learned, targets=1), tmp_path / "more").run()


def test_plans_in_scripts_take_text_and_refuse_what_is_none(learned):
    assert OneShotPlan("arm-movement", str(learned)).checksum == \
        OneShotPlan("arm-movement", learned).checksum
    with pytest.raises(TaskError, match="rule=None must be a name"):
        LearnPlan("arm-movement", rule=None)


def test_what_is_no_figure_is_named(learned, tmp_path, monkeypatch):
    monkeypatch.setattr(ArmMovement, "draw_figure", lambda self, trials, task: None)
    with pytest.raises(TaskError, match=r"draw_figure\(\) gave NoneType; it must give a figure"):
        OneShotRun(OneShotPlan("arm-movement", learned, targets=1), tmp_path / "out").run()


def test_commands_name_what_they_take(capsys):
    """``decode`` is for tasks; of families it knows nothing."""
    for command, families in (("run", True), ("decode", False)):
        with pytest.raises(SystemExit):
            main([command, "--help"])
        tasks = capsys.readouterr().out.split("TASK  ")[-1].split("--backend")[0]
        assert "store-recall" in tasks and ("arm-movement" in "".join(tasks.split())) == families


@pytest.mark.parametrize(("options", "message"), [
    (["--neurons", "13"], "a network of this size needs (20, 13)"),
    (["--targets", "0"], "targets=0 must be a whole number >= 1"),
    (["--backend", "paper"], "backend 'paper' is unknown"),
    (["--precision", "float16"], "precision 'float16' is unknown"),
    (["--backend", "jax", "--precision", "fixed"], "backend 'jax' has no precision 'fixed'"),
    (["--updates", "3"], "--updates is for tasks that are trained here"),
    (["--no-recurrent"], "--no-recurrent is for tasks that are trained here"),
    (["--rule", "clopath"], "--rule is for tasks that are trained here"),
    (["--set", "cells=3"], "has no parameter 'cells'"),
])
def test_what_cannot_be_run_is_refused_before_anything_is_written(options, message, learned,
                                                                  tmp_path, capsys):
    assert one_shot(learned, tmp_path / "out", *options) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nest_refuses_one_shot_learning(learned, tmp_path):
    """In a process of its own, as NEST cannot share one with all else."""
    done = subprocess.run(
        [sys.executable, "-m", "pynn_eprop.cli", "run", "arm-movement", "--learned", str(learned),
         "--backend", "nest", "--out", str(tmp_path / "out")], capture_output=True, text=True,
        timeout=100)
    assert done.returncode == 2 and "which one-shot learning needs" in done.stderr, done.stderr
    assert not (tmp_path / "out").exists()


def test_learned_weights_are_for_families(learned, tmp_path, capsys):
    assert main(["run", "arm-movement", "--out", str(tmp_path / "out")]) == 2
    assert "--learned is missing" in capsys.readouterr().err
    for option in (["--learned", str(learned)], ["--targets", "3"]):
        assert main(["run", "pattern-generation", *option, "--out", str(tmp_path / "out")]) == 2
        assert "is for families of tasks" in capsys.readouterr().err
    assert one_shot(tmp_path, tmp_path / "out") == 2
    assert "learned.npz is not there" in capsys.readouterr().err


def test_weights_of_what_is_no_network_are_refused(tmp_path, capsys):
    assert learn(tmp_path / "out", "--iterations", "2", "--error-module", "none") == 0
    found = results(tmp_path / "out")
    assert found["mse_after"] == found["mse_before"] == found["mse_no_update"]
    assert one_shot(tmp_path / "out", tmp_path / "one-shot") == 2
    assert "error module 'none' is no network" in capsys.readouterr().err
    assert not (tmp_path / "one-shot").exists()


def test_a_folder_with_the_run_of_a_task_is_not_touched(learned, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", "pattern-generation", "--neurons", "8", "--updates", "2", "--quiet",
                 "--out", str(out)]) == 0
    assert one_shot(learned, out) == one_shot(learned, out, "--force") == 2
    assert "holds the run of a task" in capsys.readouterr().err
    assert results(out)["task"] == "pattern-generation"


def test_a_family_of_ones_own(tmp_path):
    """The error falls to less than half of that before the update in 50 iterations."""
    example = EXAMPLES / "own_family.py"
    assert len(example.read_text().splitlines()) < 80
    done = subprocess.run([sys.executable, example, "--iterations", "50", "--quiet", "--out",
                           "out"], cwd=tmp_path, capture_output=True, text=True, timeout=200,
                          env=os.environ | {"XLA_FLAGS": ""})      # to compute takes longest
    assert done.returncode == 0, done.stderr
    found = results(tmp_path / "out")
    assert found["mse_after"] < 0.5 * found["mse_before"]
    assert found["mse_after"] < 0.5 * found["mse_no_update"]
    used = subprocess.run(
        [sys.executable, "-m", "pynn_eprop.cli", "run", "own-family", "--plugin", example,
         "--learned", "out", "--targets", "8", "--quiet", "--out", "one-shot"],
        cwd=tmp_path, capture_output=True, text=True, timeout=200)
    assert used.returncode == 0, used.stderr
    assert not list((tmp_path / "one-shot").glob("*.gif"))      # nothing moves
    shot = results(tmp_path / "one-shot")
    assert shot["mse_after"] < 0.5 * shot["mse_before"]
