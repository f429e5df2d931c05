"""The recorder of this backend."""

from pynn_eprop.common.records.recorder import LogRecorder
from pynn_eprop.jax import simulator


class Recorder(LogRecorder):
    """Recordings of one population."""

    _simulator = simulator
