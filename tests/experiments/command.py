"""Running ``pynn-eprop`` in a process of its own, on networks small enough for tests.

Its imports take longer than most of these runs: processes are forked from one that has done them.
Those that are interrupted begin as a user's do.
"""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.experiments.command", "pynn_eprop.cli", "pynn_eprop.host"])

ENDLESS = 10_000_000
SMALL = {
    "pattern-generation": ["--neurons", "12"],
    "store-recall": ["--neurons", "6", "--set", "trials_per_update=4", "--set", "n_periods=6",
                     "--set", "validation_trials=16", "--set", "confirmation_answers=30",
                     "--keep-training"],
}


def arguments(task, out, updates, *more):
    return ["run", task, *SMALL.get(task, []), "--out", str(out), "--updates", str(updates), *more]


def run(task, out, updates, *more):
    """The finished process."""
    return forked(arguments(task, out, updates, *more))


def forked(words, seconds=120.0, cwd="."):
    """The finished process of ``pynn-eprop`` with these words, in a folder."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder, name) for name in ("output", "errors")]
        process = _FORKS.Process(target=_main, args=(words, os.path.abspath(cwd), *files))
        process.start()
        process.join(seconds)
        if process.exitcode is None:
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(words, seconds)
        return subprocess.CompletedProcess(words, process.exitcode,
                                           *(file.read_text() for file in files))


def _main(words, folder, *files):
    """In that process: what ``python -m pynn_eprop.cli`` does."""
    for descriptor, file in enumerate(files, start=1):
        os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT), descriptor)
    from pynn_eprop.cli import main

    os.chdir(folder)
    sys.path.insert(0, folder)
    sys.argv = ["pynn-eprop", *words]
    sys.exit(main())


def interrupt(task, out, number: signal.Signals, *more, after_updates=20):
    """Start an endless run, send it a signal when it has saved some updates, and wait for it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "pynn_eprop.cli",
         *arguments(task, out, ENDLESS, "--checkpoint-every", "0.2", *more)],
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
