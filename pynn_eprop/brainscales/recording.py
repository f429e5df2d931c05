"""The recorder of this backend."""

from pynn_eprop.brainscales import simulator
from pynn_eprop.common.records.recorder import LogRecorder


class Recorder(LogRecorder):
    """Recordings of one population."""

    _simulator = simulator
