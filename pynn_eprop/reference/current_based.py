"""PyNN's IF_curr_delta and IF_curr_exp: cells that spike and never learn."""

import numpy as np

from pynn_eprop.models.cells import CurrentBasedCells, CurrExpCells
from pynn_eprop.reference.component import Component


class CurrentBasedState(Component):
    """State of one population; v in mV and synaptic currents in nA, shape (size,)."""

    variables = ("v", "isyn_exc", "isyn_inh", "z", "silent")

    def __init__(self, population: CurrentBasedCells, timestep: float) -> None:
        self.timestep = timestep
        self.configure(population)
        self.reset()

    def reset(self) -> None:
        """The initial state. These cells are not reset at the end of an interval."""
        population, size = self.population, self.population.size
        self.v = np.array(population.v_initial, dtype=float)
        self.isyn_exc = np.zeros(size)
        self.isyn_inh = np.zeros(size)
        if isinstance(population, CurrExpCells):
            self.isyn_exc = np.array(population.isyn_exc_initial, dtype=float)
            self.isyn_inh = np.array(population.isyn_inh_initial, dtype=float)
        self.z = np.zeros(size)
        self.silent = np.zeros(size, dtype=int)

    def configure(self, population: CurrentBasedCells) -> None:
        """Take the parameters."""
        self.population = population
        tau_m = np.asarray(population.tau_m, dtype=float)
        self.decay = np.exp(-self.timestep / tau_m)
        self.resistance = tau_m / np.asarray(population.cm, dtype=float)  # ms / nF = MOhm
        if isinstance(population, CurrExpCells):
            self.decay_exc, self.drive_exc = self._synapse(population.tau_syn_E)
            self.decay_inh, self.drive_inh = self._synapse(population.tau_syn_I)

    def _synapse(self, tau_syn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Decay of a synaptic current over a step, and its effect on v (mV per nA) in that step.

        The effect is (1 / cm) integral_0^dt exp(-(dt - s) / tau_m) exp(-s / tau_syn) ds.
        """
        tau_syn = np.asarray(tau_syn, dtype=float)
        exponent = self.timestep * (1.0 / tau_syn - 1.0 / np.asarray(self.population.tau_m))
        with np.errstate(invalid="ignore"):
            mean = np.where(exponent == 0.0, 1.0, -np.expm1(-exponent) / exponent)
        drive = self.timestep * self.decay * mean / np.asarray(self.population.cm)
        return np.exp(-self.timestep / tau_syn), drive

    def advance(self, excitatory: np.ndarray, inhibitory: np.ndarray, current: np.ndarray) -> None:
        """One step. Arriving weights are in mV (IF_curr_delta) or nA, ``current`` in nA."""
        population = self.population
        v_rest = np.asarray(population.v_rest)
        asymptote = v_rest + self.resistance * (np.asarray(population.i_offset) + current)
        v = asymptote + (self.v - asymptote) * self.decay
        if isinstance(population, CurrExpCells):
            v += self.drive_exc * self.isyn_exc + self.drive_inh * self.isyn_inh
            self.isyn_exc = self.isyn_exc * self.decay_exc + excitatory
            self.isyn_inh = self.isyn_inh * self.decay_inh + inhibitory
        else:
            v += excitatory + inhibitory
        refractory = self.silent > 0
        self.z = np.where(refractory, 0.0, v >= np.asarray(population.v_thresh))
        self.v = np.where(refractory | (self.z > 0), np.asarray(population.v_reset), v)
        self.silent = np.maximum(self.silent - 1, 0)
        self.silent[self.z > 0] = np.asarray(population.refractory_steps)[self.z > 0]
