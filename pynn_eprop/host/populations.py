"""Population, PopulationView and Assembly."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any

from pyNN import common
from pyNN.models import BaseCellType

from pynn_eprop.common.script.checks import check_is_ours
from pynn_eprop.common.script.populations import CellArrays, CellGroup
from pynn_eprop.common.script.views import CheckedAssembly, CheckedView
from pynn_eprop.common.standardmodels.own_cells import OwnCell, check_own_cell
from pynn_eprop.host import simulator
from pynn_eprop.host.recording import Recorder
from pynn_eprop.host.standardmodels.cells import CELL_TYPES


class Assembly(CheckedAssembly, common.Assembly):
    __doc__ = common.Assembly.__doc__
    _simulator = simulator


class _Cells(CellGroup):
    _simulator = simulator
    _assembly_class = Assembly


class PopulationView(CheckedView, _Cells, common.PopulationView):
    __doc__ = common.PopulationView.__doc__


class Population(_Cells, CellArrays, common.Population):
    __doc__ = common.Population.__doc__
    _recorder_class = Recorder

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def _check_type(self, cellclass: Any) -> None:
        check_own_cell(cellclass, simulator.state.simulation.kinds)
        check_is_ours(cellclass, BaseCellType, (*CELL_TYPES, OwnCell), "cell type")
