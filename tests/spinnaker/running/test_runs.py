"""Runs without intervals, later recordings, checkpoints and interrupts, on the emulated board."""

import math
import os
import signal
import warnings
from typing import Any

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from evidence.shared.core_scripts import Script, play
from pynn_eprop import errors
from pynn_eprop.common.files import checkpoints
from pynn_eprop.spinnaker.running import stretches
from pynn_eprop.spinnaker.running.loaded_network import LoadedNetwork


def without_intervals(module: Any, **setup: Any) -> tuple[Any, ...]:
    """Poisson inputs, delays of up to 20 steps, readouts that only listen; run in two parts."""
    module.setup(timestep=1.0, seed=1, **setup)
    source = module.Population(5, module.SpikeSourcePoisson(rate=100.0), label="source")
    cells = module.Population(10, module.EPropALIF(v_thresh=0.5), label="cells")
    readout = module.Population(2, module.EPropReadout(loss=None), label="readout")
    some = module.FixedProbabilityConnector(0.5)
    module.Projection(source, cells, some, module.StaticSynapse(
        weight=module.RandomDistribution("normal", mu=0.4, sigma=0.3), delay=2.0))
    module.Projection(cells, cells, some, module.StaticSynapse(
        weight=0.1, delay=module.RandomDistribution("uniform_int", low=1, high=20)))
    module.Projection(cells, readout, module.AllToAllConnector(),
                      module.StaticSynapse(weight=0.2))
    cells.record(["spikes", "v", "a"])
    readout.record("y")
    module.run(50.0)
    module.run(100.0)
    segment = cells.get_data().segments[0]
    spikes = [np.asarray(train.magnitude).tolist() for train in segment.spiketrains]
    return (spikes, *(np.asarray(signal.magnitude) for signal in segment.analogsignals),
            np.asarray(readout.get_data().segments[0].analogsignals[0].magnitude))


def test_a_network_without_intervals_is_that_of_the_host(board):
    expected = without_intervals(host, precision="fixed")
    found = without_intervals(sim)
    sim.end()
    assert sum(map(len, expected[0])) > 100
    assert found[0] == expected[0]
    for ours, theirs in zip(found[1:], expected[1:], strict=True):
        np.testing.assert_array_equal(ours, theirs)


def weights(module: Any) -> list[np.ndarray]:
    simulation = module.simulator.state.simulation
    return [simulation.weights(projection) for projection in simulation.projections]


@pytest.mark.parametrize(("interval", "at", "ahead"), [(40.0, 50.0, 1), (40.0, 40.0, 0),
                                                       (None, 50.0, 1), (None, 0.0, 0)])
def test_parameters_set_while_the_machine_is_ahead_are_warned_of(board, interval, at, ahead):
    """A cell is above its new threshold at once; on the host it spikes at the next step."""
    sim.setup(timestep=1.0, update_interval=interval)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[np.arange(100.0).tolist()]))
    cell = sim.Population(1, sim.EPropLIF(v_thresh=100.0, tau_refrac=1.0), label="cell")
    sim.Projection(source, cell, sim.AllToAllConnector(), sim.StaticSynapse(weight=1.0))
    cell.record("spikes")
    if at:
        sim.run(at)
    cell.set(v_thresh=2.5)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sim.run(20.0)
    texts = [str(each.message) for each in caught if "takes effect" in str(each.message)]
    train, = cell.get_data().segments[0].spiketrains
    sim.run_until(80.0)     # the end of an interval
    sim.end()
    assert len(texts) == (1 if ahead else 0)
    if ahead:
        assert texts[0].startswith("cell: what was set at 50 ms takes effect one step later")
        assert float(train[0]) == at + ahead + 1    # the first step with the new threshold


def test_what_is_recorded_may_change_at_the_end_of_an_update(board):
    script = Script(updates=2)
    play(host, script, precision="fixed")
    play(sim, script)
    for module in (host, sim):
        network = module.simulator.state.simulation.populations[1]
        network.record(None)
        network[5:].record("v")
        module.run(script.duration)
    data = [module.simulator.state.simulation.populations[1].get_data("v").segments[-1]
            .analogsignals[0].magnitude[-script.steps:] for module in (host, sim)]
    np.testing.assert_array_equal(data[1], data[0])
    for ours, theirs in zip(weights(sim), weights(host), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(errors.UnsupportedError, match="within an update or a pause; run"):
        sim.run(3.0)
        sim.simulator.state.simulation.populations[1].record("h")
    with pytest.warns(UserWarning, match="within an interval"):
        sim.end()


def test_a_checkpoint_goes_on_to_the_same_weights(board, tmp_path):
    script = Script(model="EPropALIF", updates=4, readout={"bias": 0.1, "bias_optimizer": "adam"})
    whole = play(sim, script)
    play(sim, script, until=0.5)
    sim.save_checkpoint(tmp_path / "half.npz")
    play(sim, script, until=0.0)
    sim.load_checkpoint(tmp_path / "half.npz")
    assert (sim.get_current_time(), sim.num_updates()) == (script.duration / 2, 2)
    sim.run_until(script.duration)
    assert sim.num_updates() == 4
    names = ("in weight", "recurrent weight", "to readout weight")
    for ours, name in zip(weights(sim), names, strict=False):
        np.testing.assert_array_equal(ours, whole[name])
    spikes = sim.simulator.state.simulation.populations[1].get_data("spikes").segments[-1]
    assert [train.magnitude.tolist() for train in spikes.spiketrains] == whole["spikes"]
    sim.end()


def test_a_run_that_ends_within_an_update_writes_no_checkpoint(board, tmp_path, monkeypatch):
    kept = tmp_path / "kept.npz"
    play(sim, Script(trials=2, updates=2), until=0.0, checkpoint=kept)
    sim.run(60.0)
    assert not kept.exists()
    run = LoadedNetwork.run

    def interrupted(self: LoadedNetwork, first: int, last: int, learning: bool) -> None:
        run(self, first, last, learning)
        os.kill(os.getpid(), signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(LoadedNetwork, "run", interrupted)
        with pytest.raises(errors.RunInterrupted, match="at 70 ms; within an update nothing is"):
            sim.run(10.0)
    assert not kept.exists()
    sim.run(10.0)
    assert kept.exists()
    sim.end()


def test_end_writes_the_checkpoint_of_the_last_short_run(board, tmp_path, monkeypatch):
    for name in ("_SHORTEST_SECONDS", "CHECKPOINT_SECONDS"):    # all runs are short ones
        monkeypatch.setattr(checkpoints, name, math.inf)
    kept = tmp_path / "kept.npz"
    play(sim, Script(updates=3), until=0.0, checkpoint=kept)
    sim.run(40.0)
    after_first = kept.read_bytes()
    sim.run(40.0)
    assert kept.read_bytes() == after_first
    expected = weights(sim)
    sim.end()
    play(sim, Script(updates=3), until=0.0)
    sim.load_checkpoint(kept)
    assert (sim.get_current_time(), sim.num_updates()) == (80.0, 2)
    for ours, theirs in zip(weights(sim), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    sim.end()


def test_an_interrupt_ends_a_run_at_an_update_with_a_checkpoint(board, tmp_path, monkeypatch):
    monkeypatch.setattr(stretches, "STRETCH_MS", 40.0)      # a trial of the script
    kept = tmp_path / "kept.npz"
    script = Script(trials=2, updates=3)
    play(sim, script, until=0.0, checkpoint=kept)
    run = LoadedNetwork.run

    def interrupted(self: LoadedNetwork, first: int, last: int, learning: bool) -> None:
        run(self, first, last, learning)
        if last == script.steps:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(LoadedNetwork, "run", interrupted)
    with pytest.raises(errors.RunInterrupted, match="go on with load_checkpoint"):
        sim.run(script.duration)
    # the update in progress was finished
    assert sim.get_current_time() == 2 * script.steps
    assert sim.num_updates() == 1
    assert kept.exists()
    sim.end()
