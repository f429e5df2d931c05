"""A virtual board: networks are mapped and nothing is computed, and whoever runs one is warned."""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.spinnaker as sim
from pynn_eprop import cli, errors
from tests.spinnaker.virtual import virtual_board

T = 20.0


@pytest.fixture(autouse=True)
def board(tmp_path: Path) -> Iterator[None]:
    with virtual_board(tmp_path):
        yield
        sim.end()


def network(**setup: Any) -> tuple[Any, Any, Any, Any]:
    """A source, cells that learn, readouts, and the synapses between the first two."""
    sim.setup(timestep=1.0, update_interval=T, **setup)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[3.0, 23.0]), label="source")
    cells = sim.Population(3, sim.EPropLIF(), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, int(T)))), label="readout")
    everyone = sim.AllToAllConnector()
    synapses = sim.Projection(source, cells, everyone, sim.EPropSynapse(weight=2.0), label="in")
    sim.Projection(cells, readout, everyone, sim.EPropSynapse(weight=0.5), label="out")
    sim.Projection(readout, cells, everyone, sim.LearningSignal(weight=1.0),
                   receptor_type="learning_signal", label="back")
    source.record("spikes")
    cells.record(["spikes", "v"])
    readout.record(["target", "loss"])
    return source, cells, readout, synapses


def warnings_of(action: Any) -> list[str]:
    """Warnings of an action that are about the board."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        action()
    return [str(each.message) for each in found if "virtual" in str(each.message)]


def test_a_run_warns_once_and_there_is_nothing_but_what_the_script_gave(tmp_path):
    source, cells, readout, synapses = network(checkpoint=tmp_path / "checkpoint.npz")
    message, = warnings_of(lambda: sim.run(T))
    assert message.startswith("sPyNNaker's configuration has virtual_board = True, and on a "
                              "virtual board nothing is computed; the network was mapped, and "
                              "nothing else")
    assert "machine_name" in message and "pynn_eprop.emulator.Board" in message
    assert warnings_of(lambda: sim.run(T)) == []
    assert sim.get_current_time() == 2 * T and sim.num_updates() == 0
    assert synapses.get("weight", "list", with_address=False) == [2.0] * 6
    assert synapses.get("gradient", "list", with_address=False) == [0.0] * 6
    # every cell would have spiked at 4 ms
    segment = cells.get_data().segments[0]
    assert [len(train) for train in segment.spiketrains] == [0, 0, 0]
    assert set(cells.get_spike_counts().values()) == {0}
    np.testing.assert_array_equal(segment.filter(name="v")[0].magnitude, np.zeros((1, 3)))
    assert [train.magnitude.tolist() for train in source.get_data().segments[0].spiketrains] \
        == [[3.0, 23.0]] * 2
    signals = readout.get_data().segments[0]
    np.testing.assert_array_equal(signals.filter(name="target")[0].magnitude[1:],
                                  np.ones((2 * int(T), 1)))
    assert not (tmp_path / "checkpoint.npz").exists()
    with pytest.raises(errors.SimulationError, match="a virtual board computes nothing, so that"):
        sim.save_checkpoint(tmp_path / "saved.npz")


def test_what_is_set_after_a_run_and_a_reset_is_mapped_again():
    _, cells, _, synapses = network()
    warnings_of(lambda: sim.run(T))
    sim.reset()
    synapses.set(weight=40.0)       # beyond the format of before
    cells.record("h")
    assert warnings_of(lambda: sim.run(T)) == []
    assert synapses.get("weight", "list", with_address=False) == [40.0] * 6
    assert len(cells.get_data().segments) == 2


def test_native_cells_have_no_data():
    source, *_ = network()
    native = sim.Population(2, sim.IF_curr_exp(), label="native")
    sim.Projection(source, native, sim.OneToOneConnector(), sim.StaticSynapse(5.0, 1.0))
    native.record("spikes")
    assert len(warnings_of(lambda: sim.run(T))) == 1
    assert native.get_spike_counts() == {0: 0, 1: 0} or set(
        native.get_spike_counts().values()) <= {0}


def test_a_script_can_refuse_it():
    with pytest.raises(errors.SetupError, match=r"setup\(\): sPyNNaker's configuration has "
                                                "virtual_board = True, and on a virtual board "
                                                "nothing is computed"):
        sim.setup(timestep=1.0, virtual_board="refuse")
    with pytest.raises(errors.SetupError, match="virtual_board='no' is unknown; choose one of"):
        sim.setup(timestep=1.0, virtual_board="no")


def test_the_command_line_refuses_it_before_work_starts(tmp_path, capsys):
    sizes = ["--neurons", "10", "--updates", "1"]
    assert cli.main(["run", "pattern-generation", "--backend", "spinnaker", *sizes,
                     "--out", str(tmp_path / "out")]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    assert said.startswith("pynn-eprop: error: setup(): sPyNNaker's configuration has "
                           "virtual_board = True") and "--backend emulator" in said
    assert [path for path in (tmp_path / "out").rglob("*") if path.suffix] == []
    assert cli.main(["compare", "pattern-generation", "--backends", "spinnaker", *sizes,
                     "--out", str(tmp_path / "compared")]) == cli.BAD_INPUT
    comparison = json.loads((tmp_path / "compared" / "comparison.json").read_text())
    assert "virtual_board = True" in json.dumps(comparison)
