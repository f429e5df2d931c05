"""LIF and adaptive LIF cells with a pseudo-derivative (eq. 20, 21, 25, 26)."""

import numpy as np

from pynn_eprop.models.network import SpikingCells
from pynn_eprop.reference.component import Component


class EPropCells(Component):
    """The state of one population of e-prop cells; arrays have shape (size,).

    v: membrane potential. a: adaptation. z: spikes of the last step. h: pseudo-derivative.
    silent: steps for which a cell still cannot spike. learning_signal: L, the sum over signals.
    spikes: number of spikes in the learning intervals since the last update. sloped: whether h was
    other than 0 at any step of these.
    """

    variables = ("v", "a", "z", "h", "silent", "learning_signal", "spikes", "sloped")

    def __init__(self, population: SpikingCells, timestep: float) -> None:
        self.timestep = timestep
        self.configure(population)
        self.learning_signal = np.zeros(population.size)
        self.spikes = np.zeros(population.size)
        self.sloped = np.zeros(population.size, dtype=bool)
        self.reset()

    def configure(self, population: SpikingCells) -> None:
        """Take the parameters."""
        self.population = population
        self.alpha = np.exp(-self.timestep / np.asarray(population.tau_m, dtype=float))
        self.v_th = np.asarray(population.v_thresh, dtype=float)
        self.width = population.pseudo_derivative.width * self.v_th
        if population.adaptive:
            assert population.tau_a is not None and population.beta is not None
            self.rho = np.exp(-self.timestep / np.asarray(population.tau_a, dtype=float))
            self.beta = np.asarray(population.beta, dtype=float)
        else:
            self.rho = np.zeros(population.size)
            self.beta = np.zeros(population.size)

    def reset(self) -> None:
        """The state at the start of an interval."""
        size = self.population.size
        self.v = np.array(self.population.v_initial, dtype=float)
        self.a = np.zeros(size)
        if self.population.a_initial is not None:
            self.a = np.array(self.population.a_initial, dtype=float)
        self.z = np.zeros(size)
        self.h = np.zeros(size)
        self.silent = np.zeros(size, dtype=int)

    def advance(self, arriving: np.ndarray) -> None:
        """One step; ``arriving`` is the sum of the weights of arriving spikes and of currents."""
        if self.population.adaptive:
            self.a = self.rho * self.a + self.z                                     # eq. 26
        self.v = self.alpha * self.v + arriving - self.v_th * self.z                # eq. 20
        threshold = self.v_th + self.beta * self.a                                  # eq. 25
        refractory = self.silent > 0
        self.z = np.where(refractory, 0.0, self.v >= threshold)                     # eq. 21
        shape = self.population.pseudo_derivative((self.v - threshold) / self.width)
        self.h = np.where(refractory, 0.0, shape)                                   # below eq. 23
        self.silent = np.maximum(self.silent - 1, 0)
        self.silent[self.z > 0] = np.asarray(self.population.refractory_steps)[self.z > 0]

    def count(self) -> None:
        """Count the step that was done for the update in progress."""
        self.spikes = self.spikes + self.z
        self.sloped = self.sloped | (self.h != 0.0)

    def forget_update(self) -> None:
        """Begin to count for the next update."""
        self.spikes = np.zeros(self.population.size)
        self.sloped = np.zeros(self.population.size, dtype=bool)

    def rate_term(self, steps: int) -> np.ndarray:
        """C_j = c_reg (f_j - f_target) with f_j the rate in Hz over all ``steps`` of an update.

        Eq. 55, its constants gathered in c_reg.
        """
        f = self.spikes / (steps * self.timestep / 1000.0)
        return np.asarray(self.population.c_reg) * (f - np.asarray(self.population.f_target))
