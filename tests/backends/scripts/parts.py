"""Parts of scripts of several themes: the error of a call, a small network, plain values."""

from typing import Any

import numpy as np


def refusal(action: Any) -> tuple[list[str], str]:
    """The classes of the error that a call raises, and its message; ([], "") if none."""
    try:
        action()
    except Exception as error:
        return [kind.__name__ for kind in type(error).__mro__], str(error)
    return [], ""


def small_network(sim: Any, intervals: bool = True, timestep: float = 1.0) -> Any:
    """A source and two cells that do not learn; on NEST without intervals they are stock cells."""
    sim.setup(timestep=timestep, **({"update_interval": 20.0} if intervals else {}))
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="source")
    own = intervals or not sim.__name__.endswith("nest")
    cells = sim.Population(2, sim.EPropLIF() if own else sim.IF_curr_exp(), label="cells")
    synapse = sim.EPropSynapse(weight=0.1, optimizer=None) if own else sim.StaticSynapse()
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse, label="in")
    return cells


def plain(values: Any) -> Any:
    """Lists and Python's numbers for what comes as tuples and NumPy's."""
    if isinstance(values, (list, tuple)):
        return [plain(value) for value in values]
    return values.item() if isinstance(values, np.generic) else values
