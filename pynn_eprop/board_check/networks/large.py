"""Networks over many cores: error modules, several chips, and the load of a real task."""

from types import ModuleType
from typing import Any

from pynn_eprop.board_check.networks.drawn import Drawn, Size
from pynn_eprop.board_check.networks.learning import LIF
from pynn_eprop.board_check.networks.trained import trained
from pynn_eprop.board_check.recorded import Recorded, read
from pynn_eprop.models.optimizers import SGD, Adam


def error_module(sim: ModuleType, **setup: Any) -> Recorded:
    """Readouts without a loss, on two cores, that send a learning signal to a cell each."""
    size = Size(inputs=10, cells=90, intervals=2)
    drawn, sgd = Drawn(size, 31), SGD(lr=0.001)
    sim.setup(timestep=1.0, update_interval=40.0, seed=1, **setup)
    clock = sim.Population(10, sim.SpikeSourceArray(spike_times=drawn.spike_times()),
                           label="clock")
    cells = sim.Population(90, sim.EPropLIF(tau_m=20.0, tau_refrac=2.0, v_thresh=0.4),
                           label="cells")
    module = sim.Population(80, sim.EPropReadout(loss=None, tau_m=10.0), label="module")
    everyone = sim.AllToAllConnector()
    learned = [
        sim.Projection(clock, cells, everyone, sim.EPropSynapse(
            weight=drawn.weights(10, 90, 1.3), optimizer=sgd), label="in"),
        sim.Projection(cells, cells, sim.FixedProbabilityConnector(0.2),
                       sim.EPropSynapse(weight=0.05, optimizer=sgd), label="recurrent")]
    sim.Projection(clock, module, everyone, sim.EPropSynapse(weight=drawn.weights(10, 80),
                                                             optimizer=None))
    sim.Projection(module, cells[:80], sim.OneToOneConnector(), sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    cells.record(["spikes", "learning_signal"])
    module.record("y")
    sim.run(size.duration)
    return read(cells, module, *learned)


def many_cores(sim: ModuleType, **setup: Any) -> Recorded:
    """Two populations that excite each other; with few cells a core, on more than one chip."""
    size = Size(cells=40, intervals=2)
    drawn, adam = Drawn(size, 32), Adam(lr=0.003)
    sim.setup(timestep=1.0, update_interval=40.0, seed=1, **setup)
    clock = sim.Population(5, sim.SpikeSourceArray(spike_times=drawn.spike_times()), label="clock")
    one, other = (sim.Population(40, sim.EPropLIF(**LIF), label=name) for name in ("one", "other"))
    readout = sim.Population(2, sim.EPropReadout(tau_m=20.0, target=drawn.curves()),
                             label="readout")
    everyone = sim.AllToAllConnector()
    learned = [
        sim.Projection(pre, post, everyone, sim.EPropSynapse(
            weight=drawn.weights(pre.size, post.size, scale), optimizer=adam),
            label=f"{pre.label} to {post.label}")
        for pre, post, scale in ((clock, one, 1.5), (one, other, 2.0), (other, one, 1.0),
                                 (one, readout, 1.0), (other, readout, 1.0))]
    for cells in (one, other):
        sim.Projection(readout, cells, everyone, sim.LearningSignal(weight=drawn.feedback(2, 40)),
                       receptor_type="learning_signal")
        cells.record(["spikes", "v"])
    readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(one, other, readout, *learned)


def load(sim: ModuleType, **setup: Any) -> Recorded:
    """400 LIF cells all to all at about 60 Hz, as many a core as of the paper's task 1.1."""
    size = Size(inputs=20, cells=400, readouts=3, interval=200, intervals=2)
    drawn, adam = Drawn(size, 33), Adam(lr=0.003)
    sim.setup(timestep=1.0, update_interval=200.0, seed=1, **setup)
    network, readout, learned = trained(sim, drawn, sim.EPropLIF(**LIF), adam, drive=1.4,
                                        times=drawn.spike_times(50.0), recurrent=0.7)
    network.record("spikes")
    network[:4].record("v")
    readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(network, readout, *learned)
