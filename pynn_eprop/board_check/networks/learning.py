"""Networks of cells and readouts of each kind, that learn from targets."""

from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop.board_check.networks.drawn import Drawn, Size
from pynn_eprop.board_check.networks.trained import trained
from pynn_eprop.board_check.recorded import Recorded, read, without_pauses
from pynn_eprop.models.optimizers import SGD, Adam
from pynn_eprop.models.rules import ClopathRule

LIF = {"tau_m": 20.0, "v_thresh": 0.6, "tau_refrac": 3.0, "f_target": 10.0, "c_reg": 0.02}
ALIF = {**LIF, "beta": 0.3, "tau_a": 100.0}


def regression(sim: ModuleType, **setup: Any) -> Recorded:
    """LIF cells, all to all, Adam, random feedback, two intervals an update; stopped twice."""
    size = Size(intervals=6)
    drawn, adam = Drawn(size, 11), Adam(lr=0.003)
    sim.setup(timestep=1.0, update_interval=40.0, trials_per_update=2, seed=1, **setup)
    network, readout, learned = trained(sim, drawn, sim.EPropLIF(**LIF), adam)
    network.record(["spikes", "v", "h", "learning_signal"])
    readout.record(["y", "error", "loss"])
    for stop in (17.0, 95.0, size.duration):
        sim.run_until(stop)
    return read(network, readout, *learned)


def classification(sim: ModuleType, **setup: Any) -> Recorded:
    """Adaptive cells, softmax, SGD, feedback drawn for each window, four intervals an update."""
    size = Size(inputs=8, cells=20, readouts=4, intervals=8)
    drawn, sgd = Drawn(size, 12), SGD(lr=0.001)
    sim.setup(timestep=1.0, update_interval=40.0, trials_per_update=4, seed=1, **setup)
    source = sim.Population(8, sim.SpikeSourceArray(spike_times=drawn.spike_times(150.0)),
                            label="source")
    network = sim.Population(20, sim.EPropALIF(**{**ALIF, "c_reg": 0.0}), label="network")
    readout = sim.Population(4, sim.EPropReadout(tau_m=20.0, loss="cross_entropy",
                                                 target=drawn.classes()), label="readout")
    everyone = sim.AllToAllConnector(allow_self_connections=False)
    learned = [
        sim.Projection(source, network, everyone, sim.EPropSynapse(
            weight=drawn.weights(8, 20, 1.5), optimizer=sgd), label="in"),
        sim.Projection(network, network, everyone, sim.EPropSynapse(
            weight=drawn.weights(20, 20), optimizer=sgd), label="recurrent"),
        sim.Projection(network, readout, everyone, sim.EPropSynapse(
            weight=drawn.weights(20, 4), optimizer=sgd), label="out")]
    sim.Projection(readout, network, everyone, sim.LearningSignal(weight=0.3, window=5.0),
                   receptor_type="learning_signal")
    network.record(["spikes", "v", "a", "h", "learning_signal"])
    readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(network, readout, *learned)


def mirrored_weights(sim: ModuleType, **setup: Any) -> Recorded:
    """Symmetric feedback, weights with bounds, biases that learn, two populations of readouts."""
    size = Size()
    drawn, adam = Drawn(size, 13), Adam(lr=0.01)
    sim.setup(timestep=1.0, update_interval=40.0, seed=1, **setup)
    clock = sim.Population(5, sim.SpikeSourceArray(spike_times=drawn.spike_times()), label="clock")
    network = sim.Population(12, sim.EPropLIF(**LIF), label="network")
    mirrored = sim.Population(2, sim.EPropReadout(
        tau_m=20.0, target=drawn.curves(), bias=0.1, bias_optimizer=adam), label="mirrored")
    other = sim.Population(2, sim.EPropReadout(tau_m=7.0, target=drawn.curves()), label="other")
    everyone = sim.AllToAllConnector(allow_self_connections=False)

    def bounded(weight: np.ndarray) -> Any:
        return sim.EPropSynapse(weight=np.clip(weight, -0.5, 0.4), w_min=-0.5, w_max=0.4,
                                optimizer=adam)

    learned = [
        sim.Projection(clock, network, everyone, sim.EPropSynapse(
            weight=drawn.weights(5, 12, 1.3), optimizer=adam), label="in"),
        sim.Projection(network, network, everyone, bounded(drawn.weights(12, 12)),
                       label="recurrent"),
        sim.Projection(network, mirrored, everyone, bounded(drawn.weights(12, 2)),
                       label="to mirrored"),
        sim.Projection(network, other, everyone, bounded(drawn.weights(12, 2)), label="to other")]
    sim.Projection(mirrored, network, everyone, sim.LearningSignal(symmetric=True),
                   receptor_type="learning_signal")
    sim.Projection(other, network, everyone, sim.LearningSignal(weight=drawn.feedback(2, 12)),
                   receptor_type="learning_signal")
    network.record(["spikes", "v", "learning_signal"])
    for readout in (mirrored, other):
        readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(network, mirrored, other, *learned)


def sparse(sim: ModuleType, **setup: Any) -> Recorded:
    """One connection in six, delays of 1 to 18 ms, a target as long as the run."""
    size = Size(cells=20)
    drawn, adam, delays = Drawn(size, 14), Adam(lr=0.003), (1.0, 2.0, 5.0, 18.0)
    sim.setup(timestep=1.0, update_interval=40.0, seed=1, **setup)
    clock = sim.Population(5, sim.SpikeSourceArray(spike_times=drawn.spike_times()), label="clock")
    network = sim.Population(20, sim.EPropLIF(**LIF), label="network")
    readout = sim.Population(2, sim.EPropReadout(tau_m=20.0, target=drawn.curves(intervals=3)),
                             label="readout")

    def connect(pre: Any, post: Any, density: float, scale: float, label: str) -> Any:
        rows = drawn.rows(pre.size, post.size, density, delays, scale)
        return sim.Projection(pre, post, sim.FromListConnector(rows),
                              sim.EPropSynapse(optimizer=adam), label=label)

    learned = [connect(clock, network, 0.5, 2.0, "in"),
               connect(network, network, 0.15, 1.0, "recurrent"),
               connect(network, readout, 0.5, 1.0, "out")]
    sim.Projection(readout, network, sim.AllToAllConnector(),
                   sim.LearningSignal(weight=drawn.feedback(2, 20)),
                   receptor_type="learning_signal")
    network.record(["spikes", "v", "learning_signal"])
    readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(network, readout, *learned)


def clopath(sim: ModuleType, **setup: Any) -> Recorded:
    """The rule of Clopath et al., whose cells are a program of their own."""
    cells = sim.EPropLIF(**{**LIF, "tau_refrac": 1.0})
    return _one_rule(sim, ClopathRule(v_plus=0.1), cells, setup, drive=0.5)


def truncated_adaptation(sim: ModuleType, **setup: Any) -> Recorded:
    """Adaptive cells whose eligibility traces leave out the adaptation."""
    return _one_rule(sim, "truncated-adaptation", sim.EPropALIF(**ALIF), setup)


def simplified_traces(sim: ModuleType, **setup: Any) -> Recorded:
    """Adaptive cells with the paper's simplified eligibility traces."""
    return _one_rule(sim, "simplified-traces", sim.EPropALIF(**ALIF), setup)


def _one_rule(sim: ModuleType, rule: Any, cells: Any, setup: dict[str, Any],
              drive: float = 1.3) -> Recorded:
    size = Size(cells=16)
    drawn, adam = Drawn(size, 15), Adam(lr=0.003)
    sim.setup(timestep=1.0, update_interval=40.0, seed=1, **setup)
    network, readout, learned = trained(sim, drawn, cells, adam, drive=drive, rule=rule)
    network.record(["spikes", "v", "learning_signal"])
    readout.record(["y", "error", "loss"])
    sim.run(size.duration)
    return read(network, readout, *learned)


def machine_time(sim: ModuleType, pause: float = 0.0, **setup: Any) -> Recorded:
    """With a pause: script time contains it, and inputs go on in it; stopped in two pauses.

    What is returned has the times of a script without pauses.
    """
    size = Size()
    drawn, adam, interval = Drawn(size, 16), Adam(lr=0.003), float(size.interval)
    period = interval + pause
    if pause:
        setup |= {"machine_time": True, "pause": pause}
    sim.setup(timestep=1.0, update_interval=interval, seed=1, **setup)
    times = [_moved(each.value, interval, pause) for each in drawn.spike_times()]
    network, readout, learned = trained(sim, drawn, sim.EPropLIF(**LIF), adam, times=times,
                                        recurrent=None)
    network.record(["spikes", "v"])
    readout.record(["y", "error", "loss"])
    for stop in (period - pause / 3, 2 * period, size.intervals * period):
        sim.run_until(round(stop))
    return without_pauses(read(network, readout, *learned), interval, pause)


def _moved(times: np.ndarray, interval: float, pause: float) -> list[float]:
    """Times with a pause after each interval, and a spike at each step of the pauses."""
    intervals = int(np.max(times) // interval) + 1
    pauses = [number * (interval + pause) + interval + step
              for number in range(intervals) for step in range(int(pause))]
    moved = times + times // interval * pause
    return np.union1d(moved, np.array(pauses)).tolist()


def stopped_and_reset(sim: ModuleType, **setup: Any) -> Recorded:
    """A run that is cut off by reset(), and one that begins again with what was learned."""
    size = Size()
    drawn, adam = Drawn(size, 17), Adam(lr=0.003)
    sim.setup(timestep=1.0, update_interval=40.0, seed=1, **setup)
    network, readout, learned = trained(sim, drawn, sim.EPropLIF(**LIF), adam, recurrent=None)
    network.record(["spikes", "v"])
    readout.record("loss")
    sim.run(50.0)
    sim.reset()
    sim.run(80.0)
    first = read(network, readout, *learned, prefix="first ")
    sim.reset(keep_weights=True)
    sim.run(size.duration)
    return {**first, **read(network, readout, *learned)}
