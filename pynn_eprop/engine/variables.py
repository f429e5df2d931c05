"""Variables that can be recorded, and status codes of the compiled engine."""

from pynn_eprop.engine._eprop import lib
from pynn_eprop.errors import SimulationError

VARIABLES = {
    "v": lib.EPROP_V, "a": lib.EPROP_A, "h": lib.EPROP_H, "y": lib.EPROP_Y,
    "learning_signal": lib.EPROP_LEARNING_SIGNAL, "error": lib.EPROP_ERROR,
    "target": lib.EPROP_TARGET, "isyn_exc": lib.EPROP_ISYN_EXC, "isyn_inh": lib.EPROP_ISYN_INH,
}


def check(status: int) -> None:
    """Turn a status of the engine into an exception."""
    if status == lib.EPROP_NO_MEMORY:
        raise MemoryError("the network does not fit into memory")
    if status == lib.EPROP_TARGET_ENDED:
        raise SimulationError("a target of the whole run ends before this run does; "
                              "give one that is long enough")
    if status != lib.EPROP_OK:
        raise SimulationError(f"the engine refused an argument (status {status})")
