"""One trial without learning, as a Neo segment, and the same as plain arrays."""

from pathlib import Path
from types import ModuleType

import neo
import numpy as np

from pynn_eprop.experiments.folder import write_atomically
from pynn_eprop.experiments.task_network import TaskNetwork
from pynn_eprop.plotting.trial_record import TrialRecord
from pynn_eprop.tasks.network_plan import NetworkPlan
from pynn_eprop.tasks.trials import Trials


def record_trial(sim: ModuleType, plan: NetworkPlan, seed: int, setup: dict[str, object],
                 weights: Path, trials: Trials, label: str) -> neo.Segment:
    """Build the network, load ``weights``, and run one trial with learning switched off.

    The segment holds the spikes of all cells, y and target, and a of adaptive cells.
    """
    network = TaskNetwork(sim, plan, seed, setup)
    sim.load_weights(weights)
    sim.set_learning(False)
    network.inputs.record("spikes")
    for cells in plan.cells:
        adaptive = cells.model == "EPropALIF"
        network.cells[cells.label].record(["spikes", "a"] if adaptive else ["spikes"])
    network.readout.record(["y", "target"])
    network.run(trials)
    segment = neo.Segment(name=label)
    for population in (network.inputs, *network.cells.values(), network.readout):
        recorded = population.get_data().segments[-1]
        for train in recorded.spiketrains:
            train.annotate(population=population.label)
            segment.spiketrains.append(train)
        for signal in recorded.analogsignals:
            signal.annotate(population=population.label)
            segment.analogsignals.append(signal)
    sim.end()
    return segment


def to_arrays(segment: neo.Segment, plan: NetworkPlan) -> TrialRecord:
    """The arrays of a segment made by :func:`record_trial`."""
    sizes = {plan.inputs_label: plan.n_inputs, **{cells.label: cells.size for cells in plan.cells}}
    spikes = {}
    for label, size in sizes.items():
        trains = [train for train in segment.spiketrains
                  if train.annotations["population"] == label]
        assert len(trains) == size
        times = [np.asarray(train.rescale("ms").magnitude) for train in trains]
        cells = np.repeat(np.arange(size), [len(one) for one in times])
        spikes[label] = (np.concatenate(times), cells)
    steps = plan.interval_steps
    signals = {
        (signal.annotations["population"], signal.name): np.asarray(signal.magnitude)[-steps:]
        for signal in segment.analogsignals}
    return TrialRecord(
        timestep=plan.timestep, interval=plan.interval, spikes=spikes,
        y=signals[plan.readout.label, "y"], target=signals[plan.readout.label, "target"],
        adaptation={label: values for (label, name), values in signals.items() if name == "a"})


def save_nix(segment: neo.Segment, title: str, path: Path) -> None:
    """Write a segment as Neo's NIX format, atomically."""
    block = neo.Block(name=title)
    block.segments.append(segment)

    def write(temporary: Path) -> None:
        temporary.unlink(missing_ok=True)
        with neo.NixIO(str(temporary), mode="ow") as file:
            file.write_block(block)

    write_atomically(path, write)
