"""Populations as arrays: parameters, initial values and spikes of all cells, for any backend.

Backends mix these classes into PyNN's own. ``_simulator.state.simulation`` of a backend gives
options and the step, and is notified of changes (``structure_changes``, ``population_changes``,
``initial_values_change``); it keeps the biases.
"""

import weakref
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from pyNN import common as pynn
from pyNN.common.populations import IDMixin
from pyNN.parameters import LazyArray, ParameterSpace, Sequence, simplify
from pyNN.standardmodels.cells import SpikeSourceArray, SpikeSourcePoisson

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import (
    CheckedPopulation,
    check_population,
    check_sample,
)
from pynn_eprop.common.expansion.cell_values import evaluated, initial_values, parameter_space
from pynn_eprop.common.expansion.groups import indices_in_root, root
from pynn_eprop.common.expansion.memory import check_cells_fit
from pynn_eprop.common.expansion.seeds import Purpose, SeededPlaces, seeded_structure
from pynn_eprop.common.expansion.sources import (
    ArraySpikes,
    PoissonSpikes,
    check_spike_times,
    sort_by_step,
)
from pynn_eprop.common.records.recorder import check_data_file
from pynn_eprop.common.standardmodels import AnalogSource, EPropReadout, analog_values
from pynn_eprop.common.standardmodels.analog_values import AnalogValues
from pynn_eprop.common.standardmodels.cells import EPropCell, LearningCell
from pynn_eprop.common.standardmodels.targets import (
    as_sequences,
    check_rows,
    check_target,
    repeats,
    to_matrix,
)
from pynn_eprop.errors import (
    NetworkError,
    ParameterError,
    SimulationError,
    TargetError,
    UnknownParameterError,
)
from pynn_eprop.models.parameters import as_numbers


class CellID(int, IDMixin):
    """A cell, as PyNN hands it out.

    It does not keep its population alive: arrays of cells are invisible to the garbage
    collector, so that a cycle through one would keep every network ever built in memory.
    """

    @property
    def parent(self) -> Any:
        """The population of the cell. Raises :class:`NetworkError` once that is gone."""
        population = self._parent()
        if population is None:
            raise NetworkError(f"the population of cell {int(self)} is gone; setup() ends the "
                               "network that was built before")
        return population

    @parent.setter
    def parent(self, population: Any) -> None:
        object.__setattr__(self, "_parent", weakref.ref(population))

    @property
    def position(self) -> np.ndarray:
        """Coordinates in um, (3,)."""
        return np.asarray(self._get_position())

    @position.setter
    def position(self, position: Any) -> None:
        numbers = as_numbers(position)
        if numbers is None or numbers.shape != (3,) or not np.all(np.isfinite(numbers)):
            raise ParameterError(f"the position of a cell must be 3 finite numbers, not "
                                 f"{position!r}")
        self._set_position(numbers)


class CellGroup(CheckedPopulation):
    """Methods shared by populations and views, on the arrays of the population."""

    _simulator: Any
    celltype: Any
    label: str
    size: int

    def sample(self, n: int, rng: Any = None) -> Any:
        """``n`` cells chosen at random, by default from the seed of ``setup()``."""
        check_sample(n, self.label)
        return super().sample(n, rng or root(self).draws.rng(Purpose.SAMPLE))

    def set(self, **parameters: Any) -> None:
        """Set parameters of these cells, in all of PyNN's forms.

        Raises :class:`ParameterError` and :class:`TargetError`; then nothing was changed.
        """
        if isinstance(self.celltype, EPropReadout) and "target" in parameters:
            parameters["target"] = as_sequences(parameters["target"], self.label)
            check_rows(parameters["target"], self.size, self.label)
        if isinstance(self.celltype, AnalogSource) and "values" in parameters:
            parameters["values"] = analog_values.as_sequences(parameters["values"], self.label)
            analog_values.check_rows(parameters["values"], self.size, self.label)
        with all_or_nothing(root(self).draws, given=parameters.values()):
            # PyNN's own set() would also translate names and units, which are the same here
            self._set_parameters(parameter_space(parameters, self.celltype, self.size,
                                                 self.label))

    def _get_parameters(self, *names: str) -> ParameterSpace:
        population, indices = root(self), indices_in_root(self)
        values = {}
        for name in names:
            array = population.current_values(name)
            if array is None:
                raise UnknownParameterError(name, type(self.celltype).__name__,
                                            self.celltype.get_parameter_names())
            chosen = array[indices]
            values[name] = LazyArray(chosen, shape=(self.size,), dtype=Sequence) \
                if chosen.dtype == object else simplify(chosen)
        return ParameterSpace(values, shape=(self.size,))

    def _set_parameters(self, space: ParameterSpace) -> None:
        """Replace values of these cells."""
        population, indices = root(self), indices_in_root(self)
        population.replace_values(indices, population.evaluated(space, self.size))

    def record(self, variables: str | Iterable[str] | None, to_file: Any = None,
               sampling_interval: float | None = None, locations: Any = None) -> None:
        """Record variables of these cells from now on; None: record nothing more of the population.

        ``to_file``: a file name or a Neo IO, to which ``end()`` writes them;
        ``sampling_interval``: ms. Raises :class:`UnknownVariableError` and
        :class:`RecordingError`; then nothing was changed.
        """
        if isinstance(to_file, Path):
            to_file = str(to_file)
        if isinstance(to_file, str):
            check_data_file(to_file, self.label)
        recorder, state = root(self).recorder, self._simulator.state
        with all_or_nothing(recorder, *recorder.logs.values(), state.simulation):
            super().record(variables, to_file, sampling_interval, locations)

    def inject(self, current_source: Any) -> None:
        """Inject a current into these cells. Raises :class:`NetworkError` if they take none."""
        super().inject(current_source)

    def initialize(self, **initial_values: Any) -> None:
        """Set initial values of state variables, in all of PyNN's forms.

        They count from the next interval (e-prop cells and readouts) or the next reset() on.
        Raises :class:`ParameterError`; then nothing was changed.
        """
        with all_or_nothing(root(self).draws, given=initial_values.values()):
            root(self).replace_initial(initial_values, indices_in_root(self))


class NetworkMember:
    """A population that belongs to the network of one ``setup()``."""

    _simulator: Any
    _simulation: Any
    label: str

    def check_current(self) -> None:
        """Raise :class:`SimulationError` if a later ``setup()`` has ended this network."""
        if self._simulation is not self._simulator.state.simulation:
            raise SimulationError(f"{self.label} belongs to a network that a later setup() has "
                                  "ended; get its data, or change it, before that")


class CellArrays(CellGroup, NetworkMember, SeededPlaces):
    """A whole population.

    values: by parameter, initial: by state variable, arrays over the cells.
    """

    id_to_index: Any
    _cell_class: type = CellID
    _sort_spikes = staticmethod(sort_by_step)

    def __init__(self, size: Any, cellclass: Any, cellparams: Mapping[str, Any] | None = None,
                 structure: Any = None, initial_values: Mapping[str, Any] | None = None,
                 label: str | None = None) -> None:
        check_population(size, cellclass, cellparams, structure, initial_values, label)
        self._check_type(cellclass)
        space = getattr(cellclass, "parameter_space", None)
        with all_or_nothing(*self._simulator.state.changeable(),
                            given=[space, *(initial_values or {}).values()]):
            self._begin(size, label)
            self._given_initial = dict(initial_values or {})
            # not the __init__ of a backend's Population, which is for its parent's cells
            pynn.Population.__init__(self, size, cellclass,
                                     dict(cellparams or {}) if isinstance(cellclass, type)
                                     else None, seeded_structure(structure, self.draws),
                                     self._given_initial, label)
            self._join()

    def _check_type(self, cellclass: Any) -> None:
        """Raise :class:`UnsupportedError` for a cell type of another backend."""

    def _join(self) -> None:
        """Join the simulation, as the last step of being made."""
        self._simulation.populations.append(self)

    def _begin(self, size: Any, label: str | None) -> None:
        """Prepare, before the cells are made. Raises the errors of impossible populations."""
        check_cells_fit(int(np.prod(size, dtype=float)), label or "population")
        self._simulation = self._simulator.state.simulation
        self._simulation.structure_changes(f"{label or 'a population'} is added")
        self.index = len(self._simulation.populations)
        self.draws = self._simulator.state.draws.of(self._number())
        self.values: dict[str, np.ndarray] = {}
        self.initial: dict[str, np.ndarray] = {}
        self.initial_values: dict[str, LazyArray] = {}
        self.injected: list[tuple[Any, np.ndarray]] = []
        self.target_start = self._interval_steps_done()
        self.bias_is_new = False
        self._first_bias: np.ndarray | None = None
        self._spikes: ArraySpikes | PoissonSpikes | None = None
        self.values_given = self.target_start
        self._analog: AnalogValues | None = None

    def _number(self) -> int:
        """The place among all populations that the script has made, which seeds follow."""
        return int(self.index)

    def _interval_steps_done(self) -> int:
        return int(self._simulation.timeline.without_pauses(self._simulation.step))

    def _take_parameters(self) -> None:
        """Evaluate the cell type's parameters, once there are a label and a size.

        Initial values are checked, too: nothing is made for a population that is refused.
        """
        space = deepcopy(self.celltype.parameter_space)
        self._check_kinds()
        if isinstance(self.celltype, EPropReadout):
            check_rows(_rows(space, "target"), self.size, self.label)
        if isinstance(self.celltype, AnalogSource):
            analog_values.check_rows(_rows(space, "values"), self.size, self.label)
        values = self.evaluated(space, self.size)
        analog_values.complete(values, self._simulator.state.dt)
        self._take(values)
        self._first_bias = self.values.get("bias")
        self._given_initial.update(self._initial_values(self._given_initial, np.arange(self.size)))

    def _check_kinds(self) -> None:
        """Raise :class:`UnsupportedError` for a loss, or the like, that this backend lacks."""
        kinds = self._simulation.kinds
        if isinstance(self.celltype, EPropReadout):
            kinds.check_readouts(self.celltype.loss, self.celltype.bias_optimizer, self.label)
        elif isinstance(self.celltype, EPropCell):
            kinds.check_cells(self.celltype.pseudo_derivative, self.label, self.celltype.backwards)
        elif isinstance(self.celltype, LearningCell):
            kinds.check_direction(self.label, self.celltype.backwards)

    def evaluated(self, space: ParameterSpace, size: int) -> dict[str, np.ndarray]:
        """Parameters of ``size`` of the cells, with draws from the seed of ``setup()``."""
        names = list(self.celltype.default_parameters)
        return evaluated(space, size, self.label,
                         lambda name: self.draws.seed(Purpose.PARAMETERS + names.index(name)))

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
    def is_analog(self) -> bool:
        """Whether its values are given from outside."""
        return isinstance(self.celltype, AnalogSource)

    @property
    def bias_learns(self) -> bool:
        """Whether these are readouts whose biases follow the gradient."""
        return getattr(self.celltype, "bias_optimizer", None) is not None

    # --- parameters ---

    def _take(self, values: dict[str, np.ndarray]) -> None:
        """Check the values of all cells, and use them."""
        self.celltype.check(values, self._simulator.state.dt)
        if "spike_times" in values:
            check_spike_times([np.asarray(row.value) for row in values["spike_times"]], self.label)
        if "target" in values:
            target = to_matrix(values["target"], self.label)
            if target is not None:
                check_target(target, self.celltype.loss, self._simulation.options.interval_steps,
                             self.label)
            self.target_start = self._interval_steps_done()
        analog = self._made_values(values) if self.is_analog else None
        self.values.update(values)
        if analog is not None:
            self._analog = analog
            if "values" in values:
                self.values_given = self._interval_steps_done()
        # rates are checked now, given times when they are needed
        self._spikes = self._make_spikes() if isinstance(self.celltype, SpikeSourcePoisson) \
            else None

    def _check_goes_on(self, indices: np.ndarray, values: Mapping[str, np.ndarray]) -> None:
        """Raise for sequences of some cells, if those of the others would begin again.

        :class:`TargetError` for targets, :class:`ParameterError` for values of sources.
        """
        if len(np.unique(indices)) == self.size:
            return
        done, options = self._interval_steps_done(), self._simulation.options
        whole = f"give sequences to all of {self.label}, those of the other cells from now on"
        if "target" in values and done > self.target_start:
            target = to_matrix(self.values["target"], self.label)
            if target is not None and not repeats(target, options.interval_steps):
                raise TargetError(f"{self.label}: a new target for some of the readouts would let "
                                  f"those of the others, which go on, begin again; {whole}")
        if "values" in values and self._analog is not None and done > self.values_given \
                and self._analog.interval_steps is None:
            raise ParameterError(f"{self.label}: new values for some of the cells would let those "
                                 f"of the others, which go on, begin again; {whole}")

    def replace_values(self, indices: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Set parameters of some cells. Raises the errors of bad values; then nothing changed."""
        self.check_current()
        self._check_goes_on(indices, values)
        merged = {}
        for name, array in values.items():
            merged[name] = self.current_values(name).copy()
            merged[name][indices] = array
        with all_or_nothing(self, self._simulation):
            self._take(merged)
            self.bias_is_new |= "bias" in merged
            if "bias" in merged and self._simulation.step == 0:
                self._first_bias = self.values["bias"]
            if self.is_source or self.is_analog:    # inputs of a run, not part of the network
                self._simulation.spikes_change(self)
            else:
                self._simulation.population_changes(self.index)

    def return_to_start(self, keep_weights: bool) -> None:
        """At a reset(): targets start at time 0, and biases go back unless ``keep_weights``."""
        self.target_start = self.values_given = 0
        if self.is_analog:
            self._analog = self._made_values({}, 0)
        if self._first_bias is not None and not keep_weights:
            self.values["bias"] = self._first_bias
            self.bias_is_new = False

    def current_values(self, name: str) -> Any:
        """Values of all cells, or None for an unknown parameter; biases as they are now."""
        if name == "bias" and name in self.values:
            return self._simulation.bias(self)
        return self.values.get(name)

    def replace_initial(self, values: Mapping[str, Any], indices: np.ndarray) -> None:
        """Set initial values of some cells, by state variable.

        Raises :class:`ParameterError`; then nothing was changed.
        """
        self.check_current()
        arrays = self._initial_values(values, indices)
        with all_or_nothing(self, self._simulation):
            for variable, array in arrays.items():
                self.initial[variable] = array
                self.initial_values[variable] = LazyArray(simplify(array), shape=(self.size,),
                                                          dtype=float)
            self._simulation.initial_values_change(self.index)

    def _initial_values(self, values: Mapping[str, Any], indices: np.ndarray
                        ) -> dict[str, np.ndarray]:
        """Initial values of all cells, the given ones replaced; raises for bad ones."""
        defaults = list(self.celltype.default_initial_values)
        arrays = {}
        for variable, value in values.items():
            if variable not in defaults:
                raise ParameterError(f"{self.label}: {type(self.celltype).__name__} has no state "
                                     f"variable {variable!r}; choose one of {sorted(defaults)}")
            array = self.initial.get(variable, np.zeros(self.size)).copy()
            array[indices] = initial_values(
                value, variable, len(indices), self.label,
                partial(self.draws.seed, Purpose.INITIAL + defaults.index(variable)))
            arrays[variable] = array
        return arrays

    def _set_cell_initial_value(self, cell: Any, variable: str, value: float) -> None:
        self.replace_initial({variable: value}, np.array([self.id_to_index(cell)]))

    # --- places ---

    @property
    def positions(self) -> np.ndarray:
        """Coordinates of all cells in um, (3, cells)."""
        return np.asarray(self._get_positions())  # type: ignore[attr-defined]

    @positions.setter
    def positions(self, positions: Any) -> None:
        numbers = as_numbers(positions)
        if numbers is None or numbers.shape != (3, self.size) or not np.all(np.isfinite(numbers)):
            raise ParameterError(f"{self.label}: positions must be an array (3, {self.size}) of "
                                 f"finite numbers, not {positions!r}")
        self._set_positions(numbers)  # type: ignore[attr-defined]

    # --- sources ---

    def spikes_between(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Spikes of a source population with first <= step <= last: (steps, cells)."""
        if self._spikes is None:
            self._spikes = self._make_spikes()
        return self._spikes.between(first, last)

    def values_between(self, first: int, last: int) -> np.ndarray:
        """Values of an analog source at the steps ``first`` ... ``last``, (steps, cells)."""
        assert self._analog is not None
        return self._analog.between(first, last)

    @property
    def frames(self) -> np.ndarray:
        """Values of an analog source, (frames, cells)."""
        assert self._analog is not None
        return self._analog.frames

    @property
    def largest_value(self) -> float:
        """The largest magnitude of the values of an analog source."""
        assert self._analog is not None
        return self._analog.largest

    def _made_values(self, new: Mapping[str, np.ndarray], given: int | None = None) -> AnalogValues:
        """The values of an analog source, with some of its parameters new."""
        values = {**self.values, **new}
        if given is None:
            given = self._interval_steps_done() if "values" in new else self.values_given
        options = self._simulation.options
        return AnalogValues(analog_values.to_frames(values["values"], self.label),
                            float(values["frame_duration"][0]), float(values["start"][0]),
                            self.celltype.repeats, given, options.timestep, options.interval_steps,
                            self.label)

    def _make_spikes(self) -> ArraySpikes | PoissonSpikes:
        timestep, values = self._simulation.options.timestep, self.values
        if isinstance(self.celltype, SpikeSourceArray):
            return ArraySpikes([np.asarray(row.value) for row in values["spike_times"]], timestep,
                               self._sort_spikes)
        return PoissonSpikes(values["rate"], values["start"], values["duration"], timestep,
                             (self.draws.run_seed, self.draws.number), self.label)


def _rows(space: ParameterSpace, name: str) -> Any:
    """The rows of a target, or of values, if there is one for each cell."""
    base = space[name].base_value
    return list(base) if isinstance(base, np.ndarray) and base.ndim else base
