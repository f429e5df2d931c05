"""Scripts whose results the tests look at; each gets a backend module."""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from evidence.shared.nest_plans import Plan, Script
from pynn_eprop import SGD, Adam
from tests.nest.tiny import STEPS, Tiny

PLAN = Plan(seed=21, updates=3, cells=("alif",), optimizer="sgd")


def signal(population: Any, variable: str) -> np.ndarray:
    """Recorded samples, (samples, cells)."""
    return np.asarray(population.get_data(variable).segments[0]
                      .filter(name=variable)[0].magnitude)


def weights_before_and_after(sim: Any) -> dict[str, Any]:
    """Reading before the run, saving after it, loading into a new network."""
    first = Script(sim, PLAN)
    given = {projection.label: projection.synapses.weight.copy() for projection in first.plastic}
    before = first.weights()
    sim.run(PLAN.duration)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        sim.save_weights(path)
        learned = first.weights()
        second = Script(sim, PLAN)
        sim.load_weights(path)
        loaded = second.weights()
    return {"given": given, "before": before, "learned": learned, "loaded": loaded,
            "updates": sim.num_updates()}


def weight_forms(sim: Any) -> dict[str, Any]:
    """Weights of a run in the forms that get() has."""
    script = Script(sim, PLAN)
    sim.run(PLAN.duration)
    projection = script.plastic[0]
    matrix = projection.get("weight", "array")
    listed = projection.get(["weight", "delay"], "list")
    return {"matrix": matrix, "list": listed, "len": len(projection),
            "one": projection[3].weight, "shape": projection.shape}


def repeated_synapses(sim: Any) -> dict[str, Any]:
    """Two synapses between the same cells, and others between one."""
    sim.setup(timestep=1.0, update_interval=float(STEPS), seed=3,
              **({"precision": "float64"} if "host" in sim.__name__ else {}))
    inputs = sim.Population(2, sim.SpikeSourceArray(spike_times=[
        sim.Sequence([5.0, 12.0]), sim.Sequence([7.0])]), label="inputs")
    cells = sim.Population(2, sim.EPropLIF(v_thresh=2.0), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, STEPS))), label="readout")
    twice = sim.Projection(inputs, cells, sim.FromListConnector(
        [(0, 0, 0.7, 1.0), (0, 1, 0.8, 1.0), (0, 0, 0.2, 1.0), (1, 0, 0.9, 1.0), (0, 0, 0.1, 1.0)],
        column_names=["weight", "delay"]), sim.EPropSynapse(optimizer=SGD(lr=0.1)), label="twice")
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=1.0),
                   receptor_type="learning_signal")
    sim.run(float(STEPS))
    return {"list": twice.get("weight", "list"), "sum": twice.get("weight", "array")}


def recorded_in_parts(sim: Any) -> dict[str, Any]:
    """Views, sampling intervals, clearing, and reading between runs."""
    script = Script(sim, PLAN)
    cells = script.cells[0]
    cells[1:4].record(["spikes", "v"])
    cells[5:6].record("a")
    script.readouts[0].record("y", sampling_interval=4.0)
    parts = []
    for _ in range(PLAN.intervals):
        sim.run(PLAN.steps * PLAN.timestep)
        block = cells.get_data(clear=True)
        parts.append({train.annotations["source_index"]: train.magnitude.tolist()
                      for train in block.segments[0].spiketrains}
                     | {s.name: (float(s.t_start), s.magnitude.copy())
                        for s in block.segments[0].analogsignals})
    one = script.readouts[0].get_data()
    return {"parts": parts, "y": np.asarray(one.segments[0].analogsignals[0].magnitude),
            "period": float(one.segments[0].analogsignals[0].sampling_period)}


def recorded_later(sim: Any) -> dict[str, Any]:
    """Recording that begins in the middle of the run, between intervals."""
    script = Script(sim, PLAN)
    sim.run(PLAN.steps * PLAN.timestep)
    script.inputs.record("spikes")
    sim.run(PLAN.duration - PLAN.steps * PLAN.timestep)
    trains = script.inputs.get_data().segments[0].spiketrains
    return {"spikes": [train.magnitude.tolist() for train in trains],
            "counts": list(script.inputs.get_spike_counts().values())}


def units(sim: Any) -> dict[str, Any]:
    """Parameters and data come back in our units."""
    network = Tiny(cells={"f_target": 12.0, "c_reg": 0.3, "tau_refrac": 3.0}).build(sim)
    network.cell.record(["v", "h", "learning_signal", "spikes"])
    network.readout.record(["y", "error", "target", "loss"])
    sim.run(float(STEPS))
    cell = {name: network.cell.get(name) for name in ("f_target", "c_reg", "tau_refrac")}
    found = {s.name: str(s.units.dimensionality) for population in (network.cell, network.readout)
             for s in population.get_data().segments[0].analogsignals}
    return {"cell": cell, "units": found, "time": sim.get_current_time(),
            "names": [p.label for p in (network.input, network.cell, network.readout)]}


def poisson(sim: Any) -> dict[str, Any]:
    """A Poisson source with spikes at all steps, into static synapses."""
    setup = {"precision": "float64"} if "host" in sim.__name__ else {}
    sim.setup(timestep=1.0, update_interval=50.0, seed=5, **setup)
    source = sim.Population(3, sim.SpikeSourcePoisson(rate=200.0, start=3.0), label="poisson")
    cells = sim.Population(4, sim.EPropLIF(), label="cells")
    sim.Projection(source, cells, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=0.2, optimizer=None), label="in")
    sim.Projection(cells, cells, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=-0.1, optimizer=None), label="rec")
    source.record("spikes")
    cells.record(["v", "spikes"])
    sim.run(200.0)
    return {"source": [t.magnitude.tolist() for t in source.get_data().segments[0].spiketrains],
            "spikes": [t.magnitude.tolist() for t in cells.get_data().segments[0].spiketrains],
            "v": signal(cells, "v")}


def beside_stock_cells(sim: Any) -> dict[str, Any]:
    """IF_curr_exp cells driven by an e-prop cell, by a source and by a current."""
    network = Tiny(times=(5.0, 9.0, 25.0), synapse={"weight": 0.9, "optimizer": None}).build(sim)
    stock = sim.Population(3, sim.IF_curr_exp(tau_refrac=2.0), label="stock",
                           initial_values={"v": -65.0})
    static = sim.StaticSynapse(weight=8.0, delay=2.0)
    sim.Projection(network.cell, stock[0:1], sim.AllToAllConnector(), static)
    sim.Projection(network.input, stock[1:2], sim.AllToAllConnector(), static)
    stock[2:3].inject(sim.DCSource(amplitude=1.0, start=7.0, stop=30.0))
    sim.Projection(stock[1:2], network.cell, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=0.4, optimizer=None), label="back to cell")
    stock.record(["v", "spikes"])
    network.cell.record(["v", "spikes"])
    sim.run(40.0)
    return {"stock": signal(stock, "v"), "cell": signal(network.cell, "v"),
            "spikes": [t.magnitude.tolist() for population in (network.cell, stock)
                       for t in population.get_data().segments[0].spiketrains]}


def delta_cells(sim: Any) -> np.ndarray:
    """v of an IF_curr_delta cell without input, from -60 mV to its rest at -65 mV."""
    sim.setup(timestep=1.0, update_interval=float(STEPS))
    cell = sim.Population(1, sim.IF_curr_delta(v_rest=-65.0, tau_m=20.0), label="delta",
                          initial_values={"v": -60.0})
    cell.record("v")
    sim.run(10.0)
    return signal(cell, "v")[:, 0]


def assemblies(sim: Any) -> dict[str, Any]:
    """One projection onto cells of two kinds, and views of it."""
    setup = {"precision": "float64"} if "host" in sim.__name__ else {}
    sim.setup(timestep=1.0, update_interval=float(STEPS), seed=7, **setup)
    inputs = sim.Population(3, sim.SpikeSourceArray(spike_times=[
        sim.Sequence([5.0 + i, 12.0, 25.0 + i, 33.0]) for i in range(3)]), label="inputs")
    lif = sim.Population(3, sim.EPropLIF(tau_refrac=1.0), label="lif")
    alif = sim.Population(2, sim.EPropALIF(tau_refrac=1.0), label="alif")
    readout = sim.Population(2, sim.EPropReadout(target=np.ones((2, STEPS))), label="readout")
    both = lif[1:3] + alif
    synapse = sim.EPropSynapse(weight=sim.RandomDistribution("normal", mu=0.4, sigma=0.3),
                               optimizer=Adam(lr=0.05, eps_hat=True))
    into = sim.Projection(inputs[0:2], both, sim.FixedProbabilityConnector(0.8), synapse,
                          label="into")
    out = sim.Projection(both, readout, sim.AllToAllConnector(), synapse, label="out")
    sim.Projection(readout, both, sim.AllToAllConnector(), sim.LearningSignal(weight=0.5),
                   receptor_type="learning_signal")
    both.record("spikes")
    sim.run(2.0 * STEPS)
    spikes = [t.magnitude.tolist() for t in both.get_data().segments[0].spiketrains]
    return {"into": into.get("weight", "list"), "out": out.get("weight", "array"),
            "spikes": spikes}
