"""Recorded traces of a rule of one's own, which JAX computes and NumPy goes over once more."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import pynn_eprop.jax as sim
from pynn_eprop import SGD, PostsynapticFactor
from pynn_eprop.errors import SimulationError

CELLS, STEPS = 2, 10


@dataclass(frozen=True)
class ForCells(PostsynapticFactor):
    """Its P is a list with a number for each cell, where one for each synapse is asked for."""

    name: ClassVar[str] = "for cells"
    needs: ClassVar[tuple[str, ...]] = ("v",)

    def factor(self, memory, cells):
        return [0.5] * CELLS, memory


def test_a_rule_that_fails_when_traces_are_recorded_is_named():
    sim.setup(timestep=1.0, update_interval=float(STEPS))
    sources = sim.Population(3, sim.SpikeSourceArray(spike_times=[2.0, 4.0]))
    cells = sim.Population(CELLS, sim.EPropLIF())
    readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, STEPS))))
    everywhere = sim.AllToAllConnector()
    inputs = sim.Projection(sources, cells, everywhere, sim.EPropSynapse(
        weight=0.1, rule=ForCells(), optimizer=SGD(lr=0.01)), label="inputs")
    sim.Projection(readout, cells, everywhere, sim.LearningSignal(weight=1.0),
                   receptor_type="learning_signal")
    sim.run(float(STEPS))       # without a recording it is a rule that JAX computes
    assert np.all(inputs.get("gradient", format="array") != 0.0)
    inputs.record("eligibility_trace")
    with pytest.raises(SimulationError, match=r"inputs: eligibility\(\) of rule 'for cells' "
                                              "failed: ValueError"):
        sim.run(float(STEPS))
