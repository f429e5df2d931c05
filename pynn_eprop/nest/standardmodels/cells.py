"""The cell types that learn, and the spike sources that feed them."""
# ruff: noqa: D101 (docstrings come from PyNN)

from typing import Any, ClassVar, TypeVar

from pyNN.nest.standardmodels import cells as parent
from pyNN.standardmodels import cells as stock

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.of_backend import of_backend
from pynn_eprop.common.standardmodels.stock import TABLES
from pynn_eprop.nest.translation import ALIF, LIF, READOUTS

_Learning = TypeVar("_Learning", bound=CheckedCellType)


def _as_model(kind: type[_Learning], model: str) -> type[_Learning]:
    """A cell type that learns, as one of NEST's models; no current can be injected."""
    return of_backend(kind, __name__, nest_name={"on_grid": model, "off_grid": model},
                      standard_receptor_type=True, injectable=False)


EPropLIF = _as_model(common.EPropLIF, LIF)
EPropALIF = _as_model(common.EPropALIF, ALIF)
EPropReadout = _as_model(common.EPropReadout, READOUTS)


AnalogSource = of_backend(common.AnalogSource, __name__)    # refused by name


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
