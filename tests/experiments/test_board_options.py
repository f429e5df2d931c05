"""``pynn-eprop run`` on SpiNNaker: keywords of ``setup()``, and conditions of an emulated board.

Expected results are those of the host in fixed point.
"""

import shlex
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.spinnaker.simulation as spinnaker
from pynn_eprop.cli import BAD_INPUT, _parser, main
from pynn_eprop.errors import EmulatorError, ParameterError
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.spinnaker.control import KEYWORDS
from pynn_eprop.spinnaker.options import read_options
from tests.experiments.command import results, weights

WORDS = ["run", "pattern-generation", "--neurons", "12", "--seed", "3", "--updates", "2",
         "--set", "interval=100", "--quiet"]
CONDITIONS = {"core_numbers": 4, "dead_cores": ((0, 0, 3), (0, 0, 6)), "dead_chips": ((1, 1),)}
SETUP = {"time_scale_factor": 2, "n_boards_required": 1, "pause": 30.0, "max_rate": 80.0,
         "neurons_per_core": 5}


def options(option: str, values: dict[str, Any]) -> list[str]:
    return [word for name, value in values.items() for word in (option, f"{name}={value}")]


@pytest.mark.parametrize("backend", ["spinnaker", "emulator"])
def test_keywords_reach_setup(backend, tmp_path):
    given = Configuration("pattern-generation", backend, setup=tuple(SETUP.items()))
    keywords = given.setup_keywords(tmp_path)
    assert keywords.keys() <= {*KEYWORDS}
    read = read_options(**keywords)
    assert (read.pause, read.max_rate, read.neurons_per_core) == (30.0, 80.0, 5)
    assert read.spynnaker == {"time_scale_factor": 2, "n_boards_required": 1}
    assert read.quiet and read.refuse_virtual_board


def test_a_run_with_keywords_and_conditions(tmp_path, monkeypatch, capfd):
    loaded: list[Any] = []
    attach = spinnaker.LoadedNetwork.attach
    monkeypatch.setattr(spinnaker.LoadedNetwork, "attach",
                        lambda self: loaded.append(self) or attach(self))
    out, expected = tmp_path / "board", tmp_path / "host"
    command = [*WORDS, "--backend", "emulator", *options("--setup", SETUP),
               *options("--condition", CONDITIONS), "--out", str(out)]
    assert main(command) == 0
    assert main([*WORDS, "--precision", "fixed", "--out", str(expected)]) == 0
    for name, values in weights(expected).items():
        np.testing.assert_array_equal(weights(out)[name], values, err_msg=name)
    # as they were given: 3 cores of 5 cells, of readouts one; no chip that is dead
    assert [core.size for core in loaded[0].plan.cores if core.binary == "eprop_neuron"] == [5, 5,
                                                                                           2]
    assert loaded[0].plan.pause_update == 30
    # and in the folder
    described = results(out)
    assert described["configuration"]["conditions"] == {
        "core_numbers": 4, "dead_cores": [[0, 0, 3], [0, 0, 6]], "dead_chips": [[1, 1]]}
    again = _parser().parse_args(shlex.split(described["command"])[1:])
    assert dict(again.condition) == CONDITIONS
    assert dict(again.setup) == SETUP
    capfd.readouterr()
    without = [*WORDS, "--backend", "emulator", *options("--setup", SETUP), "--resume", "--out",
               str(out)]
    assert main(without) == BAD_INPUT
    assert "holds another run (conditions: {'core_numbers': 4, " in capfd.readouterr().err


@pytest.mark.parametrize(("more", "message"), [
    (["--setup", "pauze=30"], "setup(): unknown keyword pauze=30; did you mean 'pause'? valid "
     "keywords are boundary, "),
    (["--setup", "time_scale_factor=0"], "setup(): time_scale_factor=0 must be a number > 0"),
    (["--condition", "core_number=4"], "there is no condition 'core_number'; did you mean"),
    (["--condition", "dead_chips=0,0"], "condition dead_chips: chip (0, 0) has the Ethernet link"),
])
def test_what_is_refused_before_work(more, message, tmp_path, capfd):
    out = tmp_path / "out"
    assert main([*WORDS, "--backend", "emulator", *more, "--out", str(out)]) == BAD_INPUT
    assert capfd.readouterr().err.startswith(f"pynn-eprop: error: {message}")
    assert [path for path in out.rglob("*") if path.name != "lock" and path.is_file()] == []


def test_conditions_of_other_backends():
    with pytest.raises(ParameterError, match="conditions monitors: backend 'spinnaker' has none, "
                       "as they are of a board in software; choose backend 'emulator'"):
        Configuration("pattern-generation", "spinnaker", conditions=(("monitors", True),))
    with pytest.raises(EmulatorError, match="monitors='on' must be bool"):
        Configuration("pattern-generation", "emulator", conditions=(("monitors", "on"),))
    assert "conditions" not in Configuration("pattern-generation", "emulator").identity()


@pytest.mark.parametrize(("task", "more"), [("copy-repeat", []),
                                            ("arm-movement", ["--learned", "folder"])])
def test_conditions_of_other_kinds_of_tasks(task, more, capfd):
    assert main(["run", task, *more, "--condition", "monitors=True"]) == BAD_INPUT
    assert f"run {task}: --condition is " in capfd.readouterr().err
