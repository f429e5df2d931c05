"""Kinds of cell, one file a kind: parameters, state, derivatives, and how scripts describe them.

Symbols are those of Bellec et al. (2019), eq. 20-28 and 41.
"""

from pynn_eprop.models.cells.alif import ALIFCells
from pynn_eprop.models.cells.analog import VALUE, AnalogCells
from pynn_eprop.models.cells.analog_source import AnalogSources
from pynn_eprop.models.cells.artificial import ArtificialCells
from pynn_eprop.models.cells.autodiff import AutodiffCells
from pynn_eprop.models.cells.curr_lif import CurrLIFCells
from pynn_eprop.models.cells.current_based import CurrDeltaCells, CurrentBasedCells, CurrExpCells
from pynn_eprop.models.cells.derivatives import Derivatives
from pynn_eprop.models.cells.fields import Given, component, initial, parameter
from pynn_eprop.models.cells.kind import Population
from pynn_eprop.models.cells.learning import LEARNING_RECEPTOR, LearningCells
from pynn_eprop.models.cells.lif import LIFCells
from pynn_eprop.models.cells.lstm import LSTMCells
from pynn_eprop.models.cells.readout import Readouts
from pynn_eprop.models.cells.registry import (
    CELLS,
    KEPT_BY_MACHINES,
    check_kind,
    register_cell,
    reserve_names,
)
from pynn_eprop.models.cells.sources import Sources
from pynn_eprop.models.cells.spiking import SpikingCells
from pynn_eprop.models.cells.values import fixed_values

for _kind in (LIFCells, ALIFCells, Readouts, CurrExpCells, CurrDeltaCells, AnalogSources,
              ArtificialCells, LSTMCells, CurrLIFCells):
    CELLS[_kind.name] = _kind

__all__ = [
    "CELLS",
    "KEPT_BY_MACHINES",
    "LEARNING_RECEPTOR",
    "VALUE",
    "ALIFCells",
    "AnalogCells",
    "AnalogSources",
    "ArtificialCells",
    "AutodiffCells",
    "CurrDeltaCells",
    "CurrExpCells",
    "CurrLIFCells",
    "CurrentBasedCells",
    "Derivatives",
    "Given",
    "LIFCells",
    "LSTMCells",
    "LearningCells",
    "Population",
    "Readouts",
    "Sources",
    "SpikingCells",
    "check_kind",
    "component",
    "fixed_values",
    "initial",
    "parameter",
    "register_cell",
    "reserve_names",
]
