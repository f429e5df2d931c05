"""The examples, unchanged, on an emulated SpiNNaker board: what the host computes in fixed point.

By the documented command line in a process of its own, with the board in another and sPyNNaker's
configuration as ``pynn-eprop board`` prints it; and by ``main()``, array by array.
"""

import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as spinnaker
from pynn_eprop.emulator import Board
from tests.boards import board_process
from tests.examples.test_examples import EXAMPLES, NAMES, load

SIZES = {
    "pattern_generation": {"updates": 3, "neurons": 50},
    "store_recall": {"updates": 1, "trials": 2},
    "nest_regression": {"updates": 2},
    "nest_classification": {"updates": 1},
}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")      # saturations


def run(name: str, backend: str, **more: Any) -> tuple[np.ndarray, ...]:
    """The result of ``main()``, with the keywords that the command line's options stand for."""
    options = {f"n_{option}": value for option, value in SIZES[name].items()}
    found = load(name).main(backend=backend, **options, **more)
    return found if isinstance(found, tuple) else (found,)


def weights(module: ModuleType) -> list[np.ndarray]:
    simulation = module.simulator.state.simulation
    return [simulation.weights(projection) for projection in simulation.projections]


@pytest.fixture
def in_fixed_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the host compute as cores do, whatever precision an example asks for."""
    def setup(*, precision: str = "", **keywords: Any) -> int:
        return int(original(precision="fixed", **keywords))

    original = host.setup
    monkeypatch.setattr(host, "setup", functools.wraps(original)(setup))


@pytest.mark.parametrize("name", NAMES)
def test_examples_give_on_cores_what_the_host_gives_in_fixed_point(name, in_fixed_point):
    with Board(chips=4, real_time=False):
        found = run(name, "spinnaker")
    learned = weights(spinnaker)
    expected = run(name, "host")
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(learned, weights(host), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home folder with the lines that ``pynn-eprop board`` prints, while that serves."""
    folder = tmp_path_factory.mktemp("home")
    with board_process("--chips", "4", "--fast") as board:
        (folder / ".spynnaker.cfg").write_text(board.configuration)
        yield folder


@pytest.mark.parametrize("name", NAMES)
def test_examples_from_the_command_line(name, home, tmp_path, in_fixed_point, capsys):
    options = [word for option, value in SIZES[name].items()
               for word in (f"--{option}", str(value))]
    process = subprocess.run(
        [sys.executable, str(EXAMPLES / f"{name}.py"), "spinnaker", *options, "--figure",
         "figure.png"], cwd=tmp_path, env={**os.environ, "HOME": str(home)},
        capture_output=True, text=True, timeout=200)
    assert process.returncode == 0, process.stderr[-3000:]
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    capsys.readouterr()
    run(name, "host")
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == 1
    assert process.stdout.endswith(printed)
