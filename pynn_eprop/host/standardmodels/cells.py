"""The cell types of this backend."""

from pynn_eprop.in_process.standardmodels.cells import cell_types_of

CELL_TYPES = cell_types_of(__name__)
(EPropLIF, EPropALIF, EPropReadout, IF_curr_exp, IF_curr_delta, SpikeSourceArray,
 SpikeSourcePoisson, AnalogSource, EPropArtificial, EPropLSTM, EPropCurrLIF) = CELL_TYPES
