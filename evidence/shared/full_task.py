"""Task 1.1 at its full size on a backend: 600 cells, all to all, 20 inputs, three readouts."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop import Adam
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.task_network import TaskNetwork

UPDATES = 8


def play_task(sim: ModuleType, neurons: int | None = None) -> dict[str, Any]:
    """Spikes, v of 20 cells, losses and final weights of the first updates.

    The inputs' clock is the one that NEST gets, and Adam's eps stands where NEST has it.
    """
    configuration = Configuration("pattern-generation", backend="nest", neurons=neurons)
    task = configuration.build_task()
    plan = replace(task.network(1, configuration.build_feedback(), True),
                   optimizer=Adam(lr=task.lr, eps_hat=True))
    setup = {"precision": "float64"} if sim.__name__ == "pynn_eprop.host" else {}
    network = TaskNetwork(sim, plan, 1, setup)
    cells = network.cells["cells"]
    network.record("loss")
    cells.record("spikes")
    cells[:20].record("v")
    network.run(task.training_trials(1, 0, UPDATES))
    segment = cells.get_data().segments[0]
    loss = network.take().loss
    return {"cells/spikes": [train.magnitude.tolist() for train in segment.spiketrains],
            "cells/v": np.asarray(segment.filter(name="v")[0].magnitude), "readout/loss": loss,
            **{f"{label}/weights": projection.get("weight", "array")
               for label, projection in network.projections.items()}}
