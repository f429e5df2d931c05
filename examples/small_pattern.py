"""A small network that learns to generate a sine, for examples with something of their own.

``own_cell.py``, ``own_jax_cells.py``, ``own_rule.py`` and ``own_optimizer.py`` import it when they
are run as scripts.
"""

import numpy as np

import pynn_eprop.host as host

trial, n_inputs = 200.0, 10       # ms


def train(name, cells, n_cells, n_updates, sim=host, machine="engine", **plastic):
    """The error of each update, normalised by the variance of the target; prints where it arrives.

    cells: the cell type, of the backend sim. machine: of the host backend. plastic: of all synapses
    that learn, such as ``optimizer``.
    """
    rng = np.random.default_rng(1)
    choice = {"machine": machine} if sim is host else {}
    sim.setup(timestep=1.0, update_interval=trial, seed=1, **choice)
    target = np.sin(2.0 * np.pi * np.arange(1.0, trial + 1.0) / trial)[np.newaxis]
    clock = sim.Population(n_inputs, sim.SpikeSourceArray(spike_times=[
        np.concatenate([trial * k + np.arange(20.0 * i, 20.0 * (i + 1), 4.0)
                        for k in range(n_updates)]) for i in range(n_inputs)]))
    network = sim.Population(n_cells, cells)
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=target))
    every = sim.AllToAllConnector()
    for pre, post, width in ((clock, network, 2.0), (network, readout, 0.5)):
        weight = rng.normal(0.0, width / np.sqrt(pre.size), (pre.size, post.size))
        sim.Projection(pre, post, every, sim.EPropSynapse(weight=weight, **plastic))
    sim.Projection(readout, network, every, sim.LearningSignal(
        weight=rng.normal(0.0, 1.0, (1, n_cells))), receptor_type="learning_signal")
    readout.record("loss")
    sim.run(n_updates * trial)
    loss = readout.get_data("loss").segments[0].analogsignals[0].magnitude[:, 0]
    sim.end()
    error = 2.0 * loss / target.size / np.var(target)
    print(f"{name}: nMSE {error[0]:.3f} at first, {error[-5:].mean():.3f} in the last 5")
    return error
