"""Population, PopulationView and Assembly: PyNN's, or arrays for cells that learn."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from collections.abc import Mapping
from typing import Any

from brian2 import NeuronGroup
from pyNN.brian2 import populations as parent
from pyNN.models import BaseCellType
from pyNN.standardmodels import cells as stock

from pynn_eprop.brian2 import simulator
from pynn_eprop.brian2.integration import choose_integration
from pynn_eprop.brian2.recording import Recorder, StockRecorder
from pynn_eprop.brian2.standardmodels.cells import CELL_TYPES
from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.calls import CheckedPopulation, check_population
from pynn_eprop.common.script.parent_backend import CellsOfParent, PopulationOfParent
from pynn_eprop.common.script.populations import CellArrays, CellGroup, NetworkMember
from pynn_eprop.common.script.views import CheckedAssembly, CheckedView
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.own_cells import check_kind_of_cell
from pynn_eprop.errors import UnsupportedError


class Assembly(CheckedAssembly, parent.Assembly):
    __doc__ = parent.Assembly.__doc__
    _simulator = simulator


class PopulationView(CheckedView, CellsOfParent, parent.PopulationView):
    __doc__ = parent.PopulationView.__doc__
    _simulator = simulator
    _assembly_class = Assembly

    def __new__(cls, parent: Any, *_arguments: Any, **_options: Any) -> "PopulationView":
        """A view of arrays or of PyNN's cells, like the population."""
        arrays = isinstance(parent, (_ArrayPopulation, _ArrayView))
        return object.__new__(_ArrayView if arrays else cls)


class _ArrayView(CellGroup, PopulationView):
    """Some cells of a population that is held as arrays."""


class Population(CheckedPopulation, NetworkMember, PopulationOfParent, parent.Population):
    __doc__ = parent.Population.__doc__
    _simulator = simulator
    _recorder_class: Any = StockRecorder
    _assembly_class = Assembly

    def __new__(cls, size: Any, cellclass: Any, *args: Any, **kwargs: Any) -> "Population":
        """A population of arrays for this backend's own cell types."""
        kind = cellclass if isinstance(cellclass, type) else type(cellclass)
        if issubclass(kind, CELL_TYPES):
            return object.__new__(_ArrayPopulation)
        check_kind_of_cell(cellclass, simulator.state.simulation.kinds)
        _check_cell_type(cellclass)
        return object.__new__(cls)

    def __init__(self, size: Any, cellclass: Any, cellparams: Mapping[str, Any] | None = None,
                 structure: Any = None, initial_values: Mapping[str, Any] | None = None,
                 label: str | None = None) -> None:
        check_population(size, cellclass, cellparams, structure, initial_values, label)
        self._simulation = simulation = simulator.state.simulation
        with all_or_nothing(*simulator.state.changeable()):
            self.index = len(simulation.populations)
            super().__init__(size, cellclass,
                             cellparams or {} if isinstance(cellclass, type) else None,
                             structure, initial_values or {}, label)
            simulation.add(self, stock=True)

    def _create_cells(self) -> None:
        super()._create_cells()
        if isinstance(self.brian2_group, NeuronGroup):
            choose_integration(self.brian2_group)

    def _number(self) -> int:
        return int(self.index)

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)


class _ArrayPopulation(CellArrays, Population):
    """A population of e-prop cells, readouts or sources."""

    _recorder_class = Recorder
    _cell_class = simulator.ID

    def _join(self) -> None:
        self._simulation.add(self, stock=False)


def _check_cell_type(cellclass: Any) -> None:
    """Raise :class:`UnsupportedError` for a cell type of another backend."""
    kind = cellclass if isinstance(cellclass, type) else type(cellclass)
    foreign = issubclass(kind, (CheckedCellType, stock.SpikeSourceArray, stock.SpikeSourcePoisson))
    if issubclass(kind, BaseCellType) and (foreign or not hasattr(cellclass, "brian2_model")):
        raise UnsupportedError(f"{kind.__module__}.{kind.__name__} is not a cell type of this "
                               "backend; use that of pynn_eprop.brian2")
