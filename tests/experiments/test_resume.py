"""Interrupted runs: exit statuses, what is saved, and that going on gives the identical result."""

import signal

import numpy as np
import pytest

from tests.experiments.command import interrupt, results, run, saved_updates, weights


def check_identical(task, out, tmp_path, more_updates, *options):
    """Resume ``out`` for some updates and compare it with a run in one go, bit for bit."""
    updates = saved_updates(out) + more_updates
    resumed = run(task, out, updates, "--resume", *options)
    assert resumed.returncode == 0, resumed.stderr
    straight = run(task, tmp_path / "straight", updates, *options)
    assert straight.returncode == 0, straight.stderr
    first, second = results(out), results(tmp_path / "straight")
    for name in ("updates", "error_curve", "loss_curve", "training_error_curve", "solved_after",
                 "confirmations"):
        assert first[name] == second[name], name
    one, other = weights(out), weights(tmp_path / "straight")
    assert one.keys() == other.keys()
    for name, weight in one.items():
        assert np.array_equal(weight, other[name], equal_nan=True), name


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_after_the_update_and_says_how_to_go_on(number, status, tmp_path):
    out = tmp_path / "run"
    process = interrupt("pattern-generation", out, number)
    assert process.returncode == status, process.stderr
    updates = saved_updates(out)
    last = process.stderr.splitlines()[-2:]
    assert f"{number.name}: stopped after {updates} of" in last[0]
    assert last[1].strip().startswith("pynn-eprop run pattern-generation")
    assert last[1].endswith("--resume")
    assert "Traceback" not in process.stderr
    curve = (out / "learning_curve.csv").read_text().splitlines()
    assert len(curve) == updates + 1
    check_identical("pattern-generation", out, tmp_path, 20)


@pytest.mark.parametrize(("task", "options", "more_updates"), [
    ("pattern-generation", ["--precision", "float64", "--feedback", "window-20ms"], 30),
    ("store-recall", ["--feedback", "symmetric"], 5),
])
def test_a_killed_run_goes_on_to_the_identical_result(task, options, more_updates, tmp_path):
    out = tmp_path / "run"
    process = interrupt(task, out, signal.SIGKILL, *options)
    assert process.returncode == -signal.SIGKILL
    refused = run(task, out, 30, *options)
    assert refused.returncode == 2 and "use --resume to go on" in refused.stderr
    check_identical(task, out, tmp_path, more_updates, *options)


def test_a_finished_run_can_be_lengthened(tmp_path):
    assert run("pattern-generation", tmp_path / "run", 15).returncode == 0
    check_identical("pattern-generation", tmp_path / "run", tmp_path, 15)


def test_another_run_is_not_resumed(tmp_path):
    assert run("pattern-generation", tmp_path, 5, "--seed", "1").returncode == 0
    refused = run("pattern-generation", tmp_path, 5, "--seed", "2", "--resume")
    assert refused.returncode == 2
    assert "seed: 1 there, 2 asked for" in refused.stderr


def test_a_product_that_was_lost_is_written_again(tmp_path):
    assert run("pattern-generation", tmp_path, 5).returncode == 0
    before = weights(tmp_path)
    (tmp_path / "report.html").unlink()
    again = run("pattern-generation", tmp_path, 5, "--resume")
    assert again.returncode == 0, again.stderr
    assert (tmp_path / "report.html").exists()
    assert results(tmp_path)["updates"] == 5
    for name, weight in weights(tmp_path).items():
        assert np.array_equal(weight, before[name])


def test_a_damaged_checkpoint_says_what_to_do(tmp_path):
    assert run("pattern-generation", tmp_path, 5).returncode == 0
    checkpoint, = (tmp_path / "state").glob("checkpoint-*.npz")
    checkpoint.write_bytes(checkpoint.read_bytes()[:1000])
    refused = run("pattern-generation", tmp_path, 8, "--resume")
    assert refused.returncode == 2
    assert "is damaged" in refused.stderr and "use --force to start again" in refused.stderr


@pytest.mark.parametrize("seconds", ["nan", "-1", "inf", "soon"])
def test_seconds_between_checkpoints_are_a_number_from_0_on(seconds, tmp_path):
    refused = run("pattern-generation", tmp_path / "run", 5, "--checkpoint-every", seconds)
    assert refused.returncode == 2 and "is not a number of seconds" in refused.stderr
    assert not (tmp_path / "run").exists()
