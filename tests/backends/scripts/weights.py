"""Weights as they were given, and as they act."""

from typing import Any

import numpy as np

from tests.backends.scripts.parts import refusal


def acting_weights(sim: Any, learns: bool) -> tuple[list[Any], list[Any], tuple[list[str], str]]:
    """Weights and acting weights before and after an interval; the error of setting the latter."""
    sim.setup(timestep=1.0, update_interval=20.0)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[3.0]), label="source")
    cells = sim.Population(2, sim.EPropLIF(), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, 20))), label="readout")
    synapse = sim.EPropSynapse(weight=np.array([[0.3, 1e-5], [-0.2, 0.0]]),
                               optimizer="adam" if learns else None)
    forward = sim.Projection(source, cells, sim.AllToAllConnector(), synapse, label="in")
    sim.Projection(cells, readout, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.1),
                   receptor_type="learning_signal")

    def read() -> list[Any]:
        return [forward.get(name, "list", with_address=False)
                for name in ("weight", "acting_weight")]

    before = read()
    sim.run(20.0)
    return before, read(), refusal(lambda: forward.set(acting_weight=0.1))
