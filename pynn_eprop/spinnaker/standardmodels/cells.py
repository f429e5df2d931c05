"""The cell types that this backend adds to sPyNNaker's, and its spike sources.

The sources send from sPyNNaker's own source binary; their spikes are made here, in script time, so
that they are those of every other backend.
"""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from typing import Any, ClassVar

from pyNN.standardmodels import cells as stock

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.stock import TABLES
from pynn_eprop.common.standardmodels.tables import same_names


class EPropLIF(common.EPropLIF):
    __doc__ = common.EPropLIF.__doc__
    injectable = False


class EPropALIF(common.EPropALIF):
    __doc__ = common.EPropALIF.__doc__
    injectable = False


class EPropReadout(common.EPropReadout):
    __doc__ = common.EPropReadout.__doc__


class SpikeSourceArray(CheckedCellType, stock.SpikeSourceArray):
    __doc__ = stock.SpikeSourceArray.__doc__
    translations: ClassVar[dict[str, Any]] = same_names(stock.SpikeSourceArray.default_parameters)


class SpikeSourcePoisson(CheckedCellType, stock.SpikeSourcePoisson):
    __doc__ = stock.SpikeSourcePoisson.__doc__
    table = TABLES["SpikeSourcePoisson"]
    translations: ClassVar[dict[str, Any]] = same_names(
        stock.SpikeSourcePoisson.default_parameters)


CELL_TYPES: tuple[type[CheckedCellType], ...] = (
    EPropLIF, EPropALIF, EPropReadout, SpikeSourceArray, SpikeSourcePoisson,
)
"""The cell types whose populations are arrays of this package; all others are sPyNNaker's."""
