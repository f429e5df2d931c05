"""Several processes share the trials of updates: the same bits, and ends that lose nothing."""

import json
import os
import re
import signal
import sys
import time
import warnings

import numpy as np
import pytest

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.errors import InactivityWarning, UnsupportedError
from pynn_eprop.host.control import check_shared
from pynn_eprop.host.machines import MachineKind, Precision
from pynn_eprop.host.simulator import HostOptions
from tests.experiments import command
from tests.experiments.command import ENDLESS, arguments, saved_updates, weights
from tests.host.processes.everything import everything, warned
from tests.host.processes.mpirun import COMMAND, ranks, run, start

SCRIPT = (sys.executable, "-m", "tests.host.processes.everything")


def test_all_results_are_the_same_bits_for_any_number_of_processes(tmp_path):
    """In each process those of one alone; the script covers what an update is made of.

    Warnings are the first one's, also of what another has seen.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InactivityWarning)
        expected = everything()
    sentences = warned()
    for name, part in (("sloped", "no cell spiked .* its pseudo-derivative was not 0 everywhere"),
                       ("flat", "no cell spiked .* the pseudo-derivative of all was 0"),
                       ("leaping", r"the pseudo-derivative was 0 .*\(12\.5 Hz over 80 ms\)")):
        (sentence,) = sentences[name]
        assert re.search(part, sentence), sentence
    for processes in (2, 3, 4):
        status, _, errors = run(processes, *SCRIPT, str(tmp_path))
        assert status == 0, errors
        for rank in range(processes):
            found = json.loads((tmp_path / f"{processes}-{rank}.json").read_text())
            assert found["everything"] == expected, (rank, processes)
            assert found["warned"] == (sentences if rank == 0 else {name: [] for name in sentences})


@pytest.mark.parametrize(("what", "message"), [
    ("network", "the processes have different networks or inputs"),
    ("end", r"process 1 ends (ValueError: only here)")])
def test_processes_that_differ_end_with_an_error(what, message):
    status, _, errors = run(2, *SCRIPT, what, seconds=30.0)
    assert status != 0
    assert message in errors


def begun(processes, out, updates, *more):
    """A run that has saved more than so many updates."""
    process = start(processes, *COMMAND, *arguments("store-recall", out, ENDLESS, "--quiet",
                                                    "--checkpoint-every", "0.2", *more))
    deadline = time.monotonic() + 60.0
    while saved_updates(out) <= updates:
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline, "the run does not get going"
        time.sleep(0.02)
    return process


def test_interrupted_and_killed_runs_go_on_with_any_number_of_processes(tmp_path):
    """SIGINT in two processes, one of three killed, the rest in one: the result is one run's."""
    out, whole = tmp_path / "out", tmp_path / "whole"
    interrupted = begun(2, out, 5)
    interrupted.send_signal(signal.SIGINT)
    _, errors = interrupted.communicate(timeout=30)
    assert interrupted.returncode == 128 + signal.SIGINT
    assert errors.count("SIGINT: stopped after") == 1       # one process says it
    first = saved_updates(out)
    killed = begun(3, out, first + 3, "--resume")
    victims = ranks(killed)
    assert len(victims) == 3
    os.kill(victims[1], signal.SIGKILL)
    killed.communicate(timeout=10)
    assert killed.returncode != 0
    second = saved_updates(out)
    assert second > first
    done = command.run("store-recall", out, second + 2, "--resume")
    assert done.returncode == 0, done.stderr
    reference = command.run("store-recall", whole, second + 2)
    assert reference.returncode == 0, reference.stderr
    expected = weights(whole)
    for name, found in weights(out).items():
        np.testing.assert_array_equal(found, expected[name])
    assert (out / "learning_curve.csv").read_bytes() == (whole / "learning_curve.csv").read_bytes()


def test_what_cannot_be_shared_is_refused_once(tmp_path):
    status, _, errors = run(2, *COMMAND, "run", "pattern-generation", "--out", str(tmp_path / "o"))
    assert status == 2
    assert errors.count("2 processes share the trials of an update, but there are "
                        "trials_per_update=1") == 1


@pytest.mark.parametrize(("options", "host", "message"), [
    ({}, HostOptions(precision=Precision.FIXED), "precision='fixed' runs in one process"),
    ({}, HostOptions(machine=MachineKind.REFERENCE, precision=Precision.FLOAT64),
     "machine='reference' runs in one process"),
    ({"boundary": "continuous"}, HostOptions(), "boundary='continuous' runs in one process"),
    ({"update_interval": None}, HostOptions(), "no update_interval runs in one process"),
])
def test_a_simulation_without_trials_to_share_is_refused(options, host, message):
    shared = SharedOptions(**{"update_interval": 10.0, "trials_per_update": 4, **options})
    check_shared(shared, host, 1)
    with pytest.raises(UnsupportedError, match=message):
        check_shared(shared, host, 2)
