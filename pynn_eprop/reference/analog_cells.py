"""The state of cells that pass on values and learn, which their kind advances."""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.answers import as_answer, as_answers, ask, called
from pynn_eprop.models.cells import AnalogCells, Derivatives, fixed_values
from pynn_eprop.models.rules import Rule
from pynn_eprop.reference.component import Component


class AnalogState(Component):
    """The state of one population of cells that pass on values; arrays have shape (size,).

    Beside the state variables and the gates of the kind there are z: the values that the cells pass
    on after the last step. learning_signal: L, the sum over signals. Parameters and constants of
    the kind are attributes, too. Within a step only: before: parameters, constants, and the state
    before the step.
    """

    def __init__(self, population: AnalogCells, timestep: float) -> None:
        self.timestep = timestep
        self._states, self._gates = population.state_variables(), population.gates
        self._derivatives: dict[str, Derivatives] = {}
        ports = population.ports()
        self._known: dict[str, set[Any]] = {
            "transition": {(of, by) for of in self._states for by in self._states},
            "drive": {(of, port) for of in self._states for port in ports},
            "output_gradient": set(self._states), "output_drive": set(ports)}
        self.variables = (*self._states, *self._gates, "z", "learning_signal")
        self.before: Any = None
        self.configure(population)
        self.learning_signal = np.zeros(population.size)
        self.reset()
        self._ask("check_step", self)

    @property
    def shown(self) -> tuple[str, ...]:
        """Variables that a step changes."""
        return (*self._states, *self._gates, "z")

    def configure(self, population: AnalogCells) -> None:
        """Take the parameters.

        Raises :class:`ParameterError` and :class:`SimulationError` for constants that cannot be
        used.
        """
        self.population = population
        self._derivatives = {}
        self._unchanging = fixed_values(population, self.timestep)
        for name, value in self._unchanging.items():
            setattr(self, name, value)

    def _ask(self, method: str, *arguments: Any) -> Any:
        with self.population.double_precision():
            return ask(self.population.label, "cell", self.population, method, *arguments)

    def _called(self, method: str) -> str:
        return called(self.population.label, "cell", self.population, method)

    def reset(self) -> None:
        """The state at the start of an interval."""
        for name, value in self.population.initial_state().items():
            setattr(self, name, value)
        for name in (*self._gates, "z"):
            setattr(self, name, np.zeros(self.population.size))

    def receive(self, arrived: Iterable[tuple[str, np.ndarray]], current: np.ndarray | None
                ) -> None:
        """One step; arrived: sums of weights times values, by the receptors of projections."""
        assert current is None      # these cells take none
        total = {port: np.zeros(self.population.size) for port in self.population.ports()}
        for receptor, values in arrived:
            total[receptor] = total[receptor] + values
        self.advance(total)

    def advance(self, arriving: Mapping[str, np.ndarray]) -> None:
        """One step; arriving: by receptor."""
        shape, what = (self.population.size,), self._called("step")
        self.before = SimpleNamespace(**self._unchanging, timestep=self.timestep, **{
            name: getattr(self, name) for name in self._states})
        made = as_answers(self._ask("step", self.before, arriving), shape, what)
        if set(made) != {*self._states, *self._gates}:
            raise ParameterError(f"{what} gives {sorted(map(str, made))}; it must give all state "
                                 f"variables and gates, {sorted((*self._states, *self._gates))}")
        for name, value in made.items():
            setattr(self, name, np.array(np.broadcast_to(value, shape), dtype=float))
        value = as_answer(self._ask("output", self), shape, self._called("output"))
        self.z = np.array(np.broadcast_to(value, shape), dtype=float)
        self._derivatives = {}

    def derivatives(self, receptor: str) -> Derivatives:
        """Those of the last step for synapses at a receptor, computed once for all projections.

        Raises :class:`ParameterError` for derivatives of, or by, what there is not.
        """
        if receptor not in self._derivatives:
            transition, drive, gradient, direct = map(self._by_name, self._known)
            self._derivatives[receptor] = Derivatives(
                self._states, {of: factor for (of, by), factor in drive.items() if by == receptor},
                gradient, transition, self._states, (), direct.get(receptor))
        return self._derivatives[receptor]

    def _by_name(self, method: str) -> Mapping[Any, np.ndarray]:
        what, known = self._called(method), self._known[method]
        found = as_answers(self._ask(method, self), (self.population.size,), what)
        for key in found:
            if key not in known:
                raise ParameterError(f"{what}: {key!r} is not known; choose of "
                                     f"{sorted(map(str, known))}")
        return found

    def seen_by(self, rule: Rule, receptor: str) -> "SeenAnalogCells":
        """The cells as a rule may see them."""
        return SeenAnalogCells(self, receptor)

    def count(self) -> None:
        """Nothing is counted of these cells for an update."""

    def forget_update(self) -> None:
        """Nothing is counted of these cells for an update."""

    def rate_term(self, steps: int) -> np.ndarray:
        """0: cells that do not spike have no rate."""
        return np.zeros(self.population.size)


class SeenAnalogCells:
    """Cells as the rule of synapses at a receptor sees them. h: 1, as there is no spike."""

    def __init__(self, cells: AnalogState, receptor: str) -> None:
        self._cells, self._receptor = cells, receptor
        self.h = np.ones(cells.population.size)

    def derivatives(self) -> Derivatives:
        """The derivatives of the last step."""
        return self._cells.derivatives(self._receptor)
