"""Analog sources: what a script gives, what cells and readouts get, and what is refused."""

from typing import Any

import numpy as np

from pynn_eprop import Adam
from tests.backends.scripts.parts import refusal

T = 12.0


def _network(sim: Any, **source: Any) -> dict[str, Any]:
    """Two analog sources onto cells and readouts that learn."""
    sim.setup(timestep=0.5, update_interval=T, seed=5)
    rng = np.random.default_rng(3)
    given = {"values": rng.normal(0.2, 0.5, (2, 6)), "frame_duration": 2.0, **source}
    parts = {
        "analog": sim.Population(2, sim.AnalogSource(**given), label="analog"),
        "cells": sim.Population(4, sim.EPropALIF(v_thresh=0.4, beta=0.1, tau_a=50.0,
                                                 tau_refrac=1.0), label="cells"),
        "readout": sim.Population(2, sim.EPropReadout(target=rng.normal(size=(2, 24))),
                                  label="readout")}
    learn = {"optimizer": Adam(lr=0.01, eps_hat=True)}
    for pre, post, delay in (("analog", "cells", 0.5), ("analog", "readout", 1.5),
                             ("cells", "readout", 0.5)):
        shape = (parts[pre].size, parts[post].size)
        parts[f"{pre} to {post}"] = sim.Projection(
            parts[pre], parts[post], sim.AllToAllConnector(), sim.EPropSynapse(
                weight=rng.normal(0.2, 0.5, shape), delay=delay, **learn), label=f"{pre} to {post}")
    sim.Projection(parts["readout"], parts["cells"], sim.AllToAllConnector(), sim.LearningSignal(
        weight=rng.normal(size=(2, 4))), receptor_type="learning_signal")
    parts["analog"].record("value")
    parts["cells"].record(["v", "spikes"])
    parts["readout"].record(["y", "loss"])
    return parts


def _found(parts: dict[str, Any]) -> dict[str, list[Any]]:
    """All that was recorded in the last segment, and what was learned."""
    found: dict[str, list[Any]] = {}
    for name in ("analog", "cells", "readout"):
        segment = parts[name].get_data().segments[-1]
        for signal in segment.analogsignals:
            found[f"{name} {signal.name}"] = np.asarray(signal.magnitude).tolist()
        for train in segment.spiketrains:
            found[f"{name} {train.annotations['source_index']}"] = np.asarray(
                train.magnitude).tolist()
    for name, part in parts.items():
        if " to " in name:
            found[name] = part.get(["weight", "gradient"], "list", with_address=False)
    return found


def played(sim: Any) -> list[dict[str, list[Any]]]:
    """A run in parts, with new values between them, and a reset."""
    parts, found = _network(sim), []
    sim.run(2 * T)
    parts["analog"].set(values=np.linspace(-1.0, 1.0, 2 * 15).reshape(2, 15), frame_duration=1.5,
                        start=1.0)
    sim.run(T + 5.5)
    sim.run(3 * T - 5.5)
    parts["analog"].set(values=[np.full(15, -0.2), np.full(15, 0.3)])
    sim.run(T)
    found.append(_found(parts))
    sim.reset()
    sim.run(2 * T)
    found.append(_found(parts))
    return found


def values(sim: Any, given: dict[str, Any], until: float) -> list[list[float]]:
    """What is recorded of the values of two sources every 2 ms."""
    sim.setup(timestep=0.5, update_interval=T)
    source = sim.Population(2, sim.AnalogSource(**given))
    source.record("value", sampling_interval=2.0)
    sim.run(until)
    return np.asarray(source.get_data().segments[0].analogsignals[0].magnitude).tolist()


def parameters(sim: Any) -> list[Any]:
    """Parameters that were not given, and that were."""
    sim.setup(timestep=0.5)
    source = sim.Population(2, sim.AnalogSource(values=[1.0, 2.0]))
    other = sim.Population(2, sim.AnalogSource(values=[[1.0], [2.0]], frame_duration=3.0,
                                               start=1.0))
    return [source.get("frame_duration"), source.get("start"), other.get("frame_duration"),
            other.get("start"), [np.asarray(row.value).tolist() for row in other.get(
                "values", simplify=False)]]


def refused_parameters(sim: Any) -> list[tuple[list[str], str]]:
    """Errors of sources that cannot be made, or set."""
    sim.setup(timestep=0.5, update_interval=T)
    source = sim.Population(2, sim.AnalogSource(values=np.ones((2, 3))), label="analog")

    def population(**given: Any) -> Any:
        return sim.Population(2, sim.AnalogSource(**given), label="analog")

    found = [refusal(action) for action in (
        lambda: sim.AnalogSource(values="abc"),
        lambda: sim.AnalogSource(repeats=1),
        lambda: sim.AnalogSource(frame_duration=-1.0),
        lambda: sim.AnalogSource(nonsense=1.0),
        lambda: population(values=np.ones((3, 4))),
        lambda: population(values=np.full((2, 4), np.nan)),
        lambda: population(values=np.ones((2, 4)), frame_duration=0.75),
        lambda: population(values=np.ones((2, 4)), frame_duration=[1.0, 2.0]),
        lambda: population(values=np.ones((2, 4)), start=-1.0),
        lambda: population(values=np.ones((2, 13)), frame_duration=1.0, repeats=True),
        lambda: source.set(values=np.ones((3, 3))),
        lambda: source.set(values=[[1.0, np.inf], [0.0, 0.0]]),
        lambda: source.set(frame_duration=float("nan")),
        lambda: source[1:].set(values=[1.0, 2.0]),
        lambda: source.record("spikes"),
    )]
    assert [np.asarray(row.value).tolist() for row in source.get("values", simplify=False)] == [
        [1.0] * 3] * 2
    return found


def refused_ends(sim: Any) -> list[tuple[list[str], str]]:
    """Errors of projections that cannot lead to, or from, analog sources."""
    sim.setup(timestep=0.5, update_interval=T)
    source = sim.Population(2, sim.AnalogSource(), label="analog")
    cells = sim.Population(2, sim.EPropLIF(), label="cells")
    stock = sim.Population(2, sim.IF_curr_exp(), label="stock")
    everyone, static = sim.AllToAllConnector(), sim.StaticSynapse(weight=0.1, delay=0.5)
    return [refusal(action) for action in (
        lambda: sim.Projection(cells, source, everyone, static, label="to"),
        lambda: sim.Projection(source, stock, everyone, static, label="onto"),
        lambda: sim.Projection(source, stock, everyone, sim.EPropSynapse(weight=0.1), label="in"))]


def refused(sim: Any) -> tuple[list[str], str]:
    """The error of a backend without analog sources."""
    sim.setup(timestep=1.0, update_interval=T)
    return refusal(lambda: sim.Population(2, sim.AnalogSource(values=[1.0])))
