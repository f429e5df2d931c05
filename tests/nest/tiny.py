"""One input cell, one cell that learns, one readout: small enough to follow every spike."""

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop import SGD

STEPS = 20


@dataclass
class Tiny:
    """The parts of the network. times: of input, ms at steps of 1 ms; keywords are passed on."""

    times: tuple[float, ...] = (5.0, 25.0, 45.0)
    intervals: int = 2
    setup: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, Any] = field(default_factory=dict)
    readout: dict[str, Any] = field(default_factory=dict)
    synapse: dict[str, Any] = field(default_factory=dict)
    signal: dict[str, Any] = field(default_factory=dict)
    to_readout: bool = False

    def build(self, sim: ModuleType) -> "Network":
        """The network on a backend."""
        host = sim.__name__ == "pynn_eprop.host"
        setup = {"timestep": 1.0, "update_interval": float(STEPS), **self.setup}
        setup.pop("quirks" if host else "precision", None)
        sim.setup(**({"precision": "float64"} if host else {}) | setup)
        return Network(sim, self)


class Network:
    """The populations and projections."""

    def __init__(self, sim: ModuleType, plan: Tiny) -> None:
        self.sim = sim
        synapse = {"weight": 0.5, "optimizer": SGD(lr=0.1), **plan.synapse}
        self.input = sim.Population(1, sim.SpikeSourceArray(
            spike_times=[sim.Sequence(plan.times)]), label="input")
        self.cell = sim.Population(1, sim.EPropLIF(**{"tau_refrac": 0.0, **plan.cells}),
                                   label="cell")
        target = np.linspace(0.1, 1.0, STEPS)[None]
        self.readout = sim.Population(1, sim.EPropReadout(**{"target": target, **plan.readout}),
                                      label="readout")
        connector = sim.AllToAllConnector()
        self.forward = sim.Projection(self.input, self.cell, connector, sim.EPropSynapse(**synapse),
                                      label="in")
        self.out = sim.Projection(self.cell, self.readout, connector,
                                  sim.EPropSynapse(**{**synapse, "weight": 0.3}), label="out")
        self.direct = None
        if plan.to_readout:
            self.direct = sim.Projection(self.input, self.readout, connector,
                                         sim.EPropSynapse(**{**synapse, "weight": 0.2}),
                                         label="direct")
        sim.Projection(self.readout, self.cell, connector,
                       sim.LearningSignal(**plan.signal or {"weight": 0.7}),
                       receptor_type="learning_signal", label="back")

    def weight(self, projection: Any) -> float:
        """Of the one synapse."""
        return float(projection.get("weight", "list", with_address=False)[0])

    def samples(self, population: Any, variable: str) -> list[float]:
        """Recorded samples."""
        segment = population.get_data(variable).segments[0]
        return [float(value) for value in segment.filter(name=variable)[0].magnitude[:, 0]]


def run_tiny(sim: ModuleType, plan: Tiny) -> dict[str, Any]:
    """Run all intervals: v, y and weights."""
    network = plan.build(sim)
    network.cell.record("v")
    network.readout.record("y")
    sim.run(float(plan.intervals * STEPS))
    found = {"v": network.samples(network.cell, "v"), "y": network.samples(network.readout, "y"),
             "in": network.weight(network.forward), "out": network.weight(network.out)}
    if network.direct is not None:
        found["direct"] = network.weight(network.direct)
    return found
