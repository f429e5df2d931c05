"""Checkpoints: a new process that builds the same network goes on to the identical result."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import pynn_eprop.host as sim
from pynn_eprop.common.files import checkpoints
from pynn_eprop.errors import CheckpointError, RunInterrupted
from pynn_eprop.host import simulator
from tests.host.networks import STEPS, learning_network, recorded, spikes, weights

T = float(STEPS)
ROOT = Path(__file__).parents[2]


def network(precision="float64", **kwargs):
    net = learning_network(precision, trials=2, bias_optimizer="adam", **kwargs)
    noise = sim.Population(3, sim.SpikeSourcePoisson(rate=100.0), label="noise")
    sim.Projection(noise, net.cells, sim.FixedProbabilityConnector(0.5), sim.EPropSynapse(
        weight=0.3), label="noise in")
    net.source = sim.NoisyCurrentSource(mean=0.0, stdev=0.02)
    net.source.inject_into(net.cells)
    net.source.record()
    noise.record("spikes")
    net.noise = noise
    net.cells.record(["spikes", "v"])
    net.readout.record(["loss", "y"])
    return net


def everything(net):
    return [weights(net), spikes(net.cells), spikes(net.noise), recorded(net.cells, "v"),
            recorded(net.readout, "loss"), recorded(net.readout, "y"),
            net.readout.get("bias", simplify=False), net.source.get_data().magnitude,
            sim.num_updates(), sim.get_current_time()]


def same(one, other):
    for left, right in zip(one, other, strict=True):
        if isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right)
        else:
            assert left == right


@pytest.mark.parametrize("precision", ["float32", "float64", "reference"])
@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("at", [3 * T, 3 * T + 13.0])
def test_a_checkpoint_anywhere_continues_identically(tmp_path, precision, boundary, at):
    net = network(precision, boundary=boundary)
    sim.run(at)
    sim.save_checkpoint(tmp_path / "c")
    sim.run(7 * T - at)
    expected = everything(net)
    net = network(precision, boundary=boundary)
    sim.load_checkpoint(tmp_path / "c")
    assert sim.get_current_time() == at
    sim.run(7 * T - at)
    same(everything(net), expected)


def test_learning_switch_and_earlier_segments_come_back(tmp_path):
    net = network()
    sim.run(T)
    sim.reset(keep_weights=True)
    sim.run(T)
    sim.set_learning(False)
    sim.save_checkpoint(tmp_path / "c")
    saved = [segment.filter(name="v")[0].magnitude for segment in net.cells.get_data().segments]
    net = network()
    sim.load_checkpoint(tmp_path / "c")
    found = net.cells.get_data().segments
    assert [segment.name for segment in found] == ["segment000", "segment001"]
    same([segment.filter(name="v")[0].magnitude for segment in found], saved)
    before = weights(net)
    sim.run(2 * T)
    np.testing.assert_array_equal(weights(net), before)


def test_what_is_recorded_in_addition_begins_where_the_checkpoint_was(tmp_path):
    network()
    sim.run(2 * T)
    sim.save_checkpoint(tmp_path / "c")
    net = network()
    net.cells.record("a")
    sim.load_checkpoint(tmp_path / "c")
    sim.run(T)
    segment = net.cells.get_data().segments[0]
    assert float(segment.filter(name="a")[0].t_start) == 2 * T
    assert float(segment.filter(name="v")[0].t_start) == 0.0


def test_setup_keeps_a_checkpoint_at_the_end_of_each_run(tmp_path):
    path = tmp_path / "c"
    net = network(checkpoint=path)
    sim.run(2 * T + 5.0)
    expected = everything(net)
    net = network()
    sim.load_checkpoint(path)
    same(everything(net), expected)
    assert [entry.name for entry in tmp_path.iterdir()] == ["c"]


@pytest.fixture
def written(monkeypatch):
    """Steps at which checkpoints were written."""
    steps = []
    write = checkpoints.write_checkpoint

    def note(path, state):
        steps.append(state.simulation.step)
        write(path, state)

    monkeypatch.setattr(checkpoints, "write_checkpoint", note)
    return steps


def test_a_long_run_keeps_checkpoints(tmp_path, monkeypatch, written):
    monkeypatch.setattr(checkpoints, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(checkpoints, "_WRITING_SHARE", 1e9)
    network(checkpoint=tmp_path / "c")
    monkeypatch.setattr(simulator.state.simulation.pace, "took", lambda steps, seconds: None)
    sim.run(6 * T)
    assert written == [80, 160, 240]


def test_short_runs_do_not_write_each_time_and_end_writes_the_last(tmp_path, monkeypatch, written):
    monkeypatch.setattr(checkpoints, "_SHORTEST_SECONDS", 1e9)
    network(checkpoint=tmp_path / "c")
    for _ in range(5):
        sim.run(T)
    sim.end()
    sim.end()
    assert written == [40, 200]


@pytest.mark.parametrize(("change", "message"), [
    ({"cells": 13}, r"population 1 \(cells\) differs"),
    ({"trials": 3}, "settings differs"),
    ({"loss": "cross_entropy"}, r"population 2 \(readout\) differs"),
    ({"delay": 2.0}, r"projection 0 \(in\) differs"),
    ({"precision": "float32"},
     "written with precision='float64', but this run has precision='float32'"),
    ({"precision": "reference"}, "but this run has machine='reference'; use the same in setup"),
])
def test_other_networks_are_refused_and_nothing_changes(tmp_path, change, message):
    learning_network()
    sim.run(T)
    sim.save_checkpoint(tmp_path / "c")
    net = learning_network(**change)
    before = weights(net)
    with pytest.raises(CheckpointError, match=message):
        sim.load_checkpoint(tmp_path / "c")
    assert sim.get_current_time() == 0.0
    np.testing.assert_array_equal(weights(net), before)


def test_files_that_are_no_checkpoint_are_refused(tmp_path):
    learning_network()
    sim.save_weights(tmp_path / "w")
    (tmp_path / "text").write_text("nothing")
    for name, message in (("w", "not a checkpoint of this version"), ("text", "damaged"),
                          ("none", "does not exist")):
        with pytest.raises(CheckpointError, match=message):
            sim.load_checkpoint(tmp_path / name)


SCRIPT = textwrap.dedent("""
    import sys
    import numpy as np
    import pynn_eprop.host as sim
    from pynn_eprop.errors import RunInterrupted
    from pynn_eprop.common.files import checkpoints
    from tests.host.test_checkpoints import T, network

    checkpoints.CHECKPOINT_SECONDS = 0.1      # instead of 5: the test is to be short
    path, out, resume, intervals = sys.argv[1], sys.argv[2], sys.argv[3] == "resume", 40_000
    net = network("float32", intervals=intervals, checkpoint=path, cells=40)
    net.cells.record(None)
    if resume:
        sim.load_checkpoint(path)
    print("running", flush=True)
    try:
        sim.run_until(intervals * T)
    except RunInterrupted as error:
        print("interrupted:", error, flush=True)
        sys.exit(3)
    np.savez(
        out, loss=net.readout.get_data("loss").segments[0].filter(name="loss")[0].magnitude,
        w=net.projections[1].get("weight", "array"), updates=sim.num_updates())
""")


def start(tmp_path, out, mode):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "c"), str(tmp_path / out), mode],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "running\n", process.communicate()[1]
    return process


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole")
    assert start(path, "whole.npz", "new").wait() == 0
    with np.load(path / "whole.npz") as file:
        return {name: file[name] for name in file.files}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_is_ended_can_be_resumed_to_the_identical_result(tmp_path, uninterrupted,
                                                                    number):
    process = start(tmp_path, "none.npz", "new")
    if number == signal.SIGKILL:
        for _ in range(600):       # checkpoints appear every few seconds
            if (tmp_path / "c").exists() or process.poll() is not None:
                break
            time.sleep(0.01)
    else:
        time.sleep(0.3)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == (-number if number == signal.SIGKILL else 3), errors
    if number != signal.SIGKILL:
        assert re.search(rf"interrupted by signal {int(number)} at \d+ ms; the checkpoint .*/c "
                         r"has everything up to there; go on with load_checkpoint", output)
        at = float(re.search(r"at (\d+) ms", output).group(1))
        assert at % (2 * T) == 0        # between two updates of two trials
    assert not (tmp_path / "none.npz").exists()
    process = start(tmp_path, "resumed.npz", "resume")
    assert process.wait(timeout=120) == 0
    with np.load(tmp_path / "resumed.npz") as file:
        for name, array in uninterrupted.items():
            np.testing.assert_array_equal(file[name], array)


def test_without_a_checkpoint_an_interrupted_run_says_so():
    net = learning_network()
    simulation = simulator.state.simulation
    run = simulation.prepare().run

    def interrupt(*args):
        os.kill(os.getpid(), signal.SIGINT)
        return run(*args)

    simulation.machine.run = interrupt
    with pytest.raises(RunInterrupted, match=r"at 40 ms; nothing was written; setup\(checkpoint="):
        sim.run(5 * T)
    assert isinstance(RunInterrupted(""), KeyboardInterrupt)
    simulation.machine.run = run
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    sim.run(T)
    assert sim.get_current_time() == 2 * T
    assert np.any(weights(net))
