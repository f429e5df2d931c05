"""The cell types that this backend adds to, or replaces in, PyNN's Brian2 backend."""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType


class EPropLIF(common.EPropLIF):
    __doc__ = common.EPropLIF.__doc__


class EPropALIF(common.EPropALIF):
    __doc__ = common.EPropALIF.__doc__


class EPropReadout(common.EPropReadout):
    __doc__ = common.EPropReadout.__doc__


class SpikeSourceArray(common.SpikeSourceArray):
    __doc__ = common.SpikeSourceArray.__doc__


class SpikeSourcePoisson(common.SpikeSourcePoisson):
    __doc__ = common.SpikeSourcePoisson.__doc__


CELL_TYPES: tuple[type[CheckedCellType], ...] = (
    EPropLIF, EPropALIF, EPropReadout, SpikeSourceArray, SpikeSourcePoisson,
)
