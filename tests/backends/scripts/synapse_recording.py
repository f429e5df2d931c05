"""Recorded synapses: what is given, and what is refused."""

from typing import Any

import numpy as np

from tests.backends.scripts.parts import plain, refusal


def network(sim: Any, boundary: str = "reset", **setup: Any) -> dict[str, Any]:
    """Sources, LIF and adaptive cells, readouts; projections by label; 20 steps an interval."""
    kept = {} if boundary == "reset" else {"boundary": boundary}
    sim.setup(timestep=1.0, update_interval=20.0, seed=5, **kept, **setup)
    rng = np.random.default_rng(3)
    times = [np.flatnonzero(rng.random(160) < 0.3)[2:].astype(float) + 6.0 for _ in range(4)]
    source = sim.Population(4, sim.SpikeSourceArray(
        spike_times=[sim.Sequence(row) for row in times]), label="source")
    cells = {"lif": sim.Population(3, sim.EPropLIF(tau_refrac=2.0), label="lif"),
             "alif": sim.Population(3, sim.EPropALIF(
                 tau_refrac=2.0, beta=0.2, tau_a=60.0, v_thresh=0.6), label="alif")}
    readout = sim.Population(2, sim.EPropReadout(target=rng.normal(size=(2, 20))), label="readout")
    every = sim.AllToAllConnector(allow_self_connections=False)
    made = {"source": source, "readout": readout, **cells}

    def project(pre: Any, post: Any, label: str, **options: Any) -> None:
        made[label] = sim.Projection(pre, post, every, sim.EPropSynapse(
            weight=rng.normal(0.2, 0.4, (pre.size, post.size)), **options), label=label)

    project(source, cells["lif"], "in lif")
    project(source, cells["alif"], "in alif", delay=3.0)
    project(cells["lif"], cells["alif"], "lif alif")
    project(cells["alif"], cells["alif"], "alif alif", optimizer=None)
    for name, each in cells.items():
        project(each, readout, f"{name} out")
        made[f"back {name}"] = sim.Projection(
            readout, each, sim.AllToAllConnector(),
            sim.LearningSignal(weight=rng.normal(size=(2, each.size))),
            receptor_type="learning_signal", label=f"back {name}")
    return made


RECORDED = ("in lif", "in alif", "lif alif")


def refusals(sim: Any) -> list[tuple[list[str], str]]:
    """Errors of record() and get_data(), none of which may change anything."""
    net = network(sim)
    into, onto = net["in lif"], net["alif"]
    calls = [
        lambda: net["alif alif"].record("eligibility_trace"),
        lambda: net["back lif"].record("eligibility_trace"),
        lambda: net["lif out"].record("eligibility_trace"),
        lambda: into.record("e_bar"),
        lambda: into.record(3),
        lambda: into.record("eligibility_trace", synapses=[(0, 3)]),
        lambda: into.record("eligibility_trace", synapses=[(0.5, 1)]),
        lambda: into.record("eligibility_trace", synapses=[0, 1]),
        lambda: into.record("eligibility_trace", synapses=True),
        lambda: into.record("eligibility_trace", synapses=13),
        lambda: into.record("eligibility_trace", synapses=0),
        lambda: into.record("eligibility_trace", synapses=4, rng=3),
        lambda: into.record("eligibility_trace", sampling_interval=0.5),
        lambda: into.record("eligibility_trace", sampling_interval="often"),
        lambda: into.get_data(),
    ]
    found = [refusal(call) for call in calls]
    assert onto.size == 3
    return found


def refused_at_all(sim: Any) -> tuple[list[str], str]:
    """The error of a backend that records no traces."""
    return refusal(lambda: network(sim)["in lif"].record("eligibility_trace"))


def values(sim: Any, stops: list[float], boundary: str = "reset", **setup: Any) -> dict[str, Any]:
    """Samples of all three projections, run up to each stop; [times, pre, post, values]."""
    net = network(sim, boundary, **setup)
    net["in lif"].record("eligibility_trace")
    net["in alif"].record("all", synapses=5, sampling_interval=3.0)
    net["lif alif"].record(["eligibility_trace"], synapses=[(2, 0), (0, 1), (2, 0)])
    for stop in stops:
        sim.run_until(stop)
    found = {}
    for label in RECORDED:
        block = net[label].get_data("eligibility_trace")
        (signal,) = block.segments[-1].analogsignals
        found[label] = [plain(part) for part in (
            np.asarray(signal.times.rescale("ms")).tolist(),
            signal.array_annotations["presynaptic_index"].tolist(),
            signal.array_annotations["postsynaptic_index"].tolist(),
            np.asarray(signal.magnitude).tolist())]
        found[label] += [signal.name, signal.annotations["source_projection"],
                         str(signal.units.dimensionality), block.name]
    return found


def cleared(sim: Any, boundary: str = "reset", **setup: Any) -> tuple[Any, Any, Any]:
    """Whole samples, those of parts between clear=True, and a segment for each reset()."""
    net = network(sim, boundary, **setup)
    net["in alif"].record("eligibility_trace")
    sim.run(90.0)
    (whole,) = net["in alif"].get_data().segments[-1].analogsignals

    net = network(sim, boundary, **setup)
    net["in alif"].record("eligibility_trace")
    parts = []
    for duration in (1.0, 30.0, 19.0, 40.0):
        sim.run(duration)
        (signal,) = net["in alif"].get_data(clear=True).segments[-1].analogsignals
        parts.append((float(signal.t_start.rescale("ms")), np.asarray(signal.magnitude).tolist()))
    sim.reset()
    sim.run(25.0)
    sim.reset()
    sim.run(25.0)
    segments = [np.asarray(segment.analogsignals[0].magnitude).tolist()
                for segment in net["in alif"].get_data().segments]
    return np.asarray(whole.magnitude).tolist(), parts, segments


def without_learning(sim: Any, **setup: Any) -> tuple[Any, Any]:
    """Samples of three intervals with learning and without; weights and spikes are the same."""
    found = []
    for learning in (True, False):
        net = network(sim, trials_per_update=100, **setup)
        sim.set_learning(learning)
        net["in lif"].record("eligibility_trace")
        sim.run(60.0)
        (signal,) = net["in lif"].get_data().segments[-1].analogsignals
        found.append(np.asarray(signal.magnitude).tolist())
    return found[0], found[1]


def late_recordings(sim: Any, **setup: Any) -> list[Any]:
    """Errors of recordings that begin within an interval, or of traces that cross its end."""
    net = network(sim, **setup)
    sim.run(20.0)
    net["lif alif"].record("eligibility_trace", synapses=2)
    sim.run(10.0)
    found: list[Any] = [refusal(lambda: net["in lif"].record("eligibility_trace"))]
    sim.run(10.0)
    net["in lif"].record("eligibility_trace")
    net["lif alif"].record(None)
    sim.run(20.0)
    (signal,) = net["in lif"].get_data().segments[-1].analogsignals
    found.append((float(signal.t_start.rescale("ms")), np.asarray(signal.magnitude).tolist()))
    found.append(len(net["lif alif"].get_data().segments[-1].analogsignals))
    net = network(sim, "continuous", **setup)
    sim.run(20.0)
    found.append(refusal(lambda: net["in lif"].record("eligibility_trace")))
    return found
