"""Our host engine on the benchmark networks, through a PyNN script."""

import time
from typing import Any

import numpy as np

from benchmarks import networks, report, worker
from benchmarks.networks import Pattern, Workload

MILLI = 1000.0
#: Updates timed in one round: task 1.1's take about a millisecond, less than a timer's noise.
UPDATES = {"pattern": 50, "sparse": 1}


def build(sim: Any, net: Workload, threads: int, intervals: int) -> tuple[Any, Any]:
    """The network as a script builds it; returns the cells and the readouts."""
    from pynn_eprop import Adam

    interval = float(net.steps)
    sim.setup(timestep=1.0, update_interval=interval, seed=networks.SEED, threads=threads,
              precision="float32")
    weights = net.weights()
    times = [networks.repeated(local, net.steps, intervals) for local in net.source_steps()]
    clock = sim.Population(net.sources, sim.SpikeSourceArray(spike_times=times))
    cells = sim.Population(net.cells, sim.EPropLIF(
        tau_m=networks.TAU_M, v_thresh=networks.V_THRESH, tau_refrac=networks.TAU_REFRAC,
        f_target=networks.F_TARGET, c_reg=networks.C_REG,
    ), label="network")
    readout = sim.Population(networks.READOUTS, sim.EPropReadout(
        tau_m=networks.TAU_OUT, loss="mse", target=networks.target(net.steps),
    ), label="readout")
    adam = Adam(lr=net.learning_rate)
    dense = sim.AllToAllConnector(allow_self_connections=False)
    recurrent, weight = dense, weights.get("rec")
    if not isinstance(net, Pattern):
        recurrent = sim.FixedNumberPreConnector(net.indegree, allow_self_connections=False)
        weight = sim.RandomDistribution("normal", mu=0.0, sigma=net.deviation,
                                        rng=sim.NumpyRNG(networks.SEED))
    sim.Projection(clock, cells, dense, sim.EPropSynapse(weight=weights["in"], optimizer=adam))
    sim.Projection(cells, cells, recurrent, sim.EPropSynapse(weight=weight, optimizer=adam))
    sim.Projection(cells, readout, dense, sim.EPropSynapse(weight=weights["out"], optimizer=adam))
    sim.Projection(readout, cells, dense, sim.LearningSignal(weight=weights["feedback"]),
                   receptor_type="learning_signal")
    return cells, readout


def rate(sim: Any, cells: Any, net: Workload) -> float:
    """Spikes per second and cell over one more interval, the only one that is recorded."""
    cells.record("spikes")
    sim.run(float(net.steps))
    count = sum(cells.get_spike_counts().values())
    cells.record(None)
    return count / net.cells / (net.steps / MILLI)


def main() -> None:
    """One process: build, then several updates per round, recording the loss only."""
    args = worker.arguments()
    try:
        import pynn_eprop.host as sim
    except ImportError as error:
        worker.send(missing=f"pynn_eprop.host ({error}): pip install -e .")
        return
    net = networks.workload(args.workload, args.cells)
    updates = UPDATES[net.name]
    begin = time.perf_counter()
    cells, readout = build(sim, net, args.threads, updates * args.rounds + 2)
    readout.record("loss")
    built = time.perf_counter() - begin
    sim.run(float(net.steps))

    def measure() -> dict[str, Any]:
        stopwatch = worker.Stopwatch()
        sim.run(updates * float(net.steps))
        times = stopwatch.read(updates)
        loss = readout.get_data("loss").segments[0].filter(name="loss")[0]
        return {**times, "loss": float(np.asarray(loss)[-1, 0])}

    worker.serve(measure, lambda: {"rate_hz": rate(sim, cells, net)},
                 peer=report.OURS, build_s=built, synapses=net.synapses)


if __name__ == "__main__":
    main()
