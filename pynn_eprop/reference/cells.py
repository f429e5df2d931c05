"""The state of cells that spike and learn, which their kind advances."""

from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.answers import as_answer, as_answers, ask, called
from pynn_eprop.models.cells import Derivatives, SpikingCells, fixed_values
from pynn_eprop.models.rules import Rule
from pynn_eprop.reference.component import Component


class EPropCells(Component):
    """The state of one population of e-prop cells; arrays have shape (size,).

    Beside the state variables of the kind (v: membrane potential, a: adaptation, ...) there are
    z: spikes of the last step. h: pseudo-derivative. silent: steps for which a cell still cannot
    spike. learning_signal: L, the sum over signals. spikes: number of spikes in the learning
    intervals since the last update. sloped: whether h was nonzero at any step of these.
    Parameters and constants of the kind are attributes, too. For kinds that look back, and within a
    step only: before: parameters, constants, and the state, z and h before the step. arriving: its
    input.
    """

    def __init__(self, population: SpikingCells, timestep: float) -> None:
        self.timestep = timestep
        self._derivatives: Derivatives | None = None
        # once for all: these are read at every step
        self._states = population.state_variables()
        self._known: dict[str, set[Any]] = {
            "drive": set(self._states), "distance_gradient": set(self._states),
            "transition": {(of, by) for of in self._states for by in self._states}}
        self._names = {method: called(population.label, "cell", population, method)
                       for method in ("step", "distance", *self._known)}
        self._slope = called(population.label, "pseudo-derivative", population.pseudo_derivative,
                             "__call__")
        self.variables = (*self._states, "z", "h", "silent", "learning_signal", "spikes", "sloped")
        self.before: Any = None
        self.arriving: np.ndarray | None = None
        self.configure(population)
        self.learning_signal = np.zeros(population.size)
        self.spikes = np.zeros(population.size)
        self.sloped = np.zeros(population.size, dtype=bool)
        self.reset()
        self._ask("check_step", self)

    def configure(self, population: SpikingCells) -> None:
        """Take the parameters.

        Raises :class:`ParameterError` and :class:`SimulationError` for constants or a scale that
        cannot be used.
        """
        self.population, self._derivatives = population, None
        self._unchanging = fixed_values(population, self.timestep)
        self.width = self._unchanging.pop("width")
        for name, value in self._unchanging.items():
            setattr(self, name, value)
        self.refractory_steps = np.asarray(population.refractory_steps)

    def _ask(self, method: str, *arguments: Any) -> Any:
        with self.population.double_precision():
            return ask(self.population.label, "cell", self.population, method, *arguments)

    def _called(self, method: str) -> str:
        return self._names[method]

    def reset(self) -> None:
        """The state at the start of an interval."""
        size = self.population.size
        for name, value in self.population.initial_state().items():
            setattr(self, name, value)
        self.z = np.zeros(size)
        self.h = np.zeros(size)
        self.silent = np.zeros(size, dtype=int)

    @property
    def shown(self) -> tuple[str, ...]:
        """Variables that a step changes."""
        return (*self._states, "z", "h", "silent")

    def seen_by(self, rule: Rule, receptor: str) -> "SeenCells":
        """The cells as a rule may see them."""
        return SeenCells(self, rule)

    @property
    def z_reset(self) -> np.ndarray:
        """The spikes of the last step, as resets read them."""
        return self.z

    def take(self, z: np.ndarray, h: np.ndarray | None, state: Mapping[str, np.ndarray],
             arriving: np.ndarray | None = None) -> None:
        """One step whose spikes, and h, state and input if given, come from elsewhere."""
        if self.population.looks_back:
            self.before, self.arriving = self._present(), arriving
        self.z = z
        for name, values in state.items():
            setattr(self, name, values)
        if h is not None:
            self.h = h
        self._derivatives = None

    def receive(self, arrived: Iterable[tuple[str, np.ndarray]], current: np.ndarray | None
                ) -> None:
        """One step; arrived: sums of weights of spikes, one for each projection."""
        total = np.zeros(self.population.size)
        for _, values in arrived:
            total = total + values
        self.advance(total if current is None else total + current)

    def advance(self, arriving: np.ndarray) -> None:
        """One step; ``arriving`` is the sum of the weights of arriving spikes and of currents."""
        population, shape = self.population, (self.population.size,)
        what = self._called("step")
        if population.looks_back:
            self.before, self.arriving = self._present(), arriving
        state = as_answers(self._ask("step", self, arriving), shape, what)
        if set(state) != self._known["drive"]:
            raise ParameterError(f"{what} gives {sorted(map(str, state))}; it must give all state "
                                 f"variables, {sorted(self._states)}")
        for name, value in state.items():
            setattr(self, name, np.array(np.broadcast_to(value, shape), dtype=float))
        distance = as_answer(self._ask("distance", self), shape, self._called("distance"))
        refractory = self.silent > 0
        self.z = np.where(refractory, 0.0, distance >= 0.0)                         # eq. 21
        slope = as_answer(
            ask(population.label, "pseudo-derivative", population.pseudo_derivative, "__call__",
                distance / self.width), shape, self._slope)
        self.h = np.where(refractory, 0.0, slope)                                   # below eq. 23
        self.silent = np.maximum(self.silent - 1, 0)
        self.silent[self.z > 0] = self.refractory_steps[self.z > 0]
        self._derivatives = None

    def _present(self) -> SimpleNamespace:
        """What methods of the kind read of the last step; steps replace these arrays."""
        return SimpleNamespace(**self._unchanging, z=self.z, z_reset=self.z_reset, h=self.h,
                               **{name: getattr(self, name) for name in self._states})

    def derivatives(self) -> Derivatives:
        """The derivatives of the last step, computed once for all projections.

        Raises :class:`ParameterError` for derivatives of, or by, what is not a state variable.
        """
        if self._derivatives is None:
            kind = self.population
            drive, distance, transition = (self._by_state(method) for method in (
                "drive", "distance_gradient", "transition"))
            self._derivatives = Derivatives(self._states, drive, distance, transition,
                                            kind.carried_at_start(), kind.presynaptic_trace)
        return self._derivatives

    def _by_state(self, method: str) -> Mapping[Any, np.ndarray]:
        what, known = self._called(method), self._known[method]
        found = as_answers(self._ask(method, self), (self.population.size,), what)
        for key in found:
            if key not in known:
                raise ParameterError(f"{what}: {key!r} is not "
                                     + ("a pair of state variables, (of, by)"
                                        if method == "transition" else "a state variable")
                                     + f"; those are {list(self._states)}")
        return found

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


_OF_STEPS = ("z_reset", "before", "arriving")     # what kinds see of a step beside its variables


class SeenCells:
    """Cells as a rule may see them: constants, and the variables that it needs.

    Raises :class:`AttributeError` for a variable that the rule does not name in ``needs``: it could
    not learn from the activity of another machine.
    """

    def __init__(self, cells: EPropCells, rule: Any) -> None:
        needs = {"z" if name == "spikes" else name for name in rule.needs}
        self._cells = cells
        self._rule = rule
        self._hidden = {*cells.variables, *_OF_STEPS} - needs

    def __getattr__(self, name: str) -> Any:
        """An attribute of the cells."""
        if name in self._hidden:
            raise AttributeError(f"{type(self._rule).__name__} reads {name!r} of its cells; name "
                                 "it in the rule's needs")
        if not hasattr(self._cells, name):
            raise AttributeError(f"{type(self._cells.population).name} cells have no {name!r}")
        return getattr(self._cells, name)
