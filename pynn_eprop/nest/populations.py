"""Population, PopulationView and Assembly.

With update intervals, cells that learn, readouts and the common sources are kept as arrays, as in
the host backend, and handed to NEST when it runs; all other cells are PyNN's NEST backend's.
"""
# ruff: noqa: D101 (docstrings come from PyNN)

from collections.abc import Mapping
from typing import Any

import nest
import numpy as np
from pyNN.nest import populations as parent
from pyNN.parameters import ParameterSpace

from pynn_eprop.common.arguments.calls import CheckedPopulation, check_population, check_source
from pynn_eprop.common.script.parent_backend import CellsOfParent, PopulationOfParent
from pynn_eprop.common.script.populations import CellArrays, CellGroup, NetworkMember
from pynn_eprop.common.script.views import CheckedAssembly, CheckedView
from pynn_eprop.common.standardmodels.own_cells import check_kind_of_cell
from pynn_eprop.common.standardmodels.targets import check_target, to_matrix
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.targets import target_end, targets_at
from pynn_eprop.nest import simulator
from pynn_eprop.nest.recording import PlainRecorder, Recorder, StockRecorder
from pynn_eprop.nest.refusals import typed
from pynn_eprop.nest.standardmodels.cells import LEARNING_CELLS, SOURCES, EPropReadout
from pynn_eprop.nest.standardmodels.electrodes import check_takes_current
from pynn_eprop.nest.translation import KNOWN


class Assembly(CheckedAssembly, parent.Assembly):
    __doc__ = parent.Assembly.__doc__
    _simulator = simulator


class PopulationView(CheckedView, CellsOfParent, parent.PopulationView):
    __doc__ = parent.PopulationView.__doc__
    _simulator = simulator
    _assembly_class = Assembly

    def __new__(cls, population: Any, *_args: Any, **_options: Any) -> "PopulationView":
        """A view of arrays or of PyNN's cells, like the population."""
        kept = isinstance(population, (ArrayPopulation, ArrayView))
        return object.__new__(ArrayView if kept and cls is PopulationView else cls)

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        with typed(self.label):
            super()._set_parameters(parameter_space)

class Population(CheckedPopulation, NetworkMember, PopulationOfParent, parent.Population):
    __doc__ = parent.Population.__doc__
    _simulator = simulator
    _assembly_class = Assembly

    def __new__(cls, _size: Any = None, cellclass: Any = None, *_args: Any,
                **options: Any) -> "Population":
        """A population of arrays, or one that PyNN keeps.

        Raises :class:`UnsupportedError` for cells that learn without intervals.
        """
        kind = options.get("cellclass", cellclass)
        kind = kind if isinstance(kind, type) else type(kind)
        check_kind_of_cell(kind, KNOWN)
        if issubclass(kind, LEARNING_CELLS) and simulator.state.simulation is None:
            raise UnsupportedError(f"{kind.__name__} on NEST: its e-prop models live in intervals; "
                                   "give setup(update_interval=...), longer than the run if "
                                   "nothing is to be learned")
        kept = simulator.state.simulation is not None \
            and issubclass(kind, (*LEARNING_CELLS, *SOURCES))
        return object.__new__(ArrayPopulation if kept and cls is Population else cls)

    def __init__(self, size: Any, cellclass: Any, cellparams: Mapping[str, Any] | None = None,
                 structure: Any = None, initial_values: Mapping[str, Any] | None = None,
                 label: str | None = None) -> None:
        check_population(size, cellclass, cellparams, structure, initial_values, label)
        self._simulation = simulator.state.simulation
        if simulator.state.simulation is not None:
            simulator.state.simulation.structure_changes(f"{label or 'a population'} is added")
        with typed(label or "a population"):
            super().__init__(size, cellclass,
                             cellparams or {} if isinstance(cellclass, type) else None,
                             structure, initial_values or {}, label)
        if simulator.state.simulation is not None and getattr(self.celltype, "uses_parrot", False):
            # PyNN shifts times by its offset only if they are set later
            self._set_parameters(self.celltype.native_parameters)

    def _set_parameters(self, parameter_space: ParameterSpace) -> None:
        with typed(self.label):
            super()._set_parameters(parameter_space)

    def _set_initial_value_array(self, variable: str, value: Any) -> None:
        """Set initial values, except for defaults that NEST has anyway and cannot be given."""
        name = getattr(self.celltype, "variable_map", {}).get(variable, variable)
        default = self.celltype.default_initial_values.get(variable)
        if name in self.node_collection[0].get() or np.any(value.evaluate() != default):
            with typed(f"{self.label}: initial {variable}"):
                super()._set_initial_value_array(variable, value)

    @property
    def _recorder_class(self) -> Any:
        """The class of recorders: with intervals NEST is ahead of the script, unknown to PyNN's."""
        return PlainRecorder if self._simulation is None else StockRecorder

    def _number(self) -> int:
        return len(simulator.state.populations)

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)


class _Cells(CellGroup):
    _simulator = simulator

    def inject(self, current_source: Any) -> None:
        """Raise :class:`UnsupportedError`: NEST scales currents differently."""
        check_source(current_source, self.label)
        check_takes_current(self)
        super().inject(current_source)


class ArrayView(_Cells, PopulationView):
    """A part of an :class:`ArrayPopulation`."""


class ArrayPopulation(_Cells, CellArrays, Population):
    """Cells that learn, readouts or sources, in a network with update intervals.

    generators: NEST's spike generators of a source; its cells relay the spikes that these send.
    """

    _recorder_class = Recorder

    _number = Population._number

    def _begin(self, size: Any, label: str | None) -> None:
        super()._begin(size, label)
        self.warned_of: set[str] = set()    # reasons
        self._target: tuple[Any, np.ndarray] | None = None
        self._deferred_parrot_connections = False

    def _join(self) -> None:
        simulator.state.populations.append(self)
        super()._join()

    @property
    def timestep(self) -> float:
        """The time step, in ms."""
        return float(self._simulation.options.timestep)

    def _create_cells(self) -> None:
        self._take_parameters()
        model = self.celltype.nest_name["on_grid"]
        if self.is_source:
            self.generators = nest.Create("spike_generator", self.size,
                                          {"precise_times": False})
            model = "parrot_neuron"
        self.node_collection = nest.Create(model, self.size)
        self._mask_local = np.ones(self.size, dtype=bool)
        self.all_cells = np.array([simulator.ID(cell) for cell in self.node_collection.tolist()],
                                  dtype=object)
        for cell in self.all_cells:
            cell.parent = self
            cell.node_collection = nest.NodeCollection([int(cell)])

    # --- changes ---

    def replace_values(self, indices: np.ndarray, values: dict[str, np.ndarray]) -> None:
        """Set parameters of some cells.

        Raises the errors of bad values, and :class:`UnsupportedError` for what NEST cannot change
        once it runs, and then has changed nothing.
        """
        fixed = set(values) - {"target"}
        if fixed and self._simulation.started and not self.is_source:
            raise UnsupportedError(f"{self.label}: {', '.join(sorted(fixed))} cannot change after "
                                   "the first run(): NEST uses the present values for updates that "
                                   "are late")
        super().replace_values(indices, values)

    def _initial_values(self, values: Mapping[str, Any], indices: np.ndarray
                        ) -> dict[str, np.ndarray]:
        """The given initial values, which must be 0."""
        arrays = super()._initial_values(values, indices)
        for variable, array in arrays.items():
            if np.any(array != 0.0):
                raise UnsupportedError(
                    f"{self.label}: initial value {variable}={array[array != 0.0][0]:g}; NEST "
                    "begins every interval at 0")
        return arrays

    # --- targets ---

    @property
    def target(self) -> np.ndarray | None:
        """The target of readouts, (readouts, steps), or None."""
        if not isinstance(self.celltype, EPropReadout):
            return None
        given = self.values["target"]
        if self._target is None or self._target[0] is not given:
            matrix = to_matrix(given, self.label)
            self._target = given, np.zeros((self.size, 0)) if matrix is None else matrix
        return self._target[1] if self._target[1].size else None

    @property
    def target_repeats(self) -> bool:
        """Whether the target is that of one interval."""
        target = self.target
        return target is None or check_target(target, None, self._simulation.interval_steps,
                                              self.label)

    @property
    def target_end(self) -> int | None:
        """The last step that has a target; None if it repeats or is not needed."""
        return None if self.celltype.loss is None else target_end(self)

    def target_at(self, steps: np.ndarray) -> np.ndarray:
        """Targets at global steps 1, 2, ...: (steps, readouts), NaN for none."""
        return targets_at(self, steps)
