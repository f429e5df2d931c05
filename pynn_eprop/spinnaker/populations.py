"""Population, PopulationView and Assembly."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any

import spynnaker.pyNN as spynnaker
from pyNN import common
from pyNN.models import BaseCellType
from spynnaker.pyNN.models.abstract_pynn_model import AbstractPyNNModel
from spynnaker.pyNN.models.common import PopulationApplicationVertex

from pynn_eprop.common.arguments.calls import check_size, check_source
from pynn_eprop.common.script.checks import check_is_ours
from pynn_eprop.common.script.populations import CellArrays, CellGroup
from pynn_eprop.common.script.views import CheckedAssembly, CheckedView
from pynn_eprop.common.standardmodels.own_cells import check_kind_of_cell
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.spinnaker import simulator
from pynn_eprop.spinnaker.native import NativePopulation, check_goes_on_in_pauses, refuse_keywords
from pynn_eprop.spinnaker.recording import Recorder
from pynn_eprop.spinnaker.standardmodels.cells import CELL_TYPES
from pynn_eprop.spinnaker.vertices.application import EPropVertex
from pynn_eprop.spinnaker.vertices.source import SourceVertex


class Assembly(CheckedAssembly, common.Assembly):
    __doc__ = common.Assembly.__doc__
    _simulator = simulator


class _Cells(CellGroup):
    _simulator = simulator
    _assembly_class = Assembly

    def inject(self, current_source: Any) -> None:
        """Raise :class:`UnsupportedError`: this backend has no currents into cells."""
        check_source(current_source, self.label)
        raise UnsupportedError(f"{self.label}: {type(current_source).__name__} cannot be injected "
                               f"into {type(self.celltype).__name__} on SpiNNaker; use a spike "
                               "source, or another backend")


class PopulationView(CheckedView, _Cells, common.PopulationView):
    __doc__ = common.PopulationView.__doc__


OF_SPYNNAKER = {
    "additional_parameters": "setup(seed=...) is for all that is drawn, setup(max_rate=...) for "
                             "rates",
    "seed": "setup(seed=...) is for all that is drawn",
    "max_rate": "setup(max_rate=...) is for all cells",
    "neurons_per_core": "setup(neurons_per_core=...) is for all cells that learn",
    "splitter": "cells that learn have their own",
    "n_colour_bits": "cells that learn have their own",
}


class Population(_Cells, CellArrays, common.Population):
    """A population of e-prop cells, readouts or spike sources.

    With a cell type of sPyNNaker the call gives a population of sPyNNaker, whose data are in
    script time. Otherwise as PyNN's Population.
    """

    _recorder_class = Recorder

    def __new__(cls, size: Any = None, cellclass: Any = None, *arguments: Any,
                **keywords: Any) -> Any:
        """A population of ours or of sPyNNaker, depending on the cell type."""
        kind = cellclass if isinstance(cellclass, type) else type(cellclass)
        simulator.state.simulation.begin()      # sPyNNaker has to be set up for vertices
        if issubclass(kind, (AbstractPyNNModel, PopulationApplicationVertex)):
            simulator.state.simulation.check_open(f"Population(..., {kind.__name__})")
            if size is not None:
                check_size(size, str(keywords.get("label") or "population"))
            check_goes_on_in_pauses("live input", kind.__name__ == "SpikeInjector",
                                    simulator.state.simulation)
            return NativePopulation(simulator.state.simulation, size, cellclass, *arguments,
                                   **keywords)
        refuse_keywords("Population", keywords, OF_SPYNNAKER)
        return super().__new__(cls)

    def _get_view(self, selector: Any, label: str | None = None) -> PopulationView:
        return PopulationView(self, selector, label)

    def _check_type(self, cellclass: Any) -> None:
        check_kind_of_cell(cellclass, simulator.state.simulation.kinds)
        check_is_ours(cellclass, BaseCellType, CELL_TYPES, "cell type",
                      ", or one of sPyNNaker's")

    def _join(self) -> None:
        if self.is_analog:      # its values are in the memory of the cores that they reach
            super()._join()
            return
        vertex = SourceVertex if self.is_source else EPropVertex
        self.vertex = vertex(self.label, self.size)
        self.native_handle = spynnaker.Population(None, self.vertex, label=self.label)
        super()._join()
