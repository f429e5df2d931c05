"""Networks with other inputs than spike times: Poisson, analog values, sPyNNaker's own cells."""

from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop.board_check.networks.drawn import Drawn, Size
from pynn_eprop.board_check.networks.learning import ALIF, LIF
from pynn_eprop.board_check.recorded import Recorded, Spikes, read
from pynn_eprop.models.optimizers import SGD, Adam

RELAY = {"tau_refrac": 0.1, "v_thresh": -64.9, "tau_m": 1.0, "tau_syn_E": 0.3, "tau_syn_I": 1.0}
"""IF_curr_exp that fires one step after each spike that it gets with weight 20."""


def poisson(sim: ModuleType, **setup: Any) -> Recorded:
    """Poisson sources, and synapses that do not learn beside those that do."""
    size = Size(cells=14)
    drawn = Drawn(size, 21)
    sim.setup(timestep=1.0, update_interval=40.0, seed=5, **setup)
    noise = sim.Population(10, sim.SpikeSourcePoisson(rate=150.0), label="noise")
    network = sim.Population(14, sim.EPropALIF(**ALIF), label="network")
    readout = sim.Population(2, sim.EPropReadout(tau_m=20.0, target=drawn.curves()),
                             label="readout")
    everyone = sim.AllToAllConnector(allow_self_connections=False)
    learned = [
        sim.Projection(noise, network, everyone, sim.EPropSynapse(
            weight=drawn.weights(10, 14, 1.5), optimizer=Adam(lr=0.003)), label="in"),
        sim.Projection(network, readout, everyone, sim.EPropSynapse(
            weight=drawn.weights(14, 2), optimizer=SGD(lr=0.001)), label="out")]
    sim.Projection(network, network, sim.FixedProbabilityConnector(0.3),
                   sim.StaticSynapse(weight=0.1, delay=2.0), label="fixed")
    sim.Projection(readout, network, everyone, sim.LearningSignal(weight=drawn.feedback(2, 14)),
                   receptor_type="learning_signal")
    noise.record("spikes")
    network.record(["spikes", "v", "a"])
    readout.record(["y", "loss"])
    sim.run(size.duration)
    return read(noise, network, readout, *learned)


def analog(sim: ModuleType, **setup: Any) -> Recorded:
    """Values that are held for 3 ms each, onto cells and readouts, beside spikes."""
    size = Size(intervals=4)
    drawn, adam = Drawn(size, 22), Adam(lr=0.003)
    sim.setup(timestep=1.0, update_interval=40.0, trials_per_update=2, seed=1, **setup)
    clock = sim.Population(5, sim.SpikeSourceArray(spike_times=drawn.spike_times()), label="clock")
    values = sim.Population(4, sim.AnalogSource(drawn.values(4, int(size.duration) // 3),
                                                frame_duration=3.0, repeats=False), label="values")
    network = sim.Population(12, sim.EPropLIF(**LIF), label="network")
    readout = sim.Population(2, sim.EPropReadout(tau_m=20.0, target=drawn.curves()),
                             label="readout")
    everyone = sim.AllToAllConnector(allow_self_connections=False)
    learned = [
        sim.Projection(pre, post, everyone, sim.EPropSynapse(
            weight=drawn.weights(pre.size, post.size, scale), optimizer=adam),
            label=f"{pre.label} to {post.label}")
        for pre, post, scale in ((clock, network, 1.3), (values, network, 0.1),
                                 (network, readout, 1.0), (values, readout, 0.1))]
    sim.Projection(readout, network, everyone, sim.LearningSignal(weight=drawn.feedback(2, 12)),
                   receptor_type="learning_signal")
    network.record(["spikes", "v", "learning_signal"])
    readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(network, readout, *learned)


def beside_native_cells(sim: ModuleType, **setup: Any) -> Recorded:
    """Cells that learn between two populations of sPyNNaker's own, which relay their spikes."""
    sim.setup(timestep=1.0, update_interval=50.0, seed=1, **setup)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=GIVEN), label="source")
    relay = sim.Population(2, sim.IF_curr_exp(**RELAY), label="relay")
    sim.Projection(source, relay, sim.OneToOneConnector(), sim.StaticSynapse(weight=20.0))
    network, learned = _teach(sim, relay)
    listener = sim.Population(5, sim.IF_curr_exp(**RELAY), label="listener")
    sim.Projection(network, listener, sim.OneToOneConnector(), sim.StaticSynapse(weight=20.0))
    for population in (network, listener):
        population.record("spikes")
    sim.run(100.0)
    heard = listener.get_data("spikes").segments[0].spiketrains
    return {**read(network, *learned), "listener spikes": Spikes(tuple(
        tuple(np.asarray(train.rescale("ms").magnitude).tolist()) for train in heard))}


def without_native_cells(sim: ModuleType, **setup: Any) -> Recorded:
    """What :func:`beside_native_cells` must give: relays fire a step later, listeners again."""
    sim.setup(timestep=1.0, update_interval=50.0, seed=1, **setup)
    relay = sim.Population(2, sim.SpikeSourceArray(
        spike_times=[[time + 1.0 for time in row] for row in GIVEN]), label="relay")
    network, learned = _teach(sim, relay)
    network.record("spikes")
    sim.run(100.0)
    found = read(network, *learned)
    spikes = found["network spikes"]
    assert isinstance(spikes, Spikes)
    # what a listener does in the pause after an interval is not in script time
    return {**found, "listener spikes": Spikes(tuple(
        tuple(time + 1.0 for time in train if (time + 1.0) % 50.0) for train in spikes.trains))}


GIVEN = [[3.0, 10.0, 12.0, 30.0, 64.0, 81.0], [7.0, 11.0, 24.0, 27.0, 55.0, 70.0]]
"""Spike times of the sources in ms."""


def _teach(sim: ModuleType, pre: Any) -> tuple[Any, list[Any]]:
    """Five cells with plastic synapses from ``pre``, and readouts that teach them."""
    network = sim.Population(5, sim.EPropLIF(v_thresh=0.4), label="network")
    readout = sim.Population(2, sim.EPropReadout(
        target=np.sin(np.arange(50.0))[np.newaxis] * np.ones((2, 1))), label="readout")
    adam, everyone = Adam(lr=0.01), sim.AllToAllConnector()
    learned = [
        sim.Projection(pre, network, everyone, sim.EPropSynapse(weight=0.5, optimizer=adam),
                       label="in"),
        sim.Projection(network, readout, everyone, sim.EPropSynapse(weight=0.3, optimizer=adam),
                       label="out")]
    sim.Projection(readout, network, everyone, sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    return network, learned
