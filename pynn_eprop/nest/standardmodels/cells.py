"""The cell types that learn, and the spike sources that feed them."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any, ClassVar

from pyNN.nest.standardmodels import cells as parent
from pyNN.standardmodels import cells as stock

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.stock import TABLES
from pynn_eprop.nest.translation import ALIF, LIF, READOUTS


def _named(model: str) -> dict[str, str]:
    return {"on_grid": model, "off_grid": model}


class EPropLIF(common.EPropLIF):
    __doc__ = common.EPropLIF.__doc__
    nest_name: ClassVar[dict[str, str]] = _named(LIF)
    standard_receptor_type = True
    injectable = False


class EPropALIF(common.EPropALIF):
    __doc__ = common.EPropALIF.__doc__
    nest_name: ClassVar[dict[str, str]] = _named(ALIF)
    standard_receptor_type = True
    injectable = False


class EPropReadout(common.EPropReadout):
    __doc__ = common.EPropReadout.__doc__
    nest_name: ClassVar[dict[str, str]] = _named(READOUTS)
    standard_receptor_type = True


class SpikeSourceArray(CheckedCellType, parent.SpikeSourceArray):
    __doc__ = stock.SpikeSourceArray.__doc__
    in_order = common.SpikeSourceArray.in_order


class SpikeSourcePoisson(CheckedCellType, parent.SpikeSourcePoisson):
    __doc__ = stock.SpikeSourcePoisson.__doc__
    in_order = common.SpikeSourcePoisson.in_order
    table: ClassVar[Any] = TABLES["SpikeSourcePoisson"]


class IF_curr_delta(parent.IF_curr_delta):      # noqa: N801 (PyNN's name)
    __doc__ = stock.IF_curr_delta.__doc__
    # PyNN has forgotten them: v could be neither recorded nor initialised
    variable_map: ClassVar[dict[str, str]] = {"v": "V_m"}
    scale_factors: ClassVar[dict[str, float]] = {"v": 1.0}


LEARNING_CELLS: tuple[type[CheckedCellType], ...] = (EPropLIF, EPropALIF, EPropReadout)
SOURCES: tuple[type[CheckedCellType], ...] = (SpikeSourceArray, SpikeSourcePoisson)
