"""The state of cells that spike and learn, which their kind advances."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from pynn_eprop.models.cells import SpikingCells
from pynn_eprop.reference.component import Component


@dataclass(frozen=True)
class Derivatives:
    """The derivatives of one step, as their kind gives them; see :class:`SpikingCells`."""

    states: tuple[str, ...]
    drive: Mapping[str, Any]
    distance: Mapping[str, Any]
    transition: Mapping[tuple[str, str], Any]
    decays: tuple[str, ...]
    presynaptic_trace: tuple[tuple[str, str], ...]


class EPropCells(Component):
    """The state of one population of e-prop cells; arrays have shape (size,).

    Beside the state variables of the kind (v: membrane potential, a: adaptation, ...) there are
    z: spikes of the last step. h: pseudo-derivative. silent: steps for which a cell still cannot
    spike. learning_signal: L, the sum over signals. spikes: number of spikes in the learning
    intervals since the last update. sloped: whether h was nonzero at any step of these.
    Parameters and constants of the kind are attributes, too.
    """

    def __init__(self, population: SpikingCells, timestep: float) -> None:
        self.timestep = timestep
        self.variables = (*population.state_variables(), "z", "h", "silent", "learning_signal",
                          "spikes", "sloped")
        self.configure(population)
        self.learning_signal = np.zeros(population.size)
        self.spikes = np.zeros(population.size)
        self.sloped = np.zeros(population.size, dtype=bool)
        self.reset()

    def configure(self, population: SpikingCells) -> None:
        """Take the parameters."""
        self.population = population
        values = {entry.name: np.asarray(getattr(population, entry.name), dtype=float)
                  for entry in fields(population) if "parameter" in entry.metadata}
        for name, value in {**values, **population.constants(self.timestep)}.items():
            setattr(self, name, value)
        self.refractory_steps = np.asarray(population.refractory_steps)
        self.width = population.pseudo_derivative.width * population.scale(self)

    def reset(self) -> None:
        """The state at the start of an interval."""
        size = self.population.size
        for name, value in self.population.initial_state().items():
            setattr(self, name, value)
        self.z = np.zeros(size)
        self.h = np.zeros(size)
        self.silent = np.zeros(size, dtype=int)

    def advance(self, arriving: np.ndarray) -> None:
        """One step; ``arriving`` is the sum of the weights of arriving spikes and of currents."""
        for name, value in self.population.step(self, arriving).items():
            setattr(self, name, value)
        distance = self.population.distance(self)
        refractory = self.silent > 0
        self.z = np.where(refractory, 0.0, distance >= 0.0)                         # eq. 21
        shape = self.population.pseudo_derivative(distance / self.width)
        self.h = np.where(refractory, 0.0, shape)                                   # below eq. 23
        self.silent = np.maximum(self.silent - 1, 0)
        self.silent[self.z > 0] = self.refractory_steps[self.z > 0]

    def derivatives(self) -> Derivatives:
        """The derivatives of the last step."""
        kind = self.population
        return Derivatives(kind.state_variables(), kind.drive(self), kind.distance_gradient(self),
                           kind.transition(self), kind.decays, kind.presynaptic_trace)

    def count(self) -> None:
        """Count the last step for the update in progress."""
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


class SeenCells:
    """Cells as a rule may see them: constants, and the variables that it needs.

    Raises :class:`AttributeError` for a variable that the rule does not name in ``needs``: it could
    not learn from the activity of another machine.
    """

    def __init__(self, cells: EPropCells, rule: Any) -> None:
        needs = {"z" if name == "spikes" else name for name in rule.needs}
        self._cells = cells
        self._rule = rule
        self._hidden = set(cells.variables) - needs

    def __getattr__(self, name: str) -> Any:
        """An attribute of the cells."""
        if name in self._hidden:
            raise AttributeError(f"{type(self._rule).__name__} reads {name!r} of its cells; name "
                                 "it in the rule's needs")
        return getattr(self._cells, name)
