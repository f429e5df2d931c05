"""The cell types that this backend adds to sPyNNaker's, and its spike sources.

The sources send from sPyNNaker's own source binary; this package makes their spikes, in script
time, so that they are those of every other backend.
"""
# ruff: noqa: D101 (docstrings come from the parameter tables and from PyNN)

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType


class EPropLIF(common.EPropLIF):
    __doc__ = common.EPropLIF.__doc__
    injectable = False


class EPropALIF(common.EPropALIF):
    __doc__ = common.EPropALIF.__doc__
    injectable = False


class EPropReadout(common.EPropReadout):
    __doc__ = common.EPropReadout.__doc__


class SpikeSourceArray(common.SpikeSourceArray):
    __doc__ = common.SpikeSourceArray.__doc__


class SpikeSourcePoisson(common.SpikeSourcePoisson):
    __doc__ = common.SpikeSourcePoisson.__doc__


CELL_TYPES: tuple[type[CheckedCellType], ...] = (
    EPropLIF, EPropALIF, EPropReadout, SpikeSourceArray, SpikeSourcePoisson,
)
"""The cell types whose populations are arrays of this package; all others are sPyNNaker's."""
