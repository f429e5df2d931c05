"""`pynn-eprop run --backend nest`, in a process of its own."""

import json
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

COMMAND = (sys.executable, "-m", "pynn_eprop.cli", "run")
PATTERN = ("pattern-generation", "--neurons", "20", "--updates", "6", "--quiet")


def run(*words):
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A task on NEST and on the host, with the input that NEST gets."""
    base = tmp_path_factory.mktemp("runs")
    for backend, options in (("nest", ()), ("host", ("--precision", "float64",
                                                     "--set", "clock_start=5"))):
        finished = run(*PATTERN, "--backend", backend, *options, "--out", str(base / backend))
        assert finished.returncode == 0, finished.stderr
    return base


def results(folder):
    return json.loads((folder / "results.json").read_text())


def test_pattern_generation_gives_the_hosts_curve(folders):
    nest, host = results(folders / "nest"), results(folders / "host")
    assert (nest["backend"], nest["precision"], nest["updates"]) == ("nest", "float64", 6)
    assert nest["parameters"]["clock_start"] == 5.0
    # Adam's eps stands elsewhere in NEST (a warning says so)
    np.testing.assert_allclose(nest["error_curve"], host["error_curve"], rtol=1e-6)
    assert nest["error_curve"][-1] < nest["error_curve"][0]


def test_weights_and_figures_are_written(folders):
    for name in ("weights.npz", "recording.nix", "figure.png", "report.html"):
        assert (folders / "nest" / name).stat().st_size > 0
    with np.load(folders / "nest" / "weights.npz") as nest, \
            np.load(folders / "host" / "weights.npz") as host:
        assert nest.files == host.files
        for name in nest.files:
            # Adam's steps differ if a gradient is hardly more than eps
            assert np.mean(np.abs(nest[name] - host[name]) > 1e-6) < 0.06, name


def test_a_finished_run_is_kept_and_cannot_go_on(folders):
    again = run(*PATTERN, "--backend", "nest", "--out", str(folders / "nest"), "--resume")
    assert again.returncode == 0
    more = run("pattern-generation", "--neurons", "20", "--updates", "7", "--quiet", "--backend",
               "nest", "--out", str(folders / "nest"), "--resume")
    assert more.returncode == 2
    assert "a backend that keeps no checkpoint" in more.stderr


@pytest.mark.parametrize(("words", "reason"), [
    (("store-recall", "--backend", "nest"), "validated with learning switched off"),
    ((*PATTERN, "--backend", "nest", "--precision", "float32"), "has no precision 'float32'"),
    ((*PATTERN, "--backend", "nest", "--feedback", "symmetric"), "symmetric=True"),
    ((*PATTERN, "--backend", "nest", "--set", "clock_start=2"), "NEST has already run to"),
])
def test_what_nest_cannot_do_is_one_line(tmp_path, words, reason):
    finished = run(*words, "--out", str(tmp_path / "out"))
    assert finished.returncode == 2
    last = finished.stderr.strip().splitlines()[-1]
    assert last.startswith("pynn-eprop: error: ") and reason in last


def test_an_interrupt_ends_the_run_after_the_update_in_progress(tmp_path):
    out = tmp_path / "out"
    with subprocess.Popen([*COMMAND, "pattern-generation", "--neurons", "20", "--updates",
                           "100000", "--quiet", "--backend", "nest", "--checkpoint-every", "0.1",
                           "--out", str(out)], stderr=subprocess.PIPE, text=True) as running:
        deadline = time.monotonic() + 60.0
        while not (out / "learning_curve.csv").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        message = running.communicate(timeout=60)[1]
    assert running.returncode == 130
    assert "keeps no checkpoint, only the learning curve so far" in message
    assert "--force" in message
    assert len((out / "learning_curve.csv").read_text().splitlines()) > 1
