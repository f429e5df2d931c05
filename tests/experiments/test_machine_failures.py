"""``pynn-eprop run --backend emulator`` when a core fails: what is left, and the message."""

import json
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.emulator
from pynn_eprop.cli import main
from pynn_eprop.emulator.layout import CpuState
from pynn_eprop.spinnaker.running.loaded_network import LoadedNetwork
from tests.experiments.command import results, run, weights

WORDS = ["run", "pattern-generation", "--neurons", "12", "--seed", "3", "--updates", "3"]


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of the run, from 1 on, before which the watchdog stops a core; put it there."""
    boards, runs, which = [], [], []

    class Board(pynn_eprop.emulator.Board):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            boards.append(self)

    original = LoadedNetwork.run

    def fail(self: LoadedNetwork, *arguments: Any) -> None:
        runs.append(self)
        if len(runs) in which:
            board = boards[-1]
            core = next(core for core in board.status().cores if core.application == "eprop_neuron")
            with board.server.lock:
                chip = board.machine.monitors[core.x, core.y].chip
                chip.set_state(core.core, CpuState.WATCHDOG)
        original(self, *arguments)

    monkeypatch.setattr(pynn_eprop.emulator, "Board", Board)
    monkeypatch.setattr(LoadedNetwork, "run", fail)
    return which


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_run_keeps_what_it_has_and_goes_on_to_the_same_result(failing, tmp_path, capfd):
    out = tmp_path / "out"
    failing.append(3)       # one update a run at first: two are done
    command = [*WORDS, "--backend", "emulator", "--out", str(out), "--quiet"]
    assert main(command) == 1
    lines = capfd.readouterr().err.splitlines()
    assert lines[0] == "pynn-eprop: error: the run from 2000 to 3000 ms failed:"
    assert lines[1].startswith("cells[0:12] on core 0,0,")
    assert lines[1].endswith(": it hung, and the watchdog stopped it")
    assert lines[2] == f"All that cores printed and counted is in {out / 'failure'}."
    assert lines[3] == "What was recorded up to 2000 ms can still be read, and so can the " \
        "weights after update 2."
    assert lines[4].startswith(f"2 updates are in {out}. To go on:")
    assert lines[5].strip().startswith("pynn-eprop run pattern-generation --backend emulator")
    assert lines[5].endswith("--resume") and len(lines) == 6
    assert {path.name for path in (out / "failure").iterdir()} >= {"report.txt", "counters.csv"}

    left = results(out)
    assert left["failure"].splitlines() == [
        lines[0].removeprefix("pynn-eprop: error: "), *lines[1:4]]
    assert left["updates"] == len(left["error_curve"]) == len(left["loss_curve"]) == 2
    assert len((out / "learning_curve.csv").read_text().splitlines()) == 3
    twin = tmp_path / "twin"
    assert main([*WORDS[:-1], "2", "--precision", "fixed", "--out", str(twin), "--quiet"]) == 0
    assert left["error_curve"] == results(twin)["error_curve"]
    same_weights(out, twin)

    failing.clear()
    assert main([*command, "--resume"]) == 0
    whole = tmp_path / "whole"
    assert main([*WORDS, "--precision", "fixed", "--out", str(whole), "--quiet"]) == 0
    found = json.loads((out / "results.json").read_text())
    assert "failure" not in found
    assert found["error_curve"] == results(whole)["error_curve"]
    same_weights(out, whole)


def test_a_quiet_run_prints_the_result_line_only(tmp_path):
    process = run("pattern-generation", tmp_path / "out", 1, "--backend", "emulator", "--quiet")
    assert (process.returncode, process.stderr) == (0, "")
    line, = process.stdout.splitlines()
    assert line.startswith("pattern-generation seed 1 emulator fixed: 1 updates, nMSE ")


def same_weights(one, other) -> None:
    expected = weights(other)
    for name, values in weights(one).items():
        np.testing.assert_array_equal(values, expected[name])
