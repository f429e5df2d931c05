"""The cell types of backends whose machine runs in this process."""
# ruff: noqa: D101 (docstrings come from PyNN)

from typing import Any, ClassVar

from pyNN.standardmodels import cells as stock

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.common.standardmodels.stock import TABLES
from pynn_eprop.common.standardmodels.tables import same_names


class IF_curr_exp(CheckedCellType, stock.IF_curr_exp):  # noqa: N801
    __doc__ = stock.IF_curr_exp.__doc__
    table = TABLES["IF_curr_exp"]
    recordable: ClassVar[list[str]] = ["spikes", "v", "isyn_exc", "isyn_inh"]
    translations: ClassVar[dict[str, Any]] = same_names(stock.IF_curr_exp.default_parameters)


class IF_curr_delta(CheckedCellType, stock.IF_curr_delta):  # noqa: N801
    __doc__ = stock.IF_curr_delta.__doc__
    table = TABLES["IF_curr_delta"]
    translations: ClassVar[dict[str, Any]] = same_names(stock.IF_curr_delta.default_parameters)


CELL_TYPES: tuple[type[CheckedCellType], ...] = (
    common.EPropLIF, common.EPropALIF, common.EPropReadout, IF_curr_exp, IF_curr_delta,
    common.SpikeSourceArray, common.SpikeSourcePoisson, common.AnalogSource,
    common.EPropArtificial, common.EPropLSTM, common.EPropCurrLIF)


def cell_types_of(module: str) -> tuple[type[CheckedCellType], ...]:
    """:data:`CELL_TYPES`, in that order, as those of a backend's module."""
    return tuple(of_backend(each, module) for each in CELL_TYPES)
