"""A population of e-prop cells as a Brian2 group."""

from typing import Any

import numpy as np
from brian2 import NeuronGroup, nA

from pynn_eprop.brian2 import equations
from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.models.inactivity import Inactivity, first_inactive
from pynn_eprop.models.pseudo_derivatives import PseudoDerivative


class SpikingGroup:
    """One population. ``group``: the Brian2 group, whose variables have one entry per cell.

    signals: number of learning signals that lead to it; the group has a variable ``L_r`` for each.
    """

    def __init__(self, size: int, shape: PseudoDerivative, clock: Any) -> None:
        self.size = size
        self.signals = 0
        self.group = NeuronGroup(
            size, equations.CELL_STATE, threshold="z > 0", reset="", clock=clock,
            namespace={"height": shape.height, "width": shape.width, "nA": nA})
        self.group.thresholder["spike"].when = equations.CELLS_SPIKE
        self.group.run_regularly(equations.cell_step(shape), when=equations.CELLS_STEP,
                                 clock=clock)
        self.described: SpikingCells | None = None

    def configure(self, described: SpikingCells, timestep: float) -> None:
        """Take parameters and initial values."""
        self.described = described
        group = self.group
        constants = described.constants(timestep)
        for name in ("alpha", "v_th", "rho", "beta"):
            setattr(group, name, constants[name])
        group.refractory_steps = described.refractory_steps

    def begin(self) -> None:
        """Set the state to that at the start of an interval."""
        described = self.described
        assert described is not None
        group = self.group
        for name in ("a", "z", "h", "silent", "arriving"):
            setattr(group, name, 0.0)
        for name, values in described.initial_state().items():
            setattr(group, name, values)

    def recall_spikes(self) -> None:
        """Put the spikes of the last step into the queues: Brian2 forgets them between runs."""
        spiked = np.flatnonzero(self.array("z") > 0)
        space = self.group.variables["_spikespace"].get_value()
        space[:len(spiked)] = spiked
        space[-1] = len(spiked)

    def add_signal(self) -> int:
        """Add a variable for one more learning signal; returns its number."""
        number = self.signals
        self.group.variables.add_array(f"L_{number}", size=self.size)
        self.signals += 1
        return number

    def read(self, variable: str) -> np.ndarray:
        """A variable now, (size,)."""
        if variable == "learning_signal":
            total = np.zeros(self.size)
            for number in range(self.signals):
                total += self.array(f"L_{number}")
            return total
        return np.array(self.array(variable))

    def array(self, name: str) -> np.ndarray:
        """The group's own array of a variable."""
        return np.asarray(self.group.variables[name].get_value())

    def inactivity(self, population: int, update: int, slopeless: bool) -> tuple[Inactivity, ...]:
        """Inactivity in the update that is being done; ``population``: its index.

        slopeless: whether synapses onto the cells learn by a rule that does not read h.
        """
        spikes = np.array([self.array("n_spikes").sum()])
        slope = None if slopeless else np.array([np.any(self.array("slope_sum") != 0.0)])
        return tuple(first_inactive(population, update, spikes, slope))

    def forget_update(self) -> None:
        """Begin to count spikes and pseudo-derivatives for the next update."""
        self.group.n_spikes = 0.0
        self.group.slope_sum = 0.0

    def rate_term(self, steps: int, timestep: float) -> np.ndarray:
        """C_j = c_reg (f_j - f_target) (eq. 55), f_j in Hz over ``steps``."""
        described = self.described
        assert described is not None
        rate = self.array("n_spikes") / (steps * timestep) * 1000.0
        return np.asarray(described.c_reg) * (rate - np.asarray(described.f_target))
