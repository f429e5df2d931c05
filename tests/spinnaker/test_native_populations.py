"""sPyNNaker's own cells beside those that learn, on an emulated board."""

import pickle

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

import pynn_eprop.host as host
import pynn_eprop.spinnaker as sim
from pynn_eprop import Adam

T = 50.0
# a cell that fires one step after each input spike
RELAY = {"tau_refrac": 0.1, "v_thresh": -64.9, "tau_m": 1.0, "tau_syn_E": 0.3, "tau_syn_I": 1.0}


def times(population, segment: int = -1) -> list[list[float]]:
    trains = population.get_data("spikes").segments[segment].spiketrains
    return [np.asarray(train.magnitude).tolist() for train in trains]


def test_pauses_are_taken_out_of_what_native_cells_did(board, tmp_path):
    sim.setup(timestep=1.0, update_interval=T, seed=1)
    given = [[0.0, 5.0, 46.0, 49.0, 99.0, 120.0], [10.0, 20.0, 51.0]]
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=given))
    relay = sim.Population(2, sim.IF_curr_exp(**RELAY), label="relay")
    sim.Projection(source, relay, sim.OneToOneConnector(), sim.StaticSynapse(weight=20.0))
    learning = sim.Population(3, sim.EPropLIF(), label="learning")
    teach(sim, source, learning)
    relay.record(["spikes", "v"])
    sim.run(70.0)
    sim.run(80.0)
    # the answers to the inputs at 49 and 99 ms fall into pauses, which script time does not have
    assert times(relay) == [[1.0, 6.0, 47.0, 121.0], [11.0, 21.0, 52.0]]
    assert relay.get_data("v").segments[0].analogsignals[0].shape == (150, 2)
    relay.write_data(str(tmp_path / "relay.pkl"), "spikes")
    with (tmp_path / "relay.pkl").open("rb") as file:
        written = pickle.load(file).segments[0].spiketrains
    assert [train.magnitude.tolist() for train in written] == times(relay)
    sim.reset()
    sim.run(T)
    assert times(relay, 0) == [[1.0, 6.0, 47.0, 121.0], [11.0, 21.0, 52.0]]
    assert times(relay, 1) == [[1.0, 6.0, 47.0], [11.0, 21.0]]
    sim.end()


def teach(module, pre, network) -> None:
    """Plastic synapses from ``pre``, and a readout that teaches."""
    readout = module.Population(2, module.EPropReadout(
        target=np.sin(np.arange(T))[np.newaxis] * np.ones((2, 1))), label="readout")
    adam, everyone = Adam(lr=0.01), module.AllToAllConnector()
    module.Projection(pre, network, everyone,
                      module.EPropSynapse(weight=0.5, optimizer=adam), label="in")
    module.Projection(network, readout, everyone,
                      module.EPropSynapse(weight=0.3, optimizer=adam), label="out")
    module.Projection(readout, network, everyone, module.LearningSignal(weight=0.5),
                      receptor_type="learning_signal", label="signal")


@pytest.mark.parametrize("cores", [1, 3])
def test_native_cells_feed_and_hear_cells_that_learn(board, cores):
    """The native relay fires a step after the source: the same network with a source that does."""
    given = [[3.0, 10.0, 12.0, 30.0], [7.0, 11.0, 24.0, 27.0]]
    host.setup(timestep=1.0, update_interval=T, seed=1, precision="fixed")
    source = host.Population(2, host.SpikeSourceArray(
        spike_times=[[t + 1.0 for t in row] for row in given]), label="relay")
    network = host.Population(5, host.EPropLIF(v_thresh=0.4), label="network")
    teach(host, source, network)
    network.record("spikes")
    host.run(2 * T)
    expected = times(network), host.simulator.state.simulation.weights(
        host.simulator.state.simulation.projections[0])
    assert sum(map(len, expected[0])) > 10

    sim.setup(timestep=1.0, update_interval=T, seed=1, neurons_per_core=-(-5 // cores))
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=given), label="source")
    relay = sim.Population(2, sim.IF_curr_exp(**RELAY), label="relay")
    sim.Projection(source, relay, sim.OneToOneConnector(), sim.StaticSynapse(weight=20.0))
    network = sim.Population(5, sim.EPropLIF(v_thresh=0.4), label="network")
    teach(sim, relay, network)
    listener = sim.Population(5, sim.IF_curr_exp(**RELAY), label="listener")
    sim.Projection(network, listener, sim.OneToOneConnector(), sim.StaticSynapse(weight=20.0))
    network.record("spikes")
    listener.record("spikes")
    sim.run(2 * T)
    state = sim.simulator.state.simulation
    learned = next(p for p in state.projections if p.label == "in")
    assert times(network) == expected[0]
    np.testing.assert_array_equal(state.weights(learned), expected[1])
    # heard a step later, unless that step is in a pause
    assert times(listener) == [[t + 1.0 for t in row if (t + 1.0) % T] for row in expected[0]]
    sim.end()
