"""The benchmark networks as PyNN scripts, on the backend that is given."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import networks, worker
from benchmarks.networks import Sparse, Speech, StoreRecall, Workload

MILLI = 1000.0


@dataclass(frozen=True)
class Script:
    """A network that a script has built: its sources, populations of cells and readouts."""

    sim: Any
    net: Workload
    sources: Any
    cells: tuple[Any, ...]
    readout: Any

    def present(self) -> None:
        """Give the next update its input and targets, if trials differ; otherwise they repeat."""
        if isinstance(self.net, Speech):
            self.sources.set(values=self.net.values())
            self.readout.set(target=self.net.target())
            self.sim.set_trial_durations(float(self.net.frame_steps) * self.net.frames)
        elif self.net.trials > 1:
            now = self.sim.get_current_time()
            self.sources.set(spike_times=[self.sim.Sequence(now + local.astype(float))
                                          for local in self.net.source_steps()])
            self.readout.set(target=self.net.target())

    def run(self, updates: int) -> None:
        """Advance by so many updates."""
        self.sim.run(updates * self.net.trials * float(self.net.steps))

    def loss(self) -> float:
        """Mean loss of a trial of the last update."""
        loss = self.readout.get_data("loss").segments[0].filter(name="loss")[0]
        return float(np.mean(np.asarray(loss)[-self.net.trials:, 0]))

    def rate(self) -> float:
        """Spikes per second and cell over one more trial, the only one that is recorded."""
        self.present()
        for cells in self.cells:
            cells.record("spikes")
        self.sim.run(float(self.net.steps))
        count = sum(sum(cells.get_spike_counts().values()) for cells in self.cells)
        for cells in self.cells:
            cells.record(None)
        steps = self.net.frames[0] * self.net.frame_steps if isinstance(self.net, Speech) \
            else self.net.steps
        return count / self.net.cells / (steps / MILLI)


def build(sim: Any, net: Workload, updates: int, **setup: Any) -> Script:
    """The network, with input for ``updates`` updates; keywords go to ``sim.setup()``."""
    sim.setup(timestep=1.0, update_interval=float(net.steps), trials_per_update=net.trials,
              seed=networks.SEED, precision="float32", **setup)
    times: Any = []
    target = np.full((net.readouts, net.steps), np.nan)
    if net.trials == 1:
        times = [networks.repeated(local, net.steps, updates) for local in net.source_steps()]
        target = net.target()
    sources = _sources(sim, net, times)
    readout = sim.Population(net.readouts, sim.EPropReadout(
        tau_m=net.tau_out if isinstance(net, Speech) else networks.TAU_OUT, target=target,
        loss="cross_entropy" if isinstance(net, StoreRecall | Speech) else "mse",
    ), label="readout")
    cells = _cells(sim, net)
    _connect(sim, net, sources, cells, readout)
    readout.record("loss")
    return Script(sim, net, sources, tuple(population for population, _ in cells), readout)


def _sources(sim: Any, net: Workload, times: Any) -> Any:
    if isinstance(net, Speech):
        return sim.Population(net.channels, sim.AnalogSource(
            frame_duration=float(net.frame_steps)))
    return sim.Population(net.sources, sim.SpikeSourceArray(spike_times=times))


def _cells(sim: Any, net: Workload) -> list[tuple[Any, slice]]:
    """The populations of cells, each with its part of the matrices."""
    if isinstance(net, Speech):
        return _both_directions(sim, net)
    common = {"tau_m": networks.TAU_M, "v_thresh": net.v_thresh,
              "tau_refrac": networks.TAU_REFRAC, "f_target": networks.F_TARGET,
              "c_reg": networks.C_REG}
    if not isinstance(net, StoreRecall):
        return [(sim.Population(net.cells, sim.EPropLIF(**common), label="network"),
                 slice(0, net.cells))]
    first = net.cells - net.adaptive
    return [(sim.Population(first, sim.EPropLIF(**common), label="lif"), slice(0, first)),
            (sim.Population(net.adaptive, sim.EPropALIF(beta=net.beta, tau_a=net.tau_a, **common),
                            label="alif"), slice(first, net.cells))]


def _both_directions(sim: Any, net: Speech) -> list[tuple[Any, slice]]:
    """LIF and adaptive cells that run forwards, and such that run backwards."""
    common = {"tau_m": networks.TAU_M, "v_thresh": net.v_thresh, "tau_refrac": net.tau_refrac,
              "f_target": networks.F_TARGET, "c_reg": 0.001}
    plain = net.one_way - net.adaptive
    cells = []
    for backwards in (False, True):
        first = net.one_way * backwards
        for size, model, begin in (
            (plain, sim.EPropLIF(backwards=backwards, **common), first),
            (net.adaptive, sim.EPropALIF(backwards=backwards, beta=net.beta, tau_a=net.tau_a,
                                         **common), first + plain),
        ):
            cells.append((sim.Population(size, model), slice(begin, begin + size)))
    return cells


def _together(net: Workload, one: slice, other: slice) -> bool:
    """Whether synapses connect these parts of the cells."""
    return not isinstance(net, Speech) or \
        (one.start < net.one_way) == (other.start < net.one_way)


def _connect(sim: Any, net: Workload, sources: Any, cells: list[tuple[Any, slice]],
             readout: Any) -> None:
    """All projections."""
    from pynn_eprop import Adam

    weights = net.weights()
    # the task's epsilon, for the sum over an update's steps
    eps = 1e-5 * net.trials * net.steps if isinstance(net, Speech) else 1e-8
    adam = Adam(lr=net.learning_rate, eps=eps)
    dense = sim.AllToAllConnector(allow_self_connections=False)

    def plastic(pre: Any, post: Any, weight: Any, connector: Any = dense) -> None:
        sim.Projection(pre, post, connector, sim.EPropSynapse(weight=weight, optimizer=adam))

    for post, columns in cells:
        plastic(sources, post, weights["in"][:, columns])
    for pre, rows in cells:
        for post, columns in cells:
            if not _together(net, rows, columns):
                continue
            if isinstance(net, Sparse):
                plastic(pre, post, sim.RandomDistribution(
                    "normal", mu=0.0, sigma=net.deviation, rng=sim.NumpyRNG(networks.SEED)),
                    sim.FixedNumberPreConnector(net.indegree, allow_self_connections=False))
            else:
                plastic(pre, post, weights["rec"][rows, columns])
    for pre, rows in cells:
        plastic(pre, readout, weights["out"][rows])
    for post, columns in cells:
        sim.Projection(readout, post, dense,
                       sim.LearningSignal(weight=weights["feedback"][:, columns]),
                       receptor_type="learning_signal")


def serve(sim: Any, workload: str, cells: int | None, rounds: int, peer: str, updates: int,
          **setup: Any) -> None:
    """One process: build, then ``updates`` updates per round, recording the loss only."""
    net = networks.workload(workload, cells)
    # trials that differ are given for one update at a time
    assert updates == 1 or net.trials == 1
    begin = time.perf_counter()
    script = build(sim, net, updates * rounds + 2, **setup)
    built = time.perf_counter() - begin
    script.present()
    script.run(1)

    def measure() -> dict[str, Any]:
        script.present()
        stopwatch = worker.Stopwatch()
        script.run(updates)
        return {**stopwatch.read(updates), "loss": script.loss()}

    worker.serve(measure, lambda: {"rate_hz": script.rate()}, peer=peer, build_s=built,
                 synapses=net.synapses)
