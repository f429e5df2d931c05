"""One machine's part of a comparison, in a process of its own.

``python -m pynn_eprop.experiments.compare_worker FOLDER`` reads FOLDER/request.json and writes
FOLDER/outcome.npz, or FOLDER/refusal.json if the backend cannot do it.
"""

import dataclasses
import json
import sys
import time
import warnings
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.backends import FLOAT, has, load_backend
from pynn_eprop.common.script.capabilities import Capability
from pynn_eprop.errors import EPropError, MissingDependencyError
from pynn_eprop.experiments.compare_machines import ComparedMachine, find_machine
from pynn_eprop.experiments.configuration import Configuration
from pynn_eprop.experiments.plugins import load_plugins
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.models.cells import VALUE
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trials import Trials

_MOST_WEIGHTS = 20_000_000      # kept of all updates; beyond that only those of the last


class Want(str, Enum):
    """The request to a machine.

    LOSS: loss and seconds, for long runs. NOTHING: whether it takes the network, without a run.
    """

    ALL = "all"
    LOSS = "loss"
    NOTHING = "nothing"


def main(folder: Path) -> int:
    """Run the folder's request."""
    request = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    given = request["configuration"]
    try:
        load_plugins(given["plugins"])
        configuration = Configuration(**given | {
            "parameters": tuple(map(tuple, given["parameters"])),
            "setup": tuple(map(tuple, given.get("setup", ()))),
            "plugins": tuple(given["plugins"])})
        machine = find_machine(request["machine"])
        with machine.backend.context(configuration.build_task().n_neurons):
            outcome = run(machine, configuration, request["free_steps"], Want(request["want"]))
    except (EPropError, MemoryError) as error:
        kind = "missing" if isinstance(error, MissingDependencyError) else "refused"
        (folder / "refusal.json").write_text(
            json.dumps({"kind": kind, "message": str(error)}), encoding="utf-8")
        return 2
    np.savez(folder / "outcome.npz", **outcome)
    return 0


def run(machine: ComparedMachine, configuration: Configuration, free_steps: int,
        want: Want = Want.ALL) -> dict[str, Any]:
    """Train the task's network on a machine: arrays by name.

    spikes: (global steps, cells) of all cells that learn, one population after the other. v:
    (steps, cells), of cells without it the value that they pass on; error: (steps, readouts), from
    step 1 on. loss: (trials,), summed over the
    populations of readouts. weights: (updates, synapses) of all projections, one after the other,
    or (1, synapses) of the last update only. seconds: of the run. free_steps: steps at the start
    of each trial whose input is left out. want: of these.
    """
    sim = load_backend(machine.backend.name)
    task = configuration.build_task()
    plan = configuration.build_plan()
    if machine.arithmetic == FLOAT:
        plan = plan.with_optimizers(lambda optimizer: optimizer.shared_form())
    trials = task.trials_of_updates(configuration.seed, 0, configuration.n_updates)
    trials = without_first_steps(trials, plan, free_steps)
    network = TaskNetwork(sim, plan, configuration.seed, machine.setup)
    network.record(*(["error", "loss"] if want is Want.ALL else ["loss"]))
    network.present(trials)
    if want is Want.NOTHING:
        sim.end()
        return {}
    if want is Want.LOSS:
        return _losses(network, configuration.n_updates * plan.trials_per_update)
    for cells in network.cells.values():
        cells.record(_variables(cells))
    piecewise = has(sim, Capability.WEIGHTS_WHILE_RUNNING) \
        and plan.most_synapses * configuration.n_updates <= _MOST_WEIGHTS
    update = plan.interval * plan.trials_per_update
    weights = []
    started = time.perf_counter()
    if piecewise:
        for _ in range(configuration.n_updates):
            sim.run(update)
            weights.append(_weights(network))
    else:
        sim.run(update * configuration.n_updates)
    seconds = time.perf_counter() - started
    data = _recorded(network, plan)
    if not piecewise:
        weights.append(_weights(network))
    sim.end()
    return data | {"weights": np.stack(weights), "seconds": np.array(seconds)}


def _variables(cells: Any) -> list[str]:
    """What is compared of cells, and can be recorded: those that spike have v, others a value."""
    return [name for name in ("spikes", "v", VALUE) if cells.can_record(name)]


def _losses(network: TaskNetwork, trials: int) -> dict[str, Any]:
    started = time.perf_counter()
    network.sim.run(network.plan.interval * trials)
    seconds = time.perf_counter() - started
    loss = network.take().loss
    network.sim.end()
    return {"loss": loss, "seconds": np.array(seconds)}


def without_first_steps(trials: Trials, plan: NetworkPlan, steps: int) -> Trials:
    """Trials without their input spikes in the first steps of each."""
    if not steps:
        return trials

    def late(times: np.ndarray) -> np.ndarray:
        return times[np.rint(times / plan.timestep) % plan.interval_steps >= steps]

    return dataclasses.replace(trials, spike_times={
        label: [late(times) for times in spike_times]
        for label, spike_times in trials.spike_times.items()})


def _weights(network: TaskNetwork) -> np.ndarray:
    return np.concatenate([np.asarray(projection.get("weight", "array")).ravel()
                           for projection in network.projections.values()])


def _recorded(network: TaskNetwork, plan: NetworkPlan) -> dict[str, Any]:
    none = np.zeros(0, np.int64)
    steps, cells, v, first = [none], [none], [], 0
    for population in network.cells.values():
        segment = population.get_data().segments[-1]
        for number, train in enumerate(segment.spiketrains):
            times = np.asarray(train.rescale("ms").magnitude)
            steps.append(np.rint(times / plan.timestep).astype(np.int64))
            cells.append(np.full(len(times), first + number))
        v += [np.asarray(signal.magnitude)[1:] for signal in segment.analogsignals]
        first += population.size
    segments = [readout.get_data().segments[-1] for readout in network.readouts.values()]
    errors, losses = ([np.asarray(segment.filter(name=name)[0].magnitude) for segment in segments]
                      for name in ("error", "loss"))
    order = np.lexsort((np.concatenate(cells), np.concatenate(steps)))
    return {"spikes": np.stack([np.concatenate(steps)[order], np.concatenate(cells)[order]]),
            "v": np.concatenate([np.zeros((len(errors[0]) - 1, 0)), *v], axis=1),
            "error": np.concatenate(errors, axis=1)[1:],
            "loss": np.sum([loss[:, 0] for loss in losses], axis=0)}


if __name__ == "__main__":
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sys.exit(main(Path(sys.argv[1])))
