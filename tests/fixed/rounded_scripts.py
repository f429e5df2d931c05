"""Scripts whose numbers fixed point changes much, for the host and for cores."""

import warnings
from types import ModuleType
from typing import Any

import numpy as np

from pynn_eprop import SGD
from pynn_eprop.errors import FixedPointWarning

INTERVAL = 20


def warned(action: Any) -> list[str]:
    """The warnings of a call because of fixed point."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        action()
    return [str(each.message) for each in caught if each.category is FixedPointWarning]


def one_to_one(sim: ModuleType, weight: np.ndarray, **setup: Any) -> dict[str, Any]:
    """Sources that spike once in each interval, each onto a cell of its own.

    v of the step at which the spike arrives is the weight that acts.
    """
    n = len(weight)
    sim.setup(timestep=1.0, update_interval=INTERVAL, **setup)
    sources = sim.Population(n, sim.SpikeSourceArray(spike_times=[4.0, INTERVAL + 4.0]),
                             label="sources")
    cells = sim.Population(n, sim.EPropLIF(v_thresh=100.0), label="cells")
    readout = sim.Population(1, sim.EPropReadout(loss="mse", target=np.ones((1, INTERVAL))),
                             label="readout")
    forward = sim.Projection(
        sources, cells, sim.OneToOneConnector(),
        sim.EPropSynapse(weight=np.diag(weight), optimizer=SGD(lr=0.1)), label="in")
    signal = sim.Projection(readout, cells, sim.AllToAllConnector(),
                            sim.LearningSignal(weight=0.3), receptor_type="learning_signal",
                            label="feedback")
    cells.record("v")
    return {"sim": sim, "cells": cells, "in": forward, "feedback": signal}


def acts(network: dict[str, Any]) -> list[np.ndarray]:
    """Acting weights before each of two intervals, and v at the spike's arrival in each."""
    values = []
    for _ in range(2):
        values.append(np.array(network["in"].get("acting_weight", "list", with_address=False)))
        warned(lambda: network["sim"].run(INTERVAL))
    v = network["cells"].get_data("v").segments[0].analogsignals[0].magnitude
    return [*values, v[5], v[INTERVAL + 5]]


def weak_beside_strong(sim: ModuleType, weak: float, strong: float | None, v_thresh: float = 1.0,
                       split: bool = False, factor: float = 1.0, **setup: Any) -> dict[str, Any]:
    """60 sources onto three cells. split: the strong weights have a projection of their own."""
    sim.setup(timestep=1.0, update_interval=INTERVAL, **setup)
    strong_source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="strong")
    sources = sim.Population(60, sim.SpikeSourceArray(spike_times=[3.0]), label="weak")
    cells = sim.Population(3, sim.EPropLIF(v_thresh=v_thresh * factor), label="cells")
    parts = [(sources, "input", np.full((60, 3), weak * factor))]
    if strong is not None and split:
        parts.append((strong_source, "strong input", np.full((1, 3), strong * factor)))
    if strong is not None and not split:
        parts[0][2][0] = strong * factor
    projections = [sim.Projection(pre, cells, sim.AllToAllConnector(),
                                  sim.StaticSynapse(weight=weight), label=label)
                   for pre, label, weight in parts]
    cells.record("v")
    return {"sim": sim, "cells": cells, "projections": projections}


def first_input(network: dict[str, Any]) -> float:
    """v of the first cell when the spikes arrive."""
    v = network["cells"].get_data("v").segments[0].analogsignals[0].magnitude
    return float(v[4, 0])
