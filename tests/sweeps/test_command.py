"""``pynn-eprop sweep``: killed, interrupted, extended, and refused before work."""

import csv
import gc
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import dask
import psutil
import pytest

from pynn_eprop import cli
from pynn_eprop.errors import ResultsError
from pynn_eprop.sweeps import Ended, Run, command, run_all, runs

TASK = ["pattern-generation", "--neurons", "12", "--grid", "lr=0.001,0.01"]
UPDATES = "4000"    # which take seconds, so that runs can be met at work


def start(out, *more):
    return subprocess.Popen(
        [sys.executable, "-m", "pynn_eprop.cli", "sweep", *TASK, "--out", str(out), "--quiet",
         "--checkpoint-every", "0.1", *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)


def finish(process):
    try:
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    return process.returncode, output, errors


def run_in_work(sweep, out):
    """The process of a run that has saved something, and is not finished."""
    deadline = time.monotonic() + 60.0
    while time.monotonic() < deadline:
        assert sweep.poll() is None, sweep.communicate()
        for process in psutil.Process(sweep.pid).children(recursive=True):
            try:
                line = process.cmdline()
            except psutil.Error:
                continue
            if "run" in line and "--resume" in line and (
                    Path(line[line.index("--out") + 1]) / "state" / "progress.json").exists():
                return process
        time.sleep(0.1)
    raise AssertionError("no run gets going")


def measures(out):
    with open(out / "runs.csv", encoding="utf-8") as lines:
        return [(row["lr"], row["seed"], row["finished"], row["error_last50"])
                for row in csv.DictReader(lines)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Two runs, with two workers."""
    out = tmp_path_factory.mktemp("sweep") / "out"
    status, output, errors = finish(start(out, "--updates", UPDATES, "--seeds", "1",
                                          "--workers", "2"))
    assert (status, errors) == (0, "")
    return out, output


def test_table_figure_and_runs(undisturbed, tmp_path):
    out, output = undisturbed
    assert output == (out / "sweep.txt").read_text()
    lines = output.splitlines()
    assert lines[0].split() == ["series", "runs", "error_last50:", "median", "least", "largest"]
    assert [line.split()[:4] for line in lines[1:]] == [
        ["lr=0.001", "1", "of", "1"], ["lr=0.01", "1", "of", "1"]]
    assert (out / "sweep.png").stat().st_size > 10_000 and (out / "sweep.svg").exists()
    # a run of a sweep is the run of its command
    folder = out / "runs" / "lr=0.01,seed=1"
    alone = tmp_path / "alone"
    assert cli.main(["run", "pattern-generation", "--neurons", "12", "--seed", "1", "--set",
                     "lr=0.01", "--updates", UPDATES, "--out", str(alone), "--quiet"]) == 0
    curves = [json.loads((each / "results.json").read_text())["error_curve"]
              for each in (folder, alone)]
    assert len(curves[0]) == int(UPDATES) and curves[0] == curves[1]


def test_killed_worker_and_killed_sweep_lose_nothing(undisturbed, tmp_path):
    """A worker by hand, later the whole; the same command then gives the same table."""
    out = tmp_path / "out"
    options = ("--updates", UPDATES, "--seeds", "1", "--workers", "1")
    sweep = start(out, *options)
    run = run_in_work(sweep, out)
    worker = run.parent()
    assert worker.pid != sweep.pid
    worker.kill()
    assert psutil.wait_procs([run], timeout=20)[0]      # it has saved its work
    after = run_in_work(sweep, out)
    assert after.pid != run.pid and after.parent().pid != worker.pid
    sweep.kill()
    sweep.communicate()
    assert psutil.wait_procs([after], timeout=20)[0]
    done = {path.parent: path.stat().st_mtime_ns for path in out.glob("runs/*/results.json")}
    assert len(done) < 2
    status, _, errors = finish(start(out, *options))
    assert (status, errors) == (0, "")
    assert measures(out) == measures(undisturbed[0])
    assert {folder: (folder / "results.json").stat().st_mtime_ns for folder in done} == done


def test_waiting_costs_no_memory(tmp_path, monkeypatch):
    """However often it looks whether one of many runs has ended: objects come from runs alone."""
    def sleep(*unused):
        time.sleep(0.2)
        return Ended(0, "")

    monkeypatch.setattr(runs, "run_line", sleep)
    monkeypatch.setattr(runs, "_LOOK_SECONDS", 0.001)
    line = "pynn-eprop run pattern-generation --out DIR"
    objects = []
    run_all([Run(line, tmp_path / str(number)) for number in range(10)],
            progress=lambda run, ended: objects.append(len(gc.get_objects())))
    assert objects[8] - objects[2] < 3000


def test_workers_on_this_computer_take_little_time_from_the_runs():
    """Settings reach them; with dask's own they take 3% of a processor each, and wait only."""
    with runs._client(1, None) as client:
        measured, = client.run(dask.config.get, "distributed.worker.profile.enabled").values()
        often, = client.run(dask.config.get, "distributed.admin.tick.interval").values()
    assert (measured, often) == (False, "500ms")


def test_a_signal_saves_all_work(tmp_path):
    """To the group of processes, as a terminal and ``timeout`` send it."""
    out = tmp_path / "out"
    sweep = start(out, "--updates", "1000000", "--seeds", "1", "--workers", "2")
    run = run_in_work(sweep, out)
    os.killpg(sweep.pid, signal.SIGTERM)
    status, output, errors = finish(sweep)
    assert (status, output) == (128 + signal.SIGTERM, "")
    assert "SIGTERM: the runs in work have saved it; 2 are to be done" in errors
    assert not run.is_running()


def test_more_seeds_are_added_to_what_is_there(undisturbed):
    out, _ = undisturbed
    before = {path: path.stat().st_mtime_ns for path in out.glob("runs/*/results.json")}
    assert len(before) == 2
    assert cli.main(["sweep", *TASK, "--updates", UPDATES, "--seeds", "1-2", "--workers", "2",
                     "--out", str(out), "--quiet"]) == 0
    assert len(list(out.glob("runs/*/results.json"))) == 4
    assert {path: path.stat().st_mtime_ns for path in before} == before


def test_a_run_that_fails_leaves_the_others(tmp_path, capsys):
    out = tmp_path / "out"
    folder = out / "runs" / "lr=0.001,seed=1"
    folder.parent.mkdir(parents=True)
    folder.write_text("a file, not a folder")
    assert cli.main(["sweep", *TASK, "--updates", "2", "--out", str(out), "--quiet",
                     "--workers", "1"]) == 1
    printed = capsys.readouterr()
    assert "lr=0.001,seed=1 ended with status 2" in printed.err and "is a file" in printed.err
    assert "lr=0.01   1 of 1" in printed.out and "lr=0.001  0 of 1" in printed.out


def test_a_sweep_fails_if_a_signal_has_ended_one_run(tmp_path, monkeypatch, capsys):
    """One that the sweep has not had itself."""
    def run_all(runs, workers, scheduler, more, progress):
        for run in runs:
            progress(run, Ended(143, "SIGTERM: stopped"))

    monkeypatch.setattr(command, "run_all", run_all)
    assert cli.main(["sweep", *TASK, "--updates", "2", "--out", str(tmp_path), "--quiet"]) == 1
    assert "lr=0.01,seed=1 ended with status 143: SIGTERM: stopped" in capsys.readouterr().err


@pytest.mark.parametrize("arguments, message", [
    (["--seeds", "1-"], "'1-' is neither a number nor a range"),
    (["--seeds", "1", "--seed", "2"], "--seeds or --seed, not both"),
    (["--grid", "lrr=1"], "no parameter 'lrr'"),
    (["--grid", "rule=nothing"], "nothing"),
    (["--grid", "neurons=5.5"], "neurons=5.5 must be a whole number"),
    (["--grid", "backend=host,moon"], "moon"),
    (["--grid", "setup.seed=1,2"], "the run gives seed to setup"),
    (["--grid", "lr=0.1", "--set", "lr=0.2"], "lr is in --set and in --grid"),
    (["--grid", "data=a/b,a:b"], "two runs would have the folder"),
    (["--workers", "0"], "workers=0 must be 1 or more"),
    (["--workers", "1", "--scheduler", "tcp://127.0.0.1:1"], "a --scheduler has its own"),
    (["--force"], "--force would throw away"),
    (["--measure", "eror_last50"], "'eror_last50' is not a number in results.json; choose one of "
     "['error_last50', 'solved_after', 'seconds_training', 'neurons']"),
])
def test_refusals_come_before_any_work(arguments, message, tmp_path, capsys):
    task = "speech" if "data=a/b,a:b" in arguments else "pattern-generation"
    out = tmp_path / "out"
    assert cli.main(["sweep", task, "--out", str(out), *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


def test_a_scheduler_that_does_not_answer(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("pynn_eprop.sweeps.runs.ANSWER", "1s")
    assert cli.main(["sweep", *TASK, "--out", str(tmp_path / "out"), "--quiet", "--scheduler",
                     "tcp://127.0.0.1:1"]) == 2
    assert "'tcp://127.0.0.1:1' does not answer" in capsys.readouterr().err


def test_a_folder_with_another_run_is_refused(tmp_path):
    run = Run("pynn-eprop run a --seed 1 --out DIR", tmp_path)
    (tmp_path / "results.json").write_text(json.dumps({"command": "pynn-eprop run a --seed 2"}))
    with pytest.raises(ResultsError, match="holds another run"):
        run_all([run])
    (tmp_path / "results.json").write_text(json.dumps({"command": run.command}))
    assert run_all([run]) == [None]
    (tmp_path / "results.json").write_text("{")
    with pytest.raises(ResultsError, match="cannot be read"):
        run_all([run])
