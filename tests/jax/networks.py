"""A small network that learns, in JAX."""

from types import SimpleNamespace
from typing import Any

import numpy as np

import pynn_eprop.jax as sim
from pynn_eprop import SGD

STEPS = 20
T = float(STEPS)


def learning_network(signal: bool = True, **setup: Any) -> SimpleNamespace:
    """Inputs, cells and a readout after setup(); ``signal``: with a learning signal."""
    sim.setup(timestep=1.0, update_interval=T, seed=3, **setup)
    rng = np.random.default_rng(7)
    source = sim.Population(5, sim.SpikeSourceArray(
        spike_times=[np.arange(1.0 + each, 10 * T, 4.0) for each in range(5)]), label="source")
    cells = sim.Population(6, sim.EPropLIF(v_thresh=0.5), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, STEPS))), label="readout")
    everyone = sim.AllToAllConnector(allow_self_connections=False)
    plastic = [sim.Projection(pre, post, everyone, sim.EPropSynapse(
        weight=rng.normal(0.2, 0.2, (pre.size, post.size)), optimizer=SGD(lr=0.01)))
        for pre, post in ((source, cells), (cells, cells), (cells, readout))]
    if signal:
        sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(
            weight=rng.normal(size=(1, 6))), receptor_type="learning_signal")
    return SimpleNamespace(cells=cells, readout=readout, plastic=plastic)


def weights(net: SimpleNamespace) -> np.ndarray:
    """All weights that learn."""
    return np.concatenate([each.get("weight", "array").ravel() for each in net.plastic])
