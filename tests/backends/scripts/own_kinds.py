"""Losses, optimisers and cells that a script brings, which a backend may not have."""

from typing import Any

import numpy as np

from tests.backends.scripts.parts import refusal, small_network
from tests.own_cells import CurrentLIF, registered
from tests.own_kinds import Absolute, Momentum


def refused_kinds(sim: Any) -> dict[str, tuple[list[str], str]]:
    """The errors of parts with a loss, an optimiser or a cell of the script's own."""
    cells = small_network(sim)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="other source")
    target = np.zeros((1, 20))
    makes = {
        "loss": lambda: sim.Population(1, sim.EPropReadout(Absolute(), target=target), label="own"),
        "bias optimizer": lambda: sim.Population(1, sim.EPropReadout(
            target=target, bias_optimizer=Momentum()), label="own"),
        "optimizer": lambda: sim.Projection(
            source, cells, sim.AllToAllConnector(),
            sim.EPropSynapse(weight=0.1, optimizer=Momentum()), label="own"),
        "cell": lambda: sim.Population(2, sim.CurrentLIF(tau_m=10.0)),
        "cell class": lambda: sim.Population(2, sim.CurrentLIF, {"tau_m": 10.0}),
        "EPropLSTM": lambda: sim.Population(2, sim.EPropLSTM(tanh_output=True)),
        "EPropCurrLIF": lambda: sim.Population(2, sim.EPropCurrLIF(tau_syn=3.0)),
        "EPropArtificial": lambda: sim.Population(2, sim.EPropArtificial, {"leak": 0.5}),
    }
    with registered(CurrentLIF):
        return {name: refusal(make) for name, make in makes.items()}
