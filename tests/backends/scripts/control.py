"""Functions that act on the whole network, and what a network is after them."""

import importlib
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from tests.backends.scripts.parts import refusal, small_network


def weights_saved_beside_stock_cells(sim: Any) -> tuple[list[str], list[float]]:
    """Entries of a file, and what one becomes in a network that had other weights."""
    def build(weight: float) -> Any:
        cells = small_network(sim)
        stock = sim.Population(2, sim.IF_curr_exp(), label="stock")
        for label in ("onto stock", "onto stock again"):
            sim.Projection(cells, stock, sim.AllToAllConnector(),
                           sim.StaticSynapse(weight=weight, delay=1.0), label=label)
        return sim.Projection(cells, cells, sim.AllToAllConnector(), sim.EPropSynapse(
            weight=weight, optimizer=None), label="own")

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        build(0.25)
        sim.save_weights(path)
        with np.load(path) as archive:
            entries = sorted(archive.files)
        own = build(0.5)
        sim.load_weights(path)
    return entries, own.get("weight", "list", with_address=False)


def switches(sim: Any) -> list[tuple[list[str], str]]:
    """The errors of set_learning() with what is, and is not, a switch."""
    small_network(sim)
    return [refusal(lambda value=value: sim.set_learning(value))
            for value in (True, np.True_, 1, "off", None)]


def functions(sim: Any) -> dict[str, tuple[str, bool]]:
    """The procedural functions by the names that they are offered under, and whether documented."""
    from pynn_eprop.common.script import control, procedural_api
    return {name: (getattr(sim, name).__name__, bool(getattr(sim, name).__doc__))
            for name in (*control.FUNCTIONS, *procedural_api.FUNCTIONS, "setup")}


def documentation_of_setup(sim: Any) -> str:
    """help(sim.setup)."""
    return str(sim.setup.__doc__)


def without_setup(sim: Any) -> tuple[list[float], float, float]:
    """Spikes of a source in the first network of a process, with nothing set up; time and step."""
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0, 2.0]))
    source.record("spikes")
    sim.run(5.0)
    trains = source.get_data().segments[0].spiketrains
    return trains[0].magnitude.tolist(), float(sim.get_current_time()), float(sim.get_time_step())


def parent_beside(sim: Any) -> tuple[int, int, float]:
    """Spikes of a cell on PyNN's own backend, before and after ours was set up; its time."""
    parent = importlib.import_module(sim.__name__.replace("pynn_eprop", "pyNN"))
    counts = []
    for _ in range(2):
        parent.setup(timestep=0.1)
        cell = parent.Population(1, parent.IF_curr_exp(i_offset=1.0, tau_refrac=2.0))
        cell.record("spikes")
        parent.run(60.0)
        parent.run_until(100.0)
        counts.append(cell.mean_spike_count())
        time = parent.get_current_time()
        parent.end()
        sim.setup(timestep=1.0, update_interval=20.0)
        sim.run(3.0)
    return (*counts, float(time))


def cleared(sim: Any) -> tuple[list[float], list[float], list[float]]:
    """Membrane of a stock cell from 20 to 40 ms: at once, right after clearing, and later."""
    found = []
    for clear in (False, True):
        sim.setup(timestep=1.0, update_interval=20.0)
        cell = sim.Population(1, sim.IF_curr_exp(i_offset=0.3, tau_m=10.0))
        cell.record("v")
        sim.run(20.0)
        if clear:
            cell.get_data(clear=True)
            found.append(cell.get_data())
        sim.run(20.0)
        found.append(cell.get_data())
    whole, present, part = (block.segments[0].analogsignals[0].magnitude.ravel().tolist()
                            for block in found)
    return whole[20:], present, part


def modules(sim: Any) -> list[tuple[str, str]]:
    """Names of submodules, and of what the package has under them."""
    parts = ("control", "populations", "procedural_api", "projections", "recording", "simulator")
    return [(f"{sim.__name__}.{part}", getattr(sim, part).__name__) for part in parts]


def after_end(sim: Any) -> dict[str, tuple[list[str], str]]:
    """The errors of calls after end()."""
    cells = small_network(sim)
    source = sim.simulator.state.simulation.populations[0]
    synapses = sim.simulator.state.simulation.projections[0]
    cells.record(["spikes", "v"])
    sim.run(20.0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        sim.save_weights(path)
        sim.end()
        return {name: refusal(call) for name, call in {
            "get_data": cells.get_data, "get": lambda: cells.get("tau_m"),
            "weights": lambda: synapses.get("weight", "list"), "num_updates": sim.num_updates,
            "get_current_time": sim.get_current_time,
            "save_weights": lambda: sim.save_weights(path),
            "load_weights": lambda: sim.load_weights(path),
            "set": lambda: cells.set(v_thresh=0.5), "spikes": lambda: source.set(spike_times=[7.0]),
            "initialize": lambda: cells.initialize(v=0.0),
            "record": lambda: cells.record("h"),
            "set weights": lambda: synapses.set(weight=0.2),
            "set delays": lambda: synapses.set(delay=2.0),
            "Population": lambda: sim.Population(1, sim.EPropLIF()),
            "Projection": lambda: sim.Projection(source, cells, sim.AllToAllConnector(),
                                                 sim.EPropSynapse(weight=0.1, optimizer=None)),
            "stock Population": lambda: sim.Population(1, sim.IF_curr_exp()),
            "set_learning": lambda: sim.set_learning(True), "run": lambda: sim.run(20.0),
            "run again": lambda: sim.run(20.0), "reset": sim.reset, "end": sim.end}.items()}


def ordered(sim: Any) -> tuple[list[list[float]], list[float], list[tuple[list[str], str]]]:
    """Parameters that were given in order, and the errors of those that cannot be."""
    sim.setup(timestep=1.0, update_interval=20.0)
    array = sim.Population(2, sim.SpikeSourceArray([[1.0], [2.0, 3.0]]), label="array")
    poisson = sim.Population(1, sim.SpikeSourcePoisson(20.0, 5.0, 50.0), label="poisson")
    return ([train.value.tolist() for train in array.get("spike_times")],
            [float(poisson.get(name)) for name in ("rate", "start", "duration")],
            [refusal(call) for call in (
                lambda: sim.SpikeSourceArray([1.0], [2.0]),
                lambda: sim.SpikeSourcePoisson(20.0, rate=30.0),
                lambda: sim.EPropLIF("arctan", 20.0), lambda: sim.EPropSynapse(None, 0.0, 1.0, 0.1),
                lambda: sim.LearningSignal(0.5))])


def biases_after_reset(sim: Any) -> list[list[float]]:
    """Biases before anything ran, after learning and one set by hand, and after reset()."""
    sim.setup(timestep=1.0, update_interval=20.0)
    readout = sim.Population(2, sim.EPropReadout(
        target=np.ones((2, 20)), bias=0.125, bias_optimizer="adam"), label="readout")
    found = [readout.get("bias", simplify=False)]
    sim.run(20.0)
    readout[0:1].set(bias=0.5)
    found.append(readout.get("bias", simplify=False))
    sim.reset()
    return [np.asarray(each, float).tolist() for each in (*found, readout.get(
        "bias", simplify=False))]


def resets_without_a_run(sim: Any) -> tuple[list[float], list[float]]:
    """Weights after a reset() that kept them, and after another that does not."""
    cells = small_network(sim)
    own = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=0.25, optimizer=None), label="own")
    sim.run(20.0)
    own.set(weight=0.5)
    sim.reset(keep_weights=True)
    kept = own.get("weight", "list", with_address=False)
    sim.reset()
    return kept, own.get("weight", "list", with_address=False)
