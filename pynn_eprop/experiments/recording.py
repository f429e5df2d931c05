"""One trial without learning, as a Neo segment and as plain arrays."""

from pathlib import Path
from types import ModuleType
from typing import Any

import neo
import numpy as np

from pynn_eprop.experiments.folder import write_atomically
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import Trials


def record_trial(sim: ModuleType, plan: NetworkPlan, seed: int, setup: dict[str, Any],
                 weights: Path, trials: Trials, label: str) -> neo.Segment:
    """Build the network without plasticity, load ``weights``, and run one trial.

    The segment has one spike train per population, with the array annotation "cell" for the cell of
    each spike (a train for each cell makes files of many megabytes), the signals y and target of
    the readouts, the values of analog inputs, and those that the plan of the cells asks for. The
    annotation "population" names the population.
    """
    network = TaskNetwork(sim, plan.without_learning(), seed, setup)
    sim.load_weights(weights)
    for inputs in plan.inputs:
        network.inputs[inputs.label].record("spikes" if inputs.frame is None else "value")
    for cells in plan.cells:
        network.cells[cells.label].record([*(["spikes"] if cells.spiking else []), *cells.record])
    network.record("y", "target")
    network.run(trials)
    segment = neo.Segment(name=label)
    for population in network.populations.values():
        recorded = population.get_data().segments[-1]
        if len(recorded.spiketrains):
            segment.spiketrains.append(_merged(recorded.spiketrains, population.label))
        for signal in recorded.analogsignals:
            signal.annotations = {"population": population.label}
            segment.analogsignals.append(signal)
    sim.end()
    return segment


def _merged(trains: Any, population: str) -> neo.SpikeTrain:
    """The trains of a population's cells, in the order of the cells, as one."""
    times = np.concatenate([np.asarray(train.rescale("ms").magnitude) for train in trains])
    cells = np.repeat(np.arange(len(trains)), [len(train) for train in trains])
    order = np.lexsort((cells, times))
    return neo.SpikeTrain(times[order], units="ms", t_start=trains[0].t_start,
                          t_stop=trains[0].t_stop, name=population,
                          array_annotations={"cell": cells[order]}, population=population)


def to_arrays(segment: neo.Segment, plan: NetworkPlan) -> TrialRecord:
    """The arrays of a segment made by :func:`record_trial`."""
    steps = plan.interval_steps
    spikes = {
        train.annotations["population"]: (np.asarray(train.rescale("ms").magnitude),
                                          np.asarray(train.array_annotations["cell"]))
        for train in segment.spiketrains}
    states = {
        (signal.annotations["population"], signal.name): np.asarray(signal.magnitude)[-steps:]
        for signal in segment.analogsignals}
    return TrialRecord(
        timestep=plan.timestep, interval=plan.interval, spikes=spikes, states=states,
        sizes=plan.sizes, inputs=tuple(each.label for each in plan.inputs))


def save_nix(segment: neo.Segment, title: str, path: Path) -> None:
    """Write a segment as Neo's NIX format, atomically."""
    block = neo.Block(name=title)
    block.segments.append(segment)

    def write(temporary: Path) -> None:
        temporary.unlink(missing_ok=True)
        with neo.NixIO(str(temporary), mode="ow") as file:
            file.write_block(block)

    write_atomically(path, write)
