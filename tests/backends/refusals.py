"""Calls that are refused, for a network of every backend, and what must be as before after each."""

import math
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from pyNN.parameters import LazyArray
from pyNN.random import NumpyRNG, RandomDistribution

from pynn_eprop import Adam
from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import EPropError

STEPS, UPDATES = 20, 4
IN_PROCESS = ("host", "fixed", "reference", "jax")
Call = tuple[str, Callable[[], Any]]


class Odd:
    """An object of no kind that is known."""

    def __repr__(self) -> str:
        return "Odd()"


NO_NUMBERS = (math.nan, math.inf, -math.inf, "abc", None, True, 1 + 2j, Odd(), {})
NO_VALUES = (*NO_NUMBERS, [1.0, math.nan, 1.0], [1.0, 2.0], np.ones((2, 2)), lambda i: "x")


def build(sim: Any, **setup: Any) -> SimpleNamespace:
    """Three populations that learn or stay, from seeded values; nothing that NEST must refuse."""
    sim.setup(timestep=1.0, update_interval=float(STEPS), seed=3, **setup)
    rng = np.random.default_rng(5)
    net = SimpleNamespace(sim=sim, rng=NumpyRNG(seed=7))
    net.source = sim.Population(4, sim.SpikeSourceArray(spike_times=[
        sim.Sequence(np.sort(rng.choice(np.arange(3, STEPS), 9, replace=False)) + STEPS * interval)
        if interval == cell % UPDATES else sim.Sequence(
            np.concatenate([STEPS * k + 3.0 + np.arange(cell, 16, 2) for k in range(UPDATES)]))
        for interval, cell in enumerate(range(4))]), label="source")
    net.noise = sim.Population(2, sim.SpikeSourcePoisson(rate=20.0, start=3.0), label="noise")
    net.cells = sim.Population(3, sim.EPropALIF(
        v_thresh=0.5, tau_refrac=2.0, beta=0.1, tau_a=50.0), label="cells")
    net.others = sim.Population(2, sim.EPropLIF(v_thresh=0.4), label="others")
    net.readout = sim.Population(2, sim.EPropReadout(
        target=np.sin(np.arange(STEPS * UPDATES) / 4.0) * [[0.6], [-0.3]]), label="readout")
    everyone = sim.AllToAllConnector()
    learn = {"optimizer": Adam(lr=0.01, eps_hat=True)}
    net.plastic = sim.Projection(net.source, net.cells, everyone, sim.EPropSynapse(
        weight=rng.normal(size=(4, 3)) * 0.3 + 0.2, **learn), label="in")
    net.fixed = sim.Projection(net.source, net.others, everyone, sim.EPropSynapse(
        weight=0.15, optimizer=None), label="stays")
    net.out = sim.Projection(net.cells, net.readout, everyone, sim.EPropSynapse(
        weight=rng.normal(size=(3, 2)) * 0.3, **learn), label="out")
    net.back = sim.Projection(net.readout, net.cells, everyone, sim.LearningSignal(
        weight=rng.normal(size=(2, 3))), receptor_type="learning_signal", label="back")
    net.cells.record(["v", "spikes"])
    net.others[0:1].record("spikes")
    net.readout.record(["y", "loss"])
    return net


# --- what must not change ---


def state(net: SimpleNamespace, weights: bool = True) -> dict[str, Any]:
    """All that a script can ask of the network, and what is to be recorded and written."""
    simulation, kept = net.sim.simulator.state.simulation, net.sim.simulator.state
    found: dict[str, Any] = {
        "time": net.sim.get_current_time(), "updates": net.sim.num_updates(),
        "learning": simulation.learning, "files": len(kept.write_on_end),
        "populations": [each.label for each in simulation.populations],
        "projections": [each.label for each in simulation.projections],
        "recorders": len(kept.recorders), "segment": kept.segment_counter,
        "running": kept.running, "generator": net.rng.rng.get_state()[2],
        "draws": [dict(vars(each.draws)["_done"]) for each in (
            kept, net.source, net.noise, net.cells, net.others, net.readout, net.plastic,
            net.fixed, net.out, net.back)],
    }
    for population in (net.source, net.noise, net.cells, net.others, net.readout):
        label = population.label
        for name in population.celltype.default_parameters:
            value = population.get(name, simplify=False)
            found[f"{label}.{name}"] = [np.array(getattr(row, "value", row)).tolist()
                                        for row in value]
        found[f"{label}.initial"] = {name: np.array(value.evaluate()).tolist()
                                     for name, value in population.initial_values.items()}
        found[f"{label}.positions"] = population.positions.tolist()
        found[f"{label}.logs"] = {
            name: (log.cells.tolist(), getattr(log, "every", 1), getattr(log, "first", 0),
                   len(log.spikes()[0] if name == "spikes" else log.values()))
            for name, log in population.recorder.logs.items()}
    for projection in (net.plastic, net.fixed, net.out):
        found[f"{projection.label}.delay"] = projection.get("delay", "list", with_address=False)
        if weights or projection is net.fixed:
            found[f"{projection.label}.weight"] = projection.get("weight", "list",
                                                                 with_address=False)
    found["back.weight"] = net.back.get("weight", "list", with_address=False)
    return found


def results(net: SimpleNamespace) -> dict[str, Any]:
    """The results of the whole run."""
    found: dict[str, Any] = {}
    for population in (net.cells, net.others, net.readout):
        for segment in population.get_data().segments:
            for signal in segment.analogsignals:
                key = f"{segment.name}.{population.label}.{signal.name}"
                found[key] = np.nan_to_num(np.array(signal.magnitude), nan=-99.0).tolist()
            found[f"{segment.name}.{population.label}.spikes"] = [
                train.magnitude.tolist() for train in segment.spiketrains]
    for projection in (net.plastic, net.fixed, net.out):
        found[f"{projection.label}.weight"] = projection.get("weight", "list", with_address=False)
    return found


# --- what is refused ---


def of_cells(net: SimpleNamespace) -> Iterator[Call]:
    """Parameters and initial values: one bad value in every position and form."""
    for value in (*NO_VALUES, -1.0, 0.0):
        yield f"cells.set(tau_m={value!r})", lambda value=value: net.cells.set(tau_m=value)
    for value in NO_VALUES:
        yield f"cells.initialize(v=0, a={value!r})", lambda value=value: net.cells.initialize(
            v=0.0, a=value)
    cells, readout, sim = net.cells, net.readout, net.sim
    target = np.zeros((2, STEPS * UPDATES))
    yield from (
        ("two names, the last bad", lambda: cells.set(v_thresh=0.7, tau_m=-1.0)),
        ("a name that is not there", lambda: cells.set(v_thresh=0.7, nonsense=1.0)),
        ("drawn, then bad", lambda: cells.set(
            v_thresh=RandomDistribution("uniform", (0.5, 0.6)), tau_refrac=2.5)),
        ("drawn from the script's own generator, then bad", lambda: cells.set(
            v_thresh=RandomDistribution("uniform", (0.5, 0.6), rng=net.rng), tau_m=-1.0)),
        ("drawn initial values, then bad", lambda: cells.initialize(
            v=RandomDistribution("uniform", (0.0, 0.1), rng=net.rng), a=math.nan)),
        ("off the grid", lambda: cells.set(v_thresh=0.7, tau_refrac=2.5)),
        ("a view, the last bad", lambda: cells[1:].set(tau_m=21.0, v_thresh=[0.5, math.nan])),
        ("a view of a view", lambda: cells[1:][0:1].set(tau_m=21.0, v_thresh=0.0)),
        ("one cell", lambda: setattr(cells[0], "tau_m", math.inf)),
        ("one cell, several", lambda: cells[0].set_parameters(v_thresh=0.7, tau_m=-1.0)),
        ("one cell's initial value", lambda: cells[1].set_initial_value("v", "x")),
        ("an unknown state", lambda: cells.initialize(v=0.0, nonsense=0.0)),
        ("a view's initial values", lambda: cells[1:].initialize(v=[0.0, math.nan])),
        ("tset", lambda: cells.tset("v_thresh", [0.5, 0.6])),
        ("rset", lambda: cells.rset("nonsense", RandomDistribution("uniform", (0.5, 0.6)))),
        ("readouts of two time constants", lambda: readout.set(bias=0.0, tau_m=[20.0, 21.0])),
        ("a target of another length", lambda: readout.set(tau_m=21.0, target=target[:, :33])),
        ("a target for three", lambda: readout.set(target=np.zeros((3, STEPS)))),
        ("a target with infinity", lambda: readout.set(target=target + math.inf)),
        ("a target of text", lambda: readout.set(target="abc")),
        ("no target", lambda: readout.set(target=None)),
        ("a bad bias", lambda: readout.set(target=target, bias=[0.0, math.nan])),
        ("spikes before 0", lambda: net.source.set(spike_times=[-1.0])),
        ("spikes out of order", lambda: net.source.set(spike_times=[[1.0], [3.0, 2.0], [], []])),
        ("spikes of text", lambda: net.source.set(spike_times="abc")),
        ("spikes of NaN", lambda: net.source[0:1].set(spike_times=[math.nan])),
        ("spikes for two", lambda: net.source.set(spike_times=[[1.0], [2.0]])),
        ("a rate beyond all", lambda: net.noise.set(start=5.0, rate=1e9)),
        ("a negative rate", lambda: net.noise.set(start=5.0, rate=[1.0, -1.0])),
        ("positions of NaN", lambda: setattr(cells, "positions", np.full((3, 3), math.nan))),
        ("positions for two", lambda: setattr(cells, "positions", np.zeros((3, 2)))),
        ("no structure", lambda: setattr(cells, "structure", 3)),
        ("no current source", lambda: cells.inject(3)),
        ("no sample", lambda: cells.sample(0)),
        ("assembly, the second lacks it", lambda: both(net).set(v_thresh=0.7, tau_a=9.0)),
        ("assembly, too short", lambda: both(net).set(v_thresh=[0.7, 0.8])),
        ("assembly, drawn, the second lacks it", lambda: both(net).set(
            v_thresh=RandomDistribution("uniform", (0.5, 0.6)), tau_a=9.0)),
        ("assembly, drawn from the script's own generator, the second lacks it",
         lambda: both(net).set(v_thresh=RandomDistribution("uniform", (0.5, 0.6), rng=net.rng),
                               tau_a=9.0)),
        ("assembly, drawn initial values", lambda: both(net).initialize(
            v=RandomDistribution("uniform", (0.0, 0.0)), a=0.0)),
        ("assembly, initial", lambda: both(net).initialize(v=0.0, a=0.0)),
        ("assembly, record", lambda: both(net).record(["h", "a"])),
        ("assembly of what is none", lambda: sim.Assembly(cells, 3)),
        ("no cell", lambda: cells[7]), ("no cells", lambda: cells[[]]),
    )


def both(net: SimpleNamespace) -> Any:
    """Cells with and without adaptation."""
    return net.sim.Assembly(net.cells, net.others)


def of_synapses(net: SimpleNamespace) -> Iterator[Call]:
    """Weights, delays, and what is asked of them."""
    plastic, weights = net.plastic, np.full((4, 3), 0.3)
    bad = weights.copy()
    bad[3, 2] = math.nan
    for value in NO_NUMBERS:
        yield f"in.set(weight={value!r})", lambda value=value: plastic.set(weight=value)
        yield f"in.set(weight=0.3, delay={value!r})", lambda value=value: plastic.set(
            weight=0.3, delay=value)
    yield from (
        ("one weight bad", lambda: plastic.set(weight=bad)),
        ("weights of another shape", lambda: plastic.set(weight=np.zeros((2, 2)))),
        ("a delay of 0", lambda: plastic.set(weight=0.3, delay=0.0)),
        ("a delay off the grid", lambda: plastic.set(weight=0.3, delay=1.5)),
        ("an unknown attribute", lambda: plastic.set(weight=0.3, nonsense=1.0)),
        ("a drawn weight, then a bad delay", lambda: plastic.set(
            weight=RandomDistribution("uniform", (0.1, 0.2)), delay=-1.0)),
        ("a weight of the script's own generator, then a bad delay", lambda: plastic.set(
            weight=RandomDistribution("uniform", (0.1, 0.2), rng=net.rng), delay=-1.0)),
        ("a weight computed with the script's own generator, then a bad delay",
         lambda: plastic.set(weight=LazyArray(0.1) + LazyArray(
             RandomDistribution("uniform", (0.1, 0.2), rng=net.rng)), delay=-1.0)),
        ("one connection", lambda: setattr(plastic[0], "weight", "x")),
        ("one connection's delay", lambda: setattr(plastic[0], "delay", 0.25)),
        ("no connection", lambda: plastic[99]),
        ("feedback of NaN", lambda: net.back.set(weight=math.nan)),
        ("a delay of feedback", lambda: net.back.set(weight=0.1, delay=1.0)),
        ("synapses have no state", lambda: plastic.initialize(w=1.0)),
        ("get what is not there", lambda: plastic.get(["weight", "nonsense"], "list")),
        ("get in no format", lambda: plastic.get("weight", "table")),
        ("get combined by nothing", lambda: plastic.get("weight", "array",
                                                        multiple_synapses="mean")),
        ("gradient of what stays", lambda: net.fixed.get("gradient", "list")),
    )


def of_makers(net: SimpleNamespace) -> Iterator[Call]:
    """Populations, projections and networks that cannot be made."""
    sim, cells, everyone = net.sim, net.cells, net.sim.AllToAllConnector()

    def population(*arguments: Any, **keywords: Any) -> Any:
        return lambda: sim.Population(*arguments, **keywords)

    def projection(*arguments: Any, **keywords: Any) -> Any:
        return lambda: sim.Projection(*arguments, **keywords)

    synapse = sim.EPropSynapse(weight=0.1, optimizer=None)
    yield from (
        ("no cells", population(0, sim.EPropLIF())),
        ("half a cell", population(1.5, sim.EPropLIF())),
        ("cells of which one is bad", population(2, sim.EPropLIF(tau_m=lambda i: 20.0 * i))),
        ("cells off the grid", population(2, sim.EPropLIF(tau_refrac=2.5))),
        ("cells for three", population(2, sim.EPropLIF(v_thresh=[0.5, 0.6, 0.7]))),
        ("bad initial values", population(2, sim.EPropLIF(), initial_values={"v": math.nan})),
        ("unknown initial values", population(2, sim.EPropLIF(), initial_values={"x": 0.0})),
        ("no structure", population(2, sim.EPropLIF(), structure=3)),
        ("label of no text", population(2, sim.EPropLIF(), label=3)),
        ("drawn initial values, then bad", population(2, sim.EPropALIF(), initial_values={
            "v": RandomDistribution("uniform", (0.0, 0.1), rng=net.rng), "a": math.nan})),
        ("a class with bad parameters", population(2, sim.EPropLIF, {"nonsense": 1.0})),
        ("spikes that fall", population(1, sim.SpikeSourceArray(spike_times=[3.0, 2.0]))),
        ("a rate beyond all", population(1, sim.SpikeSourcePoisson(rate=1e9))),
        ("a target of another length",
         population(2, sim.EPropReadout(target=np.zeros((2, 33))))),
        ("from no cells", projection(3, cells, everyone, synapse)),
        ("to a list", projection(net.source, [1, 2], everyone, synapse)),
        ("no connector", projection(net.source, cells, "all", synapse)),
        ("no synapse", projection(net.source, cells, everyone, 0.1)),
        ("no receptor", projection(net.source, cells, everyone, synapse, receptor_type="x")),
        ("no space", projection(net.source, cells, everyone, synapse, space=3)),
        ("label of no text", projection(net.source, cells, everyone, synapse, label=3)),
        ("a weight of NaN", projection(net.source, cells, everyone, sim.EPropSynapse(
            weight=lambda d: d + math.nan, optimizer=None))),
        ("a drawn connector, a bad delay", projection(
            net.source, cells, sim.FixedProbabilityConnector(0.5, rng=net.rng),
            sim.EPropSynapse(weight=0.1, delay=lambda d: d + 0.5, optimizer=None))),
        ("a drawn number of connections, a bad delay", projection(
            net.source, cells, sim.FixedNumberPreConnector(
                RandomDistribution("binomial", (3, 0.5), rng=net.rng)),
            sim.EPropSynapse(weight=0.1, delay=lambda d: d + 0.5, optimizer=None))),
        ("a delay of half a step", projection(net.source, cells, everyone, sim.EPropSynapse(
            weight=0.1, delay=0.5, optimizer=None))),
        ("a list beyond the cells", projection(net.source, cells, sim.FromListConnector(
            [(0, 0, 0.1, 1.0), (0, 9, 0.1, 1.0)]), synapse)),
        ("feedback to a source", projection(net.readout, net.source, everyone,
                                            sim.LearningSignal(weight=1.0),
                                            receptor_type="learning_signal")),
        ("feedback on another receptor", projection(net.readout, cells, everyone,
                                                    sim.LearningSignal(weight=1.0))),
        ("from readouts", projection(net.readout, cells, everyone, synapse)),
        ("to sources", projection(cells, net.source, everyone, synapse)),
        ("setup of nonsense", lambda: sim.setup(timestep=1.0, nonsense=1)),
        ("setup of no step", lambda: sim.setup(timestep=-1.0)),
        ("setup off the grid", lambda: sim.setup(timestep=1.0, update_interval=2.5)),
        ("setup, the last bad", lambda: sim.setup(timestep=0.5, update_interval=10.0, seed="x")),
        ("setup of no boundary", lambda: sim.setup(timestep=1.0, boundary="none")),
        ("setup of half a thread", lambda: sim.setup(timestep=1.0, threads=0.5)),
    )


def of_runs(net: SimpleNamespace, folder: Path) -> Iterator[Call]:
    """Running, recording, learning and files."""
    sim, cells = net.sim, net.cells
    for value in (math.nan, -5.0, "x", None, UPDATES * STEPS + 1.0):
        yield f"run({value!r})", lambda value=value: sim.run(value)
    for value in (1, "off", None):
        yield f"set_learning({value!r})", lambda value=value: sim.set_learning(value)
    yield from (
        ("run_until the past", lambda: sim.run_until(-1.0)),
        ("no callbacks", lambda: sim.run(5.0, callbacks=3)),
        ("callbacks that are none", lambda: sim.run(5.0, callbacks=[3])),
        ("record, the last unknown", lambda: cells.record(["h", "nonsense"])),
        ("record nothing at all", lambda: cells.record(3)),
        ("record off the grid", lambda: cells.record(["a", "h"], sampling_interval=1.5)),
        ("record every so often", lambda: cells.record(["a", "h"], sampling_interval=2.0)),
        ("record every x", lambda: cells.record("h", sampling_interval="x")),
        ("record compartments", lambda: cells.record("h", locations="soma")),
        ("record to a text file", lambda: cells.record("h", to_file=str(folder / "data.txt"))),
        ("record to a folder", lambda: cells.record("h", to_file=str(folder / "taken.pkl"))),
        ("record a view, the last unknown", lambda: cells[0:1].record(["h", "y"])),
        ("get_data of 3", lambda: cells.get_data(3)),
        ("reset by a word", lambda: sim.reset(keep_weights="yes")),
        ("reset with no table", lambda: sim.reset(True)),
        ("save to a folder", lambda: sim.save_weights(folder)),
        ("save to no folder", lambda: sim.save_weights(folder / "none" / "w.npz")),
        ("save to 3", lambda: sim.save_weights(3)),
        ("checkpoint to a folder", lambda: sim.save_checkpoint(folder)),
        ("checkpoint to no folder", lambda: sim.save_checkpoint(folder / "none" / "c.npz")),
    )
    for name in ("missing", "truncated", "text", "empty", "foreign", "nan", "beyond", "shape",
                 "fields", "words"):
        yield f"load_weights({name})", lambda name=name: sim.load_weights(folder / f"{name}.npz")
        yield f"load_checkpoint({name})", lambda name=name: sim.load_checkpoint(
            folder / f"{name}.npz")


def make_files(net: SimpleNamespace, folder: Path) -> None:
    """Files that do not hold weights of this network, in many ways."""
    good = folder / "good.npz"
    (folder / "taken.pkl").mkdir()
    net.sim.save_weights(good)
    entries, _ = read_archive(good)
    (folder / "truncated.npz").write_bytes(good.read_bytes()[:-100])
    (folder / "text.npz").write_text("weights")
    (folder / "empty.npz").write_bytes(b"")
    fields = np.zeros(12, dtype=[("pre", int), ("post", int)])
    for name, changed in (
            ("foreign", {"other": entries["out"]}), ("shape", {"out": np.zeros((2, 2))}),
            ("nan", {"out": entries["out"] * math.nan}), ("fields", {"out": fields}),
            ("beyond", {"in": entries["in"] + 0.01, "out": entries["out"] + math.inf}),
            ("words", {"in": entries["in"] + 0.01, "out": np.full((3, 2), "x")})):
        kept = {} if name == "foreign" else entries
        write_archive(folder / f"{name}.npz", {**kept, **changed})


def make_checkpoints(net: SimpleNamespace, folder: Path) -> Iterator[Call]:
    """Checkpoints of this network in which something is wrong."""
    good = folder / "checkpoint.npz"
    net.sim.save_checkpoint(good)
    arrays, header = read_archive(good)
    data = good.read_bytes()
    (folder / "short.npz").write_bytes(data[:len(data) // 2])
    without = {name: array for name, array in arrays.items() if not name.startswith("machine/")}
    first = next(name for name in arrays if name.startswith("recorder/"))
    for name, changed, head in (
            ("no machine", without, header),
            ("no data", {key: value for key, value in arrays.items() if key != first}, header),
            ("no recorders", arrays, {**header, "recorders": {}}),
            ("no parts", arrays, {key: header[key] for key in header if key != "parts"}),
            ("other precision", arrays, {**header, "precision": "other"}),
            ("other parts", arrays, {**header, "parts": {"settings": "x"}})):
        write_archive(folder / f"{name}.npz", changed, head)
    for name in ("short", "no machine", "no data", "no recorders", "no parts", "other precision",
                 "other parts"):
        yield f"load_checkpoint({name})", lambda name=name: net.sim.load_checkpoint(
            folder / f"{name}.npz")


def only(backend: str, phase: str, net: SimpleNamespace, folder: Path) -> Iterator[Call]:
    """Calls that only this backend refuses, or that are only refused at this time."""
    sim, cells, readout = net.sim, net.cells, net.readout
    everyone, synapse = sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1, optimizer=None)
    if backend == "nest":
        yield "initial values", lambda: cells.initialize(a=0.0, v=0.3)
        yield "one initial value", lambda: cells[0].set_initial_value("v", 0.3)
        yield "cells with initial values", lambda: sim.Population(
            2, sim.EPropLIF(), initial_values={"v": 0.3})
        yield "no learning", lambda: sim.set_learning(False)
        yield "reset", lambda: sim.reset()
        yield "setup continuous", lambda: sim.setup(
            timestep=1.0, update_interval=20.0, boundary="continuous")
        yield "setup of quirks", lambda: sim.setup(timestep=1.0, quirks="some")
        yield "gradient", lambda: net.plastic.get(["weight", "gradient"], "list")
        if phase != "before":
            yield "late parameters", lambda: cells.set(v_thresh=0.7)
            yield "late weights", lambda: net.plastic.set(weight=0.3)
            yield "late delays", lambda: net.plastic.set(delay=1.0)
            yield "late recording", lambda: cells.record("h")
            yield "late assembly", lambda: both(net).set(v_thresh=0.7)
    if backend in ("nest", "brian2"):
        yield "no checkpoint", lambda: sim.save_checkpoint(folder / "c.npz")
    if backend in ("nest", "spinnaker"):
        yield "current", lambda: cells.inject(3)
        if phase != "before":
            yield "late population", lambda: sim.Population(2, sim.EPropLIF())
            yield "late projection", lambda: sim.Projection(net.source, cells, everyone, synapse)
            yield "late feedback", lambda: net.back.set(weight=0.1)
    if backend in (*IN_PROCESS, "brian2", "spinnaker") and phase != "before":
        yield "late delays", lambda: net.plastic.set(weight=0.3, delay=2.0)
    if backend in IN_PROCESS:
        source = sim.DCSource(amplitude=0.0)
        for value in (*NO_NUMBERS, [1.0, 2.0]):
            yield f"amplitude={value!r}", lambda value=value: source.set_parameters(
                start=3.0, amplitude=value)
        yield "a current into sources", lambda: source.inject_into([cells[0], net.source[0]])
        yield "a current into readouts", lambda: both_and(net, readout).inject(source)
    if backend in ("fixed", "spinnaker") and phase == "between":
        yield "weights beyond the format", lambda: net.plastic.set(weight=1e6)
        yield "thresholds beyond the format", lambda: cells.set(tau_m=21.0, v_thresh=1e6)
        yield "targets beyond the format", lambda: readout.set(
            target=np.full((2, STEPS * UPDATES), 1e9))
    if backend == "spinnaker" and phase == "between":
        yield "a target of another kind", lambda: readout.set(target=np.zeros((2, STEPS)))
        yield "cells that differ", lambda: cells.set(v_thresh=[0.5, 0.6, 0.7], tau_m=[9., 8., 7.])
    if phase == "within":
        yield "within: population", lambda: sim.Population(2, sim.EPropLIF())
        yield "within: projection", lambda: sim.Projection(net.source, cells, everyone, synapse)
        yield "within: feedback", lambda: net.back.set(weight=0.1)
        if backend in ("host", "fixed"):
            yield "within: time constants", lambda: cells.set(v_thresh=0.7, tau_m=9.0)
            yield "within: of an assembly", lambda: both(net).set(tau_m=9.0)


def both_and(net: SimpleNamespace, third: Any) -> Any:
    """Cells that take a current and some that do not."""
    class Injected:
        def inject(self, source: Any) -> None:
            source.inject_into(net.sim.Assembly(net.cells, third))
    return Injected()


# --- trying them ---


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Keys whose values differ."""
    return [key for key in {**before, **after} if before.get(key) != after.get(key)]


def try_all(net: SimpleNamespace, calls: Iterator[Call], weights: bool) -> list[str]:
    """Make the calls; what was not refused by an error of ours, or has changed something."""
    wrong = []
    before = state(net, weights)
    for name, call in list(calls):
        try:
            call()
            wrong.append(f"{name}: was not refused")
        except EPropError:
            pass
        except BaseException as error:
            wrong.append(f"{name}: {type(error).__module__}.{type(error).__name__}: {error}")
        after = state(net, weights)
        changed = differences(before, after)
        if changed:
            wrong.append(f"{name}: changed {changed}")
            before = after
    return wrong


def run(sim: Any, backend: str, refuse: bool) -> tuple[dict[str, Any], list[str], int]:
    """Three runs of a network, with all refusals before and between them or none.

    Returns results, what went wrong and how many calls were made.
    """
    setup = {"fixed": {"precision": "fixed"}, "host": {"precision": "float64"},
             "jax": {"precision": "float64"},
             "reference": {"machine": "reference"}}.get(backend, {})
    wrong: list[str] = []
    count = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        net = build(sim, **setup)
        make_files(net, folder)
        damaged: list[Call] = []
        for phase, length in (("before", STEPS), ("between", STEPS + 7), ("within", STEPS - 7)):
            if refuse:
                if phase == "before" and backend in (*IN_PROCESS, "spinnaker"):
                    damaged = list(make_checkpoints(net, folder))
                calls = [*of_cells(net), *of_synapses(net), *of_makers(net),
                         *of_runs(net, folder), *damaged, *only(backend, phase, net, folder)]
                wrong += [f"{phase}: {each}" for each in try_all(
                    net, iter(calls), weights=phase == "before" or backend != "nest")]
                count += len(calls)
            sim.run(float(length))
        return results(net), wrong, count
