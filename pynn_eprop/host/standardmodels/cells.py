"""The cell types of this backend."""
# ruff: noqa: D101 (docstrings come from PyNN)

from typing import Any, ClassVar

from pyNN.standardmodels import cells as stock

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.common.standardmodels.stock import TABLES
from pynn_eprop.common.standardmodels.tables import same_names

EPropLIF = of_backend(common.EPropLIF, __name__)
EPropALIF = of_backend(common.EPropALIF, __name__)
EPropReadout = of_backend(common.EPropReadout, __name__)
SpikeSourceArray = of_backend(common.SpikeSourceArray, __name__)
SpikeSourcePoisson = of_backend(common.SpikeSourcePoisson, __name__)


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
    EPropLIF, EPropALIF, EPropReadout, IF_curr_exp, IF_curr_delta, SpikeSourceArray,
    SpikeSourcePoisson,
)
