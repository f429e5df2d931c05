"""A script whose network has all that processes share.

Arguments: a folder, in which each process writes checksums of what it has; or what makes one of the
processes differ from the others: "network" or "end".
"""

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

import pynn_eprop.host as sim
from pynn_eprop import SGD, Adam
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.task_network import TaskNetwork
from tests.backends.dead_networks import STEPS, Dead, warnings_of
from tests.own_kinds import Momentum

T, TRIALS = 20.0, 5
LAST = {"active": (3,), "trials": 4, "acts": (("run", 4 * STEPS),)}
INACTIVE = {"sloped": Dead(**LAST), "flat": Dead(**LAST | {"active": ()}),
            "leaping": Dead(weight=1.5, tau_refrac=25.0, **LAST)}
"""Networks of which only the last trial has input, if any: that of the last process."""


def checksum(*arrays):
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def build(precision, seed):
    """Sources of all kinds to cells of all kinds, dense and sparse, one and several delays."""
    sim.setup(timestep=1.0, update_interval=T, trials_per_update=TRIALS, seed=seed,
              precision=precision)
    rng = np.random.default_rng(seed)
    lists = [np.sort(rng.uniform(0.0, 40 * T, 60)) for _ in range(7)]
    sources = [sim.Population(7, sim.SpikeSourceArray(spike_times=lists), label="list"),
               sim.Population(5, sim.SpikeSourcePoisson(rate=60.0), label="Poisson"),
               sim.Population(4, sim.AnalogSource(rng.uniform(0.0, 1.0, (4, 400)),
                                                  frame_duration=2.0), label="values")]
    shared = {"v_thresh": 0.5, "tau_refrac": 2.0, "c_reg": 0.01}
    cells = [sim.Population(9, sim.EPropLIF(**shared), label="LIF"),
             sim.Population(140, sim.EPropALIF(beta=0.1, **shared), label="ALIF")]
    target = rng.normal(size=(3, 20))
    out = sim.Population(3, sim.EPropReadout(loss="mse", target=target, tau_m=3.0,
                                             bias_optimizer=Adam(lr=0.01)), label="out")
    optimizers = iter([Adam(lr=0.01), SGD(lr=0.001), Momentum(lr=0.001)] * 9)
    projections = []
    for post in (*cells, out):
        for pre in (*sources, *cells):
            connector = sim.AllToAllConnector() if pre.size < 100 \
                else sim.FixedProbabilityConnector(0.1)
            projections.append(sim.Projection(pre, post, connector, sim.EPropSynapse(
                weight=sim.RandomDistribution("normal", (0.0, 0.2)),
                delay=1.0 if post is out else sim.RandomDistribution(
                    "uniform_int", low=1, high=2), optimizer=next(optimizers)),
                label=f"{pre.label} to {post.label}"))
    sim.Projection(out, cells[0], sim.AllToAllConnector(), sim.LearningSignal(
        weight=rng.normal(size=(3, 9))), receptor_type="learning_signal")
    sim.Projection(out, cells[1], sim.AllToAllConnector(), sim.LearningSignal(symmetric=True),
                   receptor_type="learning_signal")
    cells[0].inject(sim.NoisyCurrentSource(mean=0.02, stdev=0.1, start=0.0, stop=1e9))
    for population in (*sources[:2], *cells):
        population.record("spikes")
    cells[0].record(["v", "h", "learning_signal"])
    out.record(["y", "error", "loss"])
    return [*sources[:2], *cells, out], projections


def results(populations, projections):
    """Checksums of weights, gradients and records."""
    found = {}
    for projection in projections:
        for what in ("weight", "gradient"):
            found[f"{what} {projection.label}"] = checksum(projection.get(what, format="array"))
    for population in populations:
        segment = population.get_data().segments[0]
        trains = [np.asarray(train.magnitude) for train in segment.spiketrains]
        found[f"records {population.label}"] = checksum(
            *trains, *(np.asarray(signal.magnitude) for signal in segment.analogsignals))
    found["bias"] = checksum(populations[-1].get("bias"))
    return found


def run(precision):
    """Whole updates, parts of updates and of trials, short trials, and trials without learning."""
    populations, projections = build(precision, 1)
    sim.run(2 * TRIALS * T)
    sim.set_trial_durations([T, 7.0, T, 3.0, 12.0, T, T])
    sim.run(TRIALS * T + 2 * T + 5.0)
    sim.run((2 * TRIALS - 2) * T - 5.0)
    sim.set_learning(False)
    sim.run(7 * T)
    sim.set_learning(True)
    sim.run(TRIALS * T)
    return results(populations, projections)


def train():
    """Two updates of task 1.2, with a validation after each."""
    parameters = (("trials_per_update", 4), ("n_periods", 6), ("n_lif", 4), ("n_alif", 3),
                  ("validation_trials", 9))
    configuration = Configuration(task="store-recall", backend="host", seed=1,
                                  parameters=parameters)
    task = configuration.build_task()
    network = TaskNetwork(sim, configuration.build_plan(), 1, {})
    network.record(*task.recorded)
    found = []
    for update in range(2):
        trials = task.trials_of_updates(1, update, 1)
        network.run(trials)
        found += [network.take().loss]
        sim.set_learning(False)
        network.run(task.draw_validation(1, update + 1))
        found += [network.take().loss]
        sim.set_learning(True)
    weights = [each.get("weight", format="array") for each in network.projections.values()]
    return {"task 1.2": checksum(*weights, *found)}


def everything():
    """Checksums of all results, by name."""
    return {**run("float32"), **run("float64"), **train()}


def warned():
    """What scripts of cells that should learn, and cannot, are warned of."""
    return {name: warnings_of(sim, script, seed=1)[0] for name, script in INACTIVE.items()}


def differ(what):
    """Have another network, or end, in the second process alone."""
    odd = sim.rank() == 1
    build("float32", 2 if what == "network" and odd else 1)
    if what == "end" and odd:
        raise ValueError("only here")
    sim.run(TRIALS * T)


if __name__ == "__main__":
    if sys.argv[1] in ("network", "end"):
        differ(sys.argv[1])
    else:
        found = {"everything": everything(), "warned": warned()}
        name = f"{sim.num_processes()}-{sim.rank()}.json"
        Path(sys.argv[1], name).write_text(json.dumps(found))
