"""Current sources: into IF_curr cells in nA, into e-prop cells straight onto v at each step."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from types import ModuleType
from typing import Any, ClassVar

import numpy as np
from pyNN.parameters import ParameterSpace, Sequence
from pyNN.standardmodels import electrodes

from pynn_eprop.common.arguments.typed_errors import as_error, in_words
from pynn_eprop.common.expansion.groups import groups_of, members
from pynn_eprop.common.standardmodels import currents
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.common.standardmodels.tables import check_forms, same_names
from pynn_eprop.errors import NetworkError, ParameterError, UnknownParameterError
from pynn_eprop.models.parameters import as_numbers


class _CurrentSource(electrodes.StandardCurrentSource):
    """A waveform and the cells it goes to.

    Parameters can be changed between runs: steps that were run before keep the old ones.
    ``_simulator``: the backend's.
    """

    _simulator: ClassVar[Any]

    def __init__(self, **parameters: Any) -> None:
        simulation = self._simulator.state.simulation
        self._values: dict[str, Any] = {}
        self._recorded: list[tuple[int, np.ndarray]] | None = None
        self.index = len(simulation.current_sources)
        self._key = (simulation.options.seed, self.index)
        self._check_given(parameters, None)
        super().__init__(**parameters)
        self._take(self.parameter_space)
        simulation.current_sources.append(self)

    @property
    def _timestep(self) -> float:
        """Time step in ms."""
        return float(self._simulator.state.dt)

    # --- parameters ---

    def _check_given(self, parameters: dict[str, Any], shape: tuple[int, ...] | None) -> None:
        """Raise :class:`ParameterError` for unknown names, and truth values, which PyNN accepts."""
        for name, value in parameters.items():
            if value is None or isinstance(value, (bool, np.bool_)):
                raise ParameterError(f"{type(self).__name__}: {name}={value!r} is not a number")
        check_forms(self, parameters, shape)

    def _take(self, space: ParameterSpace) -> None:
        values, owner = dict(self._values), type(self).__name__
        for name, lazy in space.items():
            given = in_words(getattr(lazy, "base_value", lazy))
            with as_error(ParameterError, f"{owner}: {name}={given} cannot be used"):
                lazy.shape = (1,)
                value = lazy.evaluate(simplify=True)
                if isinstance(value, np.ndarray):
                    value = value.flat[0]
                number = as_numbers(value.value if isinstance(value, Sequence) else value)
                if number is None or (number.ndim and not isinstance(value, Sequence)):
                    raise ParameterError(f"{owner}: {name}={given} is not a number")
                values[name] = number if isinstance(value, Sequence) else float(number)
        currents.check_finite(values, owner)
        self._values = self._checked(values, owner)

    def _checked(self, values: dict[str, Any], owner: str) -> dict[str, Any]:
        return currents.on_grid(values, self._timestep, owner)

    def set_parameters(self, copy: bool = True, **parameters: Any) -> None:
        """Change parameters from now on. Raises :class:`ParameterError`; then none has changed."""
        self._check_given(parameters, (1,))
        self._take(ParameterSpace(parameters, self.get_schema(), (1,), type(self)))

    def get_parameters(self) -> dict[str, Any]:
        """All parameters by name: numbers, and arrays for parameters that are sequences."""
        return dict(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "set":
            raise AttributeError(f"{type(self).__name__} has no {name!r}; set values by name, as "
                                 "in source.amplitude = 0.5, or with set_parameters()")
        if name not in self._values:
            raise UnknownParameterError(name, type(self).__name__, self.get_parameter_names())
        return self._values[name]

    # --- cells ---

    def inject_into(self, cells: Any, location: Any = None) -> None:
        """Inject the current into a Population, view, Assembly or list of cells.

        Raises :class:`NetworkError` for cells that take none.
        """
        reached = [member for group in groups_of(cells, type(self).__name__)
                   for member in members(group)]
        for member in reached:
            population = member.population
            if location is not None or not population.celltype.injectable:
                raise NetworkError(f"{type(self).__name__}: no current can be injected into "
                                   f"{type(population.celltype).__name__} "
                                   f"({population.label}), only into whole IF_curr_exp, "
                                   "IF_curr_delta, EPropLIF and EPropALIF cells")
        for member in reached:
            member.population.injected.append((self, member.indices))

    # --- current ---

    def current(self, steps: np.ndarray) -> np.ndarray:
        """Amplitudes (nA) that begin at ``steps``, for a run that continues there."""
        values = self.waveform(steps)
        if self._recorded is not None:
            self._recorded.append((int(steps[0]), values))
        return values

    def waveform(self, steps: np.ndarray) -> np.ndarray:
        """Amplitudes (nA) at ``steps`` with the present parameters."""
        raise NotImplementedError

    def record(self) -> None:
        """Keep the current from now on, for ``get_data()``."""
        if self._recorded is None:
            self._recorded = []

    def return_to_start(self) -> None:
        """Forget what was recorded, before a reset; recording goes on."""
        if self._recorded is not None:
            self._recorded = []

    def _get_data(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (ms) and amplitudes (nA), up to the present one."""
        parts: dict[int, np.ndarray] = dict(self._recorded or [])
        now = np.array([self._simulator.state.simulation.step])
        parts[int(now[0])] = self.waveform(now)
        steps = np.concatenate([first + np.arange(len(part)) for first, part in parts.items()])
        return np.round(steps * self._timestep, 9), np.concatenate(list(parts.values()))

    # --- checkpoints ---

    def saved(self) -> dict[str, np.ndarray]:
        """The recorded current, as arrays by their first step."""
        return {str(first): values for first, values in self._recorded or []}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Restore the arrays of :meth:`saved`."""
        if arrays:
            self._recorded = [(int(first), values) for first, values in arrays.items()]


class DCSource(_CurrentSource, electrodes.DCSource):
    __doc__ = electrodes.DCSource.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(electrodes.DCSource.default_parameters)

    def waveform(self, steps: np.ndarray) -> np.ndarray:
        """Amplitudes (nA) at ``steps`` with the present parameters."""
        return currents.direct(steps, self._values, self._timestep)


class ACSource(_CurrentSource, electrodes.ACSource):
    __doc__ = electrodes.ACSource.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(electrodes.ACSource.default_parameters)

    def waveform(self, steps: np.ndarray) -> np.ndarray:
        """Amplitudes (nA) at ``steps`` with the present parameters."""
        return currents.alternating(steps, self._values, self._timestep)


class StepCurrentSource(_CurrentSource, electrodes.StepCurrentSource):
    __doc__ = electrodes.StepCurrentSource.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(
        electrodes.StepCurrentSource.default_parameters)

    def waveform(self, steps: np.ndarray) -> np.ndarray:
        """Amplitudes (nA) at ``steps`` with the present parameters."""
        return currents.stepwise(steps, self._values, self._timestep)


class NoisyCurrentSource(_CurrentSource, electrodes.NoisyCurrentSource):
    __doc__ = (electrodes.NoisyCurrentSource.__doc__ or "") + """
    Drawn from the seed of ``setup()``; ``dt`` is the time step by default. There is no ``rng``.
    """
    translations: ClassVar[dict[str, Any]] = same_names(
        electrodes.NoisyCurrentSource.default_parameters)

    def __init__(self, **parameters: Any) -> None:
        super().__init__(**{"dt": self._timestep, **parameters})

    def _checked(self, values: dict[str, Any], owner: str) -> dict[str, Any]:
        currents.check_noise(values, owner)
        return super()._checked(values, owner)

    def waveform(self, steps: np.ndarray) -> np.ndarray:
        """Amplitudes (nA) at ``steps`` with the present parameters."""
        return currents.noisy(steps, self._values, self._timestep, self._key)


def current_sources_of(module: str, simulator: ModuleType) -> tuple[type[_CurrentSource], ...]:
    """The sources as those of a backend's module: AC, DC, noisy and stepwise currents."""
    return tuple(of_backend(each, module, _simulator=simulator)
                 for each in (ACSource, DCSource, NoisyCurrentSource, StepCurrentSource))
