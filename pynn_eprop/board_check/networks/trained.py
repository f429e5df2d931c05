"""The network that most scripts of the check share: inputs, cells and readouts that learn."""

from types import ModuleType
from typing import Any

from pynn_eprop.board_check.networks.drawn import Drawn


def trained(sim: ModuleType, drawn: Drawn, cells: Any, optimizer: Any, *, times: Any = None,
            drive: float = 1.3, recurrent: float | None = 1.0, rule: Any = None
            ) -> tuple[Any, Any, list[Any]]:
    """Cells, readouts, and the projections that learn, all to all, in a script after setup().

    cells: their type. times: of the inputs' spikes, None for those that ``drawn`` gives. drive,
    recurrent: scales of weights from the inputs and among the cells, None for none of these. rule:
    of projections onto cells, None for the default one. Readouts have targets and random feedback.
    """
    size = drawn.size
    of_cells = {} if rule is None else {"rule": rule}
    clock = sim.Population(size.inputs, sim.SpikeSourceArray(
        spike_times=drawn.spike_times() if times is None else times), label="clock")
    network = sim.Population(size.cells, cells, label="network")
    readout = sim.Population(size.readouts, sim.EPropReadout(tau_m=20.0, target=drawn.curves()),
                             label="readout")
    everyone = sim.AllToAllConnector(allow_self_connections=False)

    def connect(pre: Any, post: Any, scale: float, label: str, **more: Any) -> Any:
        return sim.Projection(pre, post, everyone, sim.EPropSynapse(
            weight=drawn.weights(pre.size, post.size, scale), optimizer=optimizer, **more),
            label=label)

    learned = [connect(clock, network, drive, "in", **of_cells)]
    if recurrent is not None:
        learned.append(connect(network, network, recurrent, "recurrent", **of_cells))
    learned.append(connect(network, readout, 1.0, "out"))
    sim.Projection(readout, network, everyone,
                   sim.LearningSignal(weight=drawn.feedback(size.readouts, size.cells)),
                   receptor_type="learning_signal")
    return network, readout, learned
