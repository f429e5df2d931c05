"""The cell types of this backend."""

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.of_backend import of_backend

CELL_TYPES = tuple(of_backend(each, __name__) for each in (
    common.EPropLIF, common.EPropALIF, common.EPropCurrLIF, common.EPropReadout,
    common.SpikeSourceArray, common.SpikeSourcePoisson))
(EPropLIF, EPropALIF, EPropCurrLIF, EPropReadout, SpikeSourceArray,
 SpikeSourcePoisson) = CELL_TYPES

AnalogSource = of_backend(common.AnalogSource, __name__)    # refused by name
