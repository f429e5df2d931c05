"""A network that takes as many cores of a board as one wants."""

from typing import Any

import numpy as np

from pynn_eprop import Adam

INTERVAL = 20.0


def build(sim: Any, cores: int, **setup: Any) -> Any:
    """A network on so many cores of ours, two cells each; returns its input projection."""
    on_cores = {} if "precision" in setup else {"quiet": True, "neurons_per_core": 2}
    sim.setup(timestep=1.0, update_interval=INTERVAL, seed=1, **on_cores, **setup)
    source = sim.Population(5, sim.SpikeSourceArray(spike_times=[
        [1.0 + k, 21.0 + k, 41.0 + k, 61.0 + k] for k in range(5)]), label="source")
    cells = sim.Population(2 * (cores - 1), sim.EPropLIF(v_thresh=0.4), label="cells")
    readout = sim.Population(2, sim.EPropReadout(target=np.ones((2, int(INTERVAL)))),
                             label="readout")
    everyone, adam = sim.AllToAllConnector(), Adam(lr=0.01)
    learned = sim.Projection(source, cells, everyone,
                             sim.EPropSynapse(weight=0.25, optimizer=adam), label="in")
    sim.Projection(cells, readout, everyone, sim.EPropSynapse(weight=0.03125, optimizer=adam))
    sim.Projection(readout, cells, everyone, sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    cells.record("spikes")
    readout.record("loss")
    return learned
