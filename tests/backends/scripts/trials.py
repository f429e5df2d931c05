"""Trials of durations of their own, and populations that run them backwards."""

from typing import Any

import numpy as np

from pynn_eprop import SGD
from tests.backends.scripts.parts import refusal

T = 20.0


def played(sim: Any) -> dict[str, list[Any]]:
    """Two updates of two trials each, of cells of both directions; what is recorded and learned."""
    sim.setup(timestep=1.0, update_interval=T, trials_per_update=2, seed=5)
    rng = np.random.default_rng(3)
    clock = [sorted(rng.choice(80, 30, replace=False).astype(float)) for _ in range(4)]
    parts = {
        "clock": sim.Population(4, sim.SpikeSourceArray(
            spike_times=[sim.Sequence(row) for row in clock]), label="clock"),
        "forth": sim.Population(5, sim.EPropLIF(v_thresh=0.5, tau_refrac=2.0, c_reg=0.01),
                                label="forth"),
        "back": sim.Population(5, sim.EPropALIF(v_thresh=0.5, beta=0.1, tau_refrac=2.0, c_reg=0.01,
                                                backwards=True), label="back"),
        "readout": sim.Population(2, sim.EPropReadout(target=rng.normal(size=(2, 80)), tau_m=3.0),
                                  label="readout")}
    for pre, post in (("clock", "forth"), ("clock", "back"), ("back", "back"),
                      ("forth", "readout"), ("back", "readout")):
        parts[f"{pre} to {post}"] = sim.Projection(
            parts[pre], parts[post], sim.AllToAllConnector(), sim.EPropSynapse(
                weight=rng.normal(0.1, 0.5, (parts[pre].size, parts[post].size)),
                optimizer=SGD(lr=0.003)), label=f"{pre} to {post}")
    for post in ("forth", "back"):
        sim.Projection(parts["readout"], parts[post], sim.AllToAllConnector(), sim.LearningSignal(
            weight=rng.normal(size=(2, 5))), receptor_type="learning_signal")
        parts[post].record(["v", "spikes"])
    parts["readout"].record(["y", "loss"])
    sim.set_trial_durations([13.0, 20.0, 7.0])
    sim.run(2 * T)
    sim.run(2 * T)
    found: dict[str, list[Any]] = {}
    for name in ("forth", "back", "readout"):
        segment = parts[name].get_data().segments[-1]
        for signal in segment.analogsignals:
            found[f"{name} {signal.name}"] = np.asarray(signal.magnitude).tolist()
        for train in segment.spiketrains:
            found[f"{name} {train.annotations['source_index']}"] = np.asarray(
                train.magnitude).tolist()
    for name, part in parts.items():
        if " to " in name:
            found[name] = part.get("weight", "list", with_address=False)
    return found


def refused(sim: Any) -> list[tuple[list[str], str]]:
    """The errors of what a backend lacks, in a network that does not have it."""
    sim.setup(timestep=1.0, update_interval=T)
    return [refusal(lambda: sim.Population(2, sim.EPropLIF(backwards=True), label="back")),
            refusal(lambda: sim.set_trial_durations([5.0])),
            refusal(lambda: sim.run(T))]
