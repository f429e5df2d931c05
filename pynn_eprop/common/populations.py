"""Populations as arrays: parameters, initial values and spikes of all cells, for any backend.

Backends mix these classes into PyNN's own. ``_simulator.state.simulation`` of a backend gives
options and the step, and is told of changes (``structure_changes``, ``population_changes``,
``initial_values_change``); it keeps the biases.
"""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from typing import Any

import numpy as np
from pyNN import common as pynn
from pyNN.errors import NonExistentParameterError
from pyNN.parameters import ArrayParameter, LazyArray, ParameterSpace, Sequence, simplify
from pyNN.standardmodels.cells import SpikeSourceArray, SpikeSourcePoisson

from pynn_eprop.common.cell_ids import CellID
from pynn_eprop.common.connection_values import seeded
from pynn_eprop.common.expansion import Purpose
from pynn_eprop.common.groups import indices_in_root, root
from pynn_eprop.common.memory import check_cells_fit
from pynn_eprop.common.sources import ArraySpikes, PoissonSpikes, check_spike_times
from pynn_eprop.common.standardmodels import EPropReadout
from pynn_eprop.common.standardmodels.cells import rows_as_sequences
from pynn_eprop.common.targets import as_sequences, check_rows, check_target, to_matrix
from pynn_eprop.common.views import own_rng
from pynn_eprop.errors import EPropError, NetworkError, ParameterError, SimulationError
from pynn_eprop.models.counter_random import derived_seed


class CellGroup:
    """What populations and views have in common: both work on the arrays of the population."""

    _simulator: Any
    celltype: Any
    label: str
    size: int

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random, by default from the seed of ``setup()``."""
        seed = self._simulator.state.simulation.options.seed
        return super().sample(  # type: ignore[misc]
            n, rng or own_rng(seed, root(self).index))

    def set(self, **parameters: Any) -> None:
        """Set parameters of these cells, in all the forms that PyNN has.

        Raises :class:`ParameterError` and :class:`TargetError`; then nothing was changed.
        """
        if isinstance(self.celltype, EPropReadout) and parameters.get("target") is not None:
            parameters["target"] = as_sequences(parameters["target"], self.label)
            check_rows(parameters["target"], self.size, self.label)
        # PyNN's own set() would also translate names and units, which are the same here
        self._set_parameters(ParameterSpace(
            rows_as_sequences(parameters), self.celltype.get_schema(), (self.size,),
            type(self.celltype)))

    def _get_parameters(self, *names: str) -> ParameterSpace:
        population, indices = root(self), indices_in_root(self)
        values = {}
        for name in names:
            array = population.current_values(name)
            if array is None:
                raise NonExistentParameterError(name, type(self.celltype).__name__,
                                                self.celltype.get_parameter_names())
            chosen = array[indices]
            values[name] = LazyArray(chosen, shape=(self.size,), dtype=Sequence) \
                if chosen.dtype == object else simplify(chosen)
        return ParameterSpace(values, shape=(self.size,))

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        """Take over values."""
        population, indices = root(self), indices_in_root(self)
        population.replace_values(indices, _evaluated(parameter_space, self.size, population))

    def inject(self, current_source: Any) -> None:
        """Let a current flow into these cells. Raises :class:`NetworkError` if they take none."""
        current_source.inject_into(self)

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables, in all the forms that PyNN has.

        They count from the next interval (e-prop cells and readouts) or the next reset() on.
        """
        population, indices = root(self), indices_in_root(self)
        for variable, value in initial_values.items():
            population.replace_initial(variable, value, indices)


class Member:
    """A population that belongs to the network of one ``setup()``."""

    _simulator: Any
    _simulation: Any
    label: str

    def check_current(self) -> None:
        """Raise :class:`SimulationError` if a later ``setup()`` has ended this network."""
        if self._simulation is not self._simulator.state.simulation:
            raise SimulationError(f"{self.label} belongs to a network that a later setup() has "
                                  "ended; get its data, or change it, before that")


class CellArrays(CellGroup, Member):
    """A whole population.

    values: by parameter, initial: by state variable, arrays over the cells.
    """

    id_to_index: Any
    _cell_class: type = CellID

    def __init__(self, size: Any, cellclass: Any, cellparams: Mapping[str, Any] | None = None,
                 structure: Any = None, initial_values: Mapping[str, Any] | None = None,
                 label: str | None = None) -> None:
        self._check_type(cellclass)
        self._begin(size, label)
        # not what a backend's own Population does for its parent's cells
        pynn.Population.__init__(self, size, cellclass,
                                 cellparams or {} if isinstance(cellclass, type) else None,
                                 structure, initial_values or {}, label)
        self._join()

    def _check_type(self, cellclass: Any) -> None:
        """Raise :class:`UnsupportedError` for a cell type of another backend."""

    def _join(self) -> None:
        """Take the place in the simulation, once everything is there."""
        self._simulation.populations.append(self)

    def _begin(self, size: Any, label: str | None) -> None:
        """Before the cells are made. Raises the errors of populations that cannot be."""
        if isinstance(size, (int, np.integer)):
            if size < 1:
                raise NetworkError(f"{label or 'population'}: size={size} must be at least 1")
            check_cells_fit(int(size), label or "population")
        self._simulation = self._simulator.state.simulation
        self._simulation.structure_changes(f"{label or 'a population'} is added")
        self.index = len(self._simulation.populations)
        self.values: dict[str, np.ndarray] = {}
        self.initial: dict[str, np.ndarray] = {}
        self.initial_values: dict[str, LazyArray] = {}
        self.injected: list[tuple[Any, np.ndarray]] = []
        self.target_start = self._interval_steps_done()
        self.bias_is_new = False
        self._spikes: ArraySpikes | PoissonSpikes | None = None

    def _interval_steps_done(self) -> int:
        return int(self._simulation.timeline.without_pauses(self._simulation.step))

    def _take_parameters(self) -> None:
        """Take the cell type's parameters over, once there is a label and a size."""
        parameter_space = deepcopy(self.celltype.parameter_space)
        if isinstance(self.celltype, EPropReadout):
            check_rows(_rows(parameter_space), self.size, self.label)
        self._take(_evaluated(parameter_space, self.size, self))

    def _create_cells(self) -> None:
        state = self._simulator.state
        self.all_cells = np.empty(self.size, dtype=object)
        for place in range(self.size):
            cell = self._cell_class(state.id_counter)
            cell.parent = self
            self.all_cells[place] = cell
            state.id_counter += 1
        self._mask_local = np.ones(self.size, dtype=bool)
        self._take_parameters()

    @property
    def is_source(self) -> bool:
        """Whether its spikes are given from outside."""
        return isinstance(self.celltype, (SpikeSourceArray, SpikeSourcePoisson))

    @property
    def bias_learns(self) -> bool:
        """Whether these are readouts whose biases follow the gradient."""
        return getattr(self.celltype, "bias_optimizer", None) is not None

    # --- parameters ---

    def _take(self, values: dict[str, np.ndarray]) -> None:
        """Check the values of all cells, and take them over."""
        self.celltype.check(values, self._simulator.state.dt)
        if "spike_times" in values:
            check_spike_times([np.asarray(row.value) for row in values["spike_times"]], self.label)
        if "target" in values:
            target = to_matrix(values["target"], self.label)
            if target is not None:
                check_target(target, self.celltype.loss, self._simulation.options.interval_steps,
                             self.label)
            self.target_start = self._interval_steps_done()
        self.values.update(values)
        self._spikes = None

    def replace_values(self, indices: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Set parameters of some cells. Raises the errors of bad values before any change."""
        self.check_current()
        merged = {}
        for name, array in values.items():
            merged[name] = self.current_values(name).copy()
            merged[name][indices] = array
        before = dict(self.values), self.target_start, self.bias_is_new
        self._take(merged)
        self.bias_is_new |= "bias" in merged
        if self.is_source:      # spikes are inputs of a run, no part of the network
            return
        try:
            self._simulation.population_changes(self.index)
        except EPropError:
            self.values, self.target_start, self.bias_is_new = before
            raise

    def current_values(self, name: str) -> Any:
        """Values of all cells, or None for an unknown parameter; biases as they are now."""
        if name == "bias" and name in self.values:
            return self._simulation.bias(self)
        return self.values.get(name)

    def replace_initial(self, variable: str, value: Any, indices: np.ndarray) -> None:
        """Set initial values of some cells."""
        defaults = self.celltype.default_initial_values
        if variable not in defaults:
            raise ParameterError(f"{self.label}: {type(self.celltype).__name__} has no state "
                                 f"variable {variable!r}; choose one of {sorted(defaults)}")
        seed = partial(derived_seed, self._simulator.state.simulation.options.seed, self.index,
                       Purpose.INITIAL + list(defaults).index(variable))
        lazy = seeded(LazyArray(value, shape=(len(indices),), dtype=float), seed)
        array = self.initial.get(variable, np.zeros(self.size)).copy()
        array[indices] = lazy.evaluate()
        if not np.all(np.isfinite(array)):
            raise ParameterError(f"{self.label}: initial value {variable}="
                                 f"{array[~np.isfinite(array)][0]:g} must be finite")
        self.initial[variable] = array
        self.initial_values[variable] = LazyArray(simplify(array), shape=(self.size,), dtype=float)
        self._simulation.initial_values_change(self.index)

    def _set_cell_initial_value(self, cell: Any, variable: str, value: float) -> None:
        self.replace_initial(variable, value, np.array([self.id_to_index(cell)]))

    # --- sources ---

    def spikes_between(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Spikes of a source population with first <= step <= last: (steps, cells)."""
        if self._spikes is None:
            self._spikes = self._make_spikes()
        return self._spikes.between(first, last)

    def _make_spikes(self) -> ArraySpikes | PoissonSpikes:
        timestep, values = self._simulator.state.dt, self.values
        if isinstance(self.celltype, SpikeSourceArray):
            return ArraySpikes([np.asarray(row.value) for row in values["spike_times"]], timestep)
        return PoissonSpikes(values["rate"], values["start"], values["duration"], timestep,
                             (self._simulation.options.seed, self.index), self.label)


def _rows(parameter_space: ParameterSpace) -> Any:
    """The rows of the target where there is one for each readout."""
    base = parameter_space["target"].base_value
    return list(base) if isinstance(base, np.ndarray) and base.ndim else base


def _evaluated(parameter_space: ParameterSpace, size: int, population: Any
               ) -> dict[str, np.ndarray]:
    """One value per cell, by name: numbers as float64, sequences as an array of Sequences.

    What is drawn without a seed is drawn from the seed of ``setup()``.
    """
    run_seed = population._simulator.state.simulation.options.seed
    names = list(population.celltype.default_parameters)
    values = {}
    for name, lazy in parameter_space.items():
        purpose = Purpose.PARAMETERS + names.index(name)
        lazy = seeded(lazy, partial(derived_seed, run_seed, population.index, purpose))
        try:
            lazy.shape = (size,)
        except ValueError as error:
            raise ParameterError(f"{population.label}: {name} has shape "
                                 f"{np.shape(lazy.base_value)}, but there are {size} cells"
                                 ) from error
        if isinstance(lazy.base_value, ArrayParameter):
            values[name] = _sequences([lazy.base_value] * size)
            continue
        evaluated = lazy.evaluate(simplify=False)
        if np.asarray(evaluated).dtype == object:
            values[name] = _sequences(np.atleast_1d(evaluated))
        else:
            values[name] = np.array(np.broadcast_to(evaluated, (size,)), dtype=float)
    return values


def _sequences(rows: Iterable[ArrayParameter]) -> np.ndarray:
    """An array of Sequences with arrays of their own, one object for equal rows that are one."""
    own: dict[int, Sequence] = {}
    rows = list(rows)
    for row in rows:
        if id(row) not in own:
            own[id(row)] = Sequence(np.array(row.value, dtype=float))
    array = np.empty(len(rows), dtype=object)
    array[:] = [own[id(row)] for row in rows]
    return array
