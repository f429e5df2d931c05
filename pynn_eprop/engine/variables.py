"""What can be recorded, and what a status of the compiled engine means."""

from pynn_eprop.engine._eprop import lib
from pynn_eprop.errors import SimulationError
from pynn_eprop.models.network import Population, Readouts, SpikingCells, StockCells

VARIABLES = {
    "v": lib.EPROP_V, "a": lib.EPROP_A, "h": lib.EPROP_H, "y": lib.EPROP_Y,
    "learning_signal": lib.EPROP_LEARNING_SIGNAL, "error": lib.EPROP_ERROR,
    "target": lib.EPROP_TARGET, "isyn_exc": lib.EPROP_ISYN_EXC, "isyn_inh": lib.EPROP_ISYN_INH,
}


def recordable(population: Population) -> tuple[str, ...]:
    """The variables that can be recorded from a population."""
    if isinstance(population, SpikingCells):
        return ("spikes", "v", "h", "learning_signal", *(("a",) if population.adaptive else ()))
    if isinstance(population, Readouts):
        return ("y", "error", "target", "loss")
    if isinstance(population, StockCells):
        return ("spikes", "v", *(("isyn_exc", "isyn_inh") if population.exponential else ()))
    return ("spikes",)


def check(status: int) -> None:
    """Turn a status of the engine into an exception."""
    if status == lib.EPROP_NO_MEMORY:
        raise MemoryError("the network does not fit into memory")
    if status == lib.EPROP_TARGET_ENDED:
        raise SimulationError("a target of the whole run ends before this run does; "
                              "give one that is long enough")
    if status != lib.EPROP_OK:
        raise SimulationError(f"the engine refused an argument (status {status})")
