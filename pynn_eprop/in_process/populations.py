"""Population, PopulationView and Assembly, which each backend has as its own."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any, ClassVar

from pyNN import common
from pyNN.models import BaseCellType

from pynn_eprop.common.script.checks import check_is_ours
from pynn_eprop.common.script.populations import CellArrays, CellGroup
from pynn_eprop.common.script.views import CheckedAssembly, CheckedView
from pynn_eprop.common.standardmodels.own_cells import OwnCell, check_kind_of_cell


class Assembly(CheckedAssembly, common.Assembly):
    __doc__ = common.Assembly.__doc__


class PopulationView(CheckedView, CellGroup, common.PopulationView):
    __doc__ = common.PopulationView.__doc__


class Population(CellArrays, common.Population):
    __doc__ = common.Population.__doc__
    _view_class: ClassVar[type[PopulationView]]
    _cell_types: ClassVar[tuple[type, ...]]

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return self._view_class(self, selector, label)

    def _check_type(self, cellclass: Any) -> None:
        check_kind_of_cell(cellclass, self._simulator.state.simulation.kinds)
        check_is_ours(cellclass, BaseCellType, (*self._cell_types, OwnCell), "cell type")
