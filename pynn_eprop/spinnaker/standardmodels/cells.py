"""The cell types that this backend adds to sPyNNaker's, and its spike sources.

The sources send from sPyNNaker's own source binary; this package makes their spikes, in script
time, so that they are those of every other backend.
"""

from pynn_eprop.common.standardmodels import cells as common
from pynn_eprop.common.standardmodels.cells import CheckedCellType
from pynn_eprop.common.standardmodels.of_backend import of_backend

EPropLIF = of_backend(common.EPropLIF, __name__, injectable=False)
EPropALIF = of_backend(common.EPropALIF, __name__, injectable=False)
EPropReadout = of_backend(common.EPropReadout, __name__)
SpikeSourceArray = of_backend(common.SpikeSourceArray, __name__)
SpikeSourcePoisson = of_backend(common.SpikeSourcePoisson, __name__)
AnalogSource = of_backend(common.AnalogSource, __name__)

CELL_TYPES: tuple[type[CheckedCellType], ...] = (
    EPropLIF, EPropALIF, EPropReadout, SpikeSourceArray, SpikeSourcePoisson, AnalogSource,
)
"""The cell types whose populations are arrays of this package; all others are sPyNNaker's."""
