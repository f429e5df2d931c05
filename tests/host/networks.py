"""Small networks for the tests, built through the script interface."""

from types import SimpleNamespace

import numpy as np

import pynn_eprop.host as sim
from pynn_eprop import Adam
from tests.arithmetic import arithmetic

STEPS = 40


def learning_network(precision="float64", trials=1, seed=3, boundary="reset", optimizer=None,
                     cells=12, feedback=None, delay=None, bias_optimizer=None, loss="mse",
                     intervals=200, **setup):
    """Clock, ALIF cells, two readouts; 40 steps an interval; weights from the test's own seed."""
    sim.setup(timestep=1.0, update_interval=float(STEPS), trials_per_update=trials, seed=seed,
              boundary=boundary, **arithmetic(precision), **setup)
    rng = np.random.default_rng(11)
    times = [np.flatnonzero(rng.random(STEPS * intervals) < 0.3).astype(float) for _ in range(5)]
    target = np.sin(np.arange(STEPS) / 5.0) * np.array([[0.7], [-0.4]])
    if loss == "cross_entropy":
        target = np.stack([np.arange(STEPS) < 20, np.arange(STEPS) >= 20]).astype(float)
    net = SimpleNamespace(target=target)
    net.clock = sim.Population(5, sim.SpikeSourceArray(
        spike_times=[sim.Sequence(row) for row in times]), label="clock")
    net.cells = sim.Population(cells, sim.EPropALIF(
        v_thresh=0.6, tau_refrac=2.0, c_reg=0.01, beta=0.1, tau_a=100.0), label="cells")
    net.readout = sim.Population(2, sim.EPropReadout(
        tau_m=15.0, loss=loss, target=target, bias_optimizer=bias_optimizer), label="readout")
    synapse = {"optimizer": optimizer or Adam(lr=0.01), "delay": delay}
    net.projections = [
        sim.Projection(net.clock, net.cells, sim.AllToAllConnector(), sim.EPropSynapse(
            weight=rng.normal(size=(5, cells)) * 0.6, **synapse), label="in"),
        sim.Projection(net.cells, net.cells, sim.AllToAllConnector(allow_self_connections=False),
                       sim.EPropSynapse(weight=rng.normal(size=(cells, cells)) * 0.2, **synapse),
                       label="recurrent"),
        sim.Projection(net.cells, net.readout, sim.AllToAllConnector(), sim.EPropSynapse(
            weight=rng.normal(size=(cells, 2)) * 0.3, **synapse), label="out"),
    ]
    net.feedback = sim.Projection(
        net.readout, net.cells, sim.AllToAllConnector(),
        feedback or sim.LearningSignal(weight=rng.normal(size=(2, cells))),
        receptor_type="learning_signal", label="back")
    return net


def weights(net):
    """All weights, one array."""
    return np.concatenate([np.array(projection.get("weight", "list", with_address=False))
                           for projection in net.projections])


def recorded(population, variable):
    """Samples of a variable in the segment that runs, (samples, cells)."""
    return population.get_data(variable).segments[-1].filter(name=variable)[0].magnitude


def spikes(population):
    """Spike times of each cell, in ms."""
    return [train.magnitude.tolist() for train in population.get_data("spikes")
            .segments[-1].spiketrains]
