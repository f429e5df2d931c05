"""``pynn-eprop run --backend spinnaker``: the machine that the user's configuration names.

Here it is a board in software that was started beside, as the manual says; the expected results
are those of the host engine in fixed point.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from pynn_eprop import cli
from tests.boards import board_process

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

ROOT = Path(__file__).parents[3]
TASK = ("pattern-generation", "--updates", "2", "--set", "n_neurons=40", "--set", "interval=200")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A user's folder whose configuration names a board that runs."""
    with board_process("--chips", "4") as board:
        (tmp_path / ".spynnaker.cfg").write_text(board.configuration)
        yield tmp_path
        board.process.send_signal(signal.SIGTERM)
        assert board.process.wait(20) == 0


def arguments(home: Path, name: str, *options: str) -> list[str]:
    return ["run", *TASK, "--out", str(home / name), "--quiet", *options]


def outcome(folder: Path) -> tuple[dict, dict]:
    """Results and weights of a run of the task."""
    with np.load(folder / "weights.npz") as weights:
        return json.loads((folder / "results.json").read_text()), dict(weights)


def test_the_configured_machine_learns_the_same_bits_as_the_host(home):
    done = subprocess.run([sys.executable, "-m", "pynn_eprop.cli",
                           *arguments(home, "machine", "--backend", "spinnaker")],
                          cwd=home, capture_output=True, text=True,
                          env={**os.environ, "HOME": str(home), "PYTHONPATH": str(ROOT)})
    assert done.returncode == 0, done.stderr
    assert cli.main(arguments(home, "host", "--backend", "host", "--precision", "fixed")) == 0
    results, weights = outcome(home / "machine")
    expected, expected_weights = outcome(home / "host")
    assert results["backend"] == "spinnaker"
    assert weights.keys() == expected_weights.keys()
    for name, values in expected_weights.items():
        np.testing.assert_array_equal(weights[name], values, err_msg=name)
    for name in ("error_curve", "loss_curve"):
        assert results[name] == expected[name] and len(results[name]) == 2
