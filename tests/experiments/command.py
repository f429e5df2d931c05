"""Running ``pynn-eprop`` in a process of its own, on networks small enough for tests."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ENDLESS = 10_000_000
SMALL = {
    "pattern-generation": ["--neurons", "12"],
    "store-recall": ["--neurons", "6", "--set", "trials_per_update=4", "--set", "n_periods=6",
                     "--set", "validation_trials=16", "--set", "confirmation_answers=30",
                     "--keep-training"],
}


def arguments(task, out, updates, *more):
    return [sys.executable, "-m", "pynn_eprop.cli", "run", task, *SMALL.get(task, []),
            "--out", str(out), "--updates", str(updates), *more]


def run(task, out, updates, *more):
    """The finished process."""
    return subprocess.run(arguments(task, out, updates, *more), capture_output=True, text=True,
                          timeout=120)


def interrupt(task, out, number: signal.Signals, *more, after_updates=20):
    """Start an endless run, send it a signal when it has saved some updates, and wait for it."""
    process = subprocess.Popen(
        arguments(task, out, ENDLESS, "--checkpoint-every", "0.2", *more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 60.0
        while saved_updates(out) < after_updates:
            assert process.poll() is None, process.stderr.read()
            assert time.monotonic() < deadline, "the run does not get going"
            time.sleep(0.02)
        os.kill(process.pid, number)
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def saved_updates(out):
    """Updates in the state on disk, 0 without one."""
    try:
        progress = json.loads((Path(out) / "state" / "progress.json").read_text())
    except FileNotFoundError:
        return 0
    return len(progress["history"]["error"])


def results(out):
    return json.loads((Path(out) / "results.json").read_text())


def weights(out):
    with np.load(Path(out) / "weights.npz") as file:
        return {name: file[name] for name in file.files}
