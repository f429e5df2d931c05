"""Networks in which something is empty, as scripts for any backend; each gives plain values."""

import importlib
import tempfile
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop import SGD
from pynn_eprop.errors import EPropError
from tests.arithmetic import arithmetic

T = 20.0
BACKENDS = ("float64", "float32", "fixed", "reference", "jax", "nest", "brian2",
            "spinnaker")
ON_HOST = BACKENDS[:4]

Script = Callable[["Backend"], Any]


class Backend:
    """A backend, or a number system of the host's, with the network that most scripts change.

    sim: the module. source (3 cells), cells (4), readout (2): made by :meth:`build`.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.sim: Any = importlib.import_module(
            f"pynn_eprop.{'host' if name in ON_HOST else name}")

    def setup(self, **keywords: Any) -> None:
        own: dict[str, Any] = arithmetic(self.name) if self.name in ON_HOST else {}
        if self.name == "spinnaker":
            own = {"quiet": True}
        self.sim.setup(**{"timestep": 1.0, "update_interval": T, **keywords}, **own)

    def build(self, spikes: Any = (2.0, 5.0, 9.0), target: float = 0.5, **keywords: Any) -> None:
        """Three populations, not yet connected."""
        self.setup(**keywords)
        sim = self.sim
        self.source = sim.Population(3, sim.SpikeSourceArray(spike_times=spikes), label="source")
        self.cells = sim.Population(4, sim.EPropLIF(v_thresh=0.5), label="cells")
        self.readout = sim.Population(2, sim.EPropReadout(
            loss="mse", target=np.full((2, int(T)), target)), label="readout")

    def connect(self, label: str, connector: Any = None, plastic: bool = True, **signal: Any
                ) -> Any:
        """One of the projections "in", "recurrent", "out" and "back"."""
        sim = self.sim
        pre, post = {"in": (self.source, self.cells), "recurrent": (self.cells, self.cells),
                     "out": (self.cells, self.readout), "back": (self.readout, self.cells)}[label]
        connector = connector or sim.AllToAllConnector()
        if label == "back":
            return sim.Projection(pre, post, connector,
                                  sim.LearningSignal(**(signal or {"weight": 0.3})),
                                  receptor_type="learning_signal", label=label)
        weight = {"in": 0.25, "recurrent": 0.125, "out": 0.25}[label]
        return sim.Projection(pre, post, connector, sim.EPropSynapse(
            weight=weight, optimizer=SGD(lr=0.01) if plastic else None), label=label)

    def results(self, *projections: Any) -> list[Any]:
        """Losses, spike trains, weights and the number of updates, after :meth:`record`."""
        signal, = self.readout.get_data("loss").segments[-1].analogsignals
        trains = self.cells.get_data("spikes").segments[-1].spiketrains
        return [signal.magnitude.ravel().tolist(), [train.magnitude.tolist() for train in trains],
                [weights(each) for each in projections], self.sim.num_updates()]

    def record(self) -> None:
        self.cells.record("spikes")
        self.readout.record("loss")


def weights(projection: Any) -> list[float]:
    return list(projection.get("weight", "list", with_address=False))


def attempt(action: Callable[[], Any]) -> Any:
    """The result of a call, or the name of the error of ours that it raises."""
    try:
        return action()
    except EPropError as error:
        return type(error).__name__


def shapes(group: Any, variables: Any = "all") -> list[Any]:
    """For each segment the number of spike trains, and names and shapes of signals."""
    return [[len(segment.spiketrains),
             {signal.name: signal.shape for signal in segment.analogsignals}]
            for segment in group.get_data(variables).segments]


# --- projections ---

def nothing(sim: Any, shape: tuple[int, int]) -> list[Any]:
    """Connectors that connect nothing."""
    return [sim.FixedProbabilityConnector(0.0), sim.FromListConnector([]),
            sim.FromListConnector(np.zeros((0, 4))),
            sim.ArrayConnector(np.zeros(shape, dtype=bool)), sim.FixedNumberPreConnector(0),
            sim.FixedNumberPostConnector(0), sim.FixedTotalNumberConnector(0),
            sim.DistanceDependentProbabilityConnector("0*d")]


def empty_projections_change_nothing(on: Backend) -> list[bool]:
    """A network that learns, beside all sorts of empty projections and without them."""
    found = []
    for beside in (False, True):
        on.build()
        kept = [on.connect("in"), on.connect("out"), on.connect("back")]
        if beside:
            empty = [on.connect(label, connector, plastic)
                     for label, shape in (("in", (3, 4)), ("recurrent", (4, 4)), ("out", (4, 2)))
                     for connector in nothing(on.sim, shape) for plastic in (True, False)]
            if on.name != "spinnaker":      # which takes one signal from a readout to a cell
                empty.append(on.connect("back", on.sim.FixedProbabilityConnector(0.0)))
            assert {len(each) for each in empty} == {each.size() for each in empty} == {0}
        on.record()
        on.sim.run(2 * T)
        found.append(on.results(*kept[:2]))
    moved = max(abs(weight - 0.25) for weight in found[0][2][1])
    return [found[0] == found[1], moved > 0.01]


def only_empty_projections(on: Backend) -> list[Any]:
    """Nothing reaches cells and readouts; the weights of all projections."""
    on.build()
    none = on.sim.FixedProbabilityConnector(0.0)
    projections = [on.connect(label, none) for label in ("in", "recurrent", "out", "back")]
    on.record()
    on.cells.record("v")
    on.sim.run(T)
    on.sim.run(T)
    found = on.results(*projections)
    signal, = on.cells.get_data("v").segments[0].analogsignals
    return [*found, signal.shape, float(np.abs(signal.magnitude).max()),
            on.sim.get_min_delay()]


def _feedback(on: Backend, **signal: Any) -> list[Any]:
    on.build()
    none = on.sim.FixedProbabilityConnector(0.0)
    projections = [on.connect("in"), on.connect("out", none)]
    on.connect("back", **signal)
    on.record()
    on.sim.run(2 * T)
    losses, trains, learned, updates = on.results(*projections)
    return [losses, sum(map(len, trains)) > 0, learned[1], updates]


def symmetric_feedback_of_an_empty_projection(on: Backend) -> list[Any]:
    return _feedback(on, symmetric=True)


def windowed_feedback_beside_an_empty_projection(on: Backend) -> list[Any]:
    return _feedback(on, window=5.0, weight=0.3)


def plastic_synapses_that_an_empty_feedback_reaches(on: Backend) -> str:
    on.build()
    on.connect("in")
    on.connect("back", on.sim.FixedProbabilityConnector(0.0))
    return str(attempt(lambda: on.sim.run(T)))


def _calls(on: Backend, projection: Any, folder: str) -> list[Any]:
    """All that a projection can be asked."""
    matrix = projection.get("weight", "array")
    counts, edges = projection.weightHistogram(nbins=2)
    projection.save("all", f"{folder}/all.txt")
    return [projection.get(["weight", "delay"], "list"), weights(projection), matrix.shape,
            bool(np.isnan(matrix).all()), counts.tolist(), edges.tolist(),
            list(projection.connections), list(projection), projection.connections[:],
            attempt(lambda: projection[0])]


def calls_on_an_empty_projection(on: Backend) -> list[Any]:
    """Before anything has run: those that read, those that set, and a clone."""
    on.build()
    empty = on.connect("in", on.sim.FixedProbabilityConnector(0.0), plastic=False)
    empty.set(weight=0.5)
    empty.set(weight=[])
    empty.set(delay=1.0)
    clone = on.connect("in", on.sim.CloneConnector(empty), plastic=False)
    with tempfile.TemporaryDirectory() as folder:
        return [*_calls(on, empty, folder), len(clone), attempt(lambda: empty.set(weight=[1.0]))]


def calls_on_an_empty_projection_after_a_run(on: Backend) -> list[Any]:
    on.build()
    empty = on.connect("in", on.sim.FixedProbabilityConnector(0.0), plastic=False)
    on.sim.run(T)
    with tempfile.TemporaryDirectory() as folder:
        return _calls(on, empty, folder)


def gradient_of_an_empty_projection(on: Backend) -> list[Any]:
    on.build()
    empty = on.connect("in", on.sim.FixedProbabilityConnector(0.0))
    before = empty.get("gradient", "list")
    on.sim.run(T)
    return [before, empty.get("gradient", "list")]


def weights_set_and_reset(on: Backend) -> list[Any]:
    """Setting none between runs, and both kinds of reset."""
    on.build()
    empty = on.connect("in", on.sim.FixedProbabilityConnector(0.0))
    on.sim.run(T)
    empty.set(weight=0.5)
    on.sim.run(T)
    on.sim.reset(keep_weights=True)
    on.sim.run(T)
    on.sim.reset()
    return [weights(empty), on.sim.run(T)]


def weight_files(on: Backend) -> list[Any]:
    """A file with an empty entry is read back, and refused by a network that has synapses there."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.npz"
        for connector in (on.sim.FixedProbabilityConnector(0.0), None):
            on.build()
            on.connect("in", connector)
            if connector is not None:
                on.sim.save_weights(path)
                on.sim.load_weights(path)
        return [np.load(path)["in"].shape, attempt(lambda: on.sim.load_weights(path))]


def checkpoints(on: Backend) -> list[Any]:
    """Losses of a run that a checkpoint cut in two; cells have no synapses at all."""
    def build() -> None:
        on.build()
        on.connect("in", on.sim.FixedProbabilityConnector(0.0))
        on.connect("out", plastic=True)
        on.record()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "checkpoint.npz"
        build()
        on.sim.run(T)
        on.sim.save_checkpoint(path)
        build()
        on.sim.load_checkpoint(path)
        on.sim.run(T)
        return on.results()[:2]


# --- inputs and targets ---

def sources_without_spikes(on: Backend) -> list[Any]:
    """Spikes given for no cell, for some, in three ways, and taken back before the run."""
    on.build(spikes=[])
    on.connect("in", plastic=False)
    sim = on.sim
    some = sim.Population(3, sim.SpikeSourceArray(spike_times=[[], [3.0], []]), label="some")
    given = sim.Population(3, sim.SpikeSourceArray(spike_times=[4.0]), label="given")
    given.set(spike_times=[])
    part = sim.Population(3, sim.SpikeSourceArray(spike_times=[4.0]), label="part")
    part[0:2].set(spike_times=[])
    still = sim.Population(3, sim.SpikeSourcePoisson(rate=0.0), label="still")
    brief = sim.Population(3, sim.SpikeSourcePoisson(rate=900.0, duration=0.0), label="brief")
    sources = [on.source, some, given, part, still, brief]
    for each in sources:
        each.record("spikes")
    on.record()
    sim.run(T)
    return [[[train.magnitude.tolist() for train in each.get_data().segments[0].spiketrains]
             for each in sources], on.source.mean_spike_count(),
            list(on.cells.get_spike_counts().values()), on.cells.mean_spike_count()]


def no_targets(on: Backend) -> list[Any]:
    """NaN in all steps: no error, no loss, and nothing is learned."""
    on.build(target=np.nan)
    projections = [on.connect("in"), on.connect("out")]
    on.connect("back")
    on.record()
    on.sim.run(2 * T)
    losses, trains, learned, updates = on.results(*projections)
    return [losses, sum(map(len, trains)) > 0, [sorted(set(each)) for each in learned], updates]


def loss_of_readouts_without_one(on: Backend) -> list[Any]:
    on.setup()
    readout = on.sim.Population(2, on.sim.EPropReadout(loss=None), label="readout")
    readout.record("loss")
    on.sim.run(T)
    on.sim.run(T)
    signal, = readout.get_data().segments[0].analogsignals
    return list(signal.magnitude.ravel().tolist())


# --- runs and recordings ---

def data_of_no_run(on: Backend) -> list[Any]:
    """Before the first run, after one of no steps, and then of one interval."""
    on.build()
    on.cells.record(["spikes", "v"])
    on.readout.record([])
    on.source.record("spikes")
    groups = (on.cells, on.readout, on.source)
    found = [[shapes(each) for each in groups], on.cells.mean_spike_count(), on.sim.run(0)]
    found += [[shapes(each) for each in groups], list(on.cells.get_spike_counts().values()),
              on.sim.num_updates()]
    on.cells.get_data(clear=True)
    on.sim.run(T)
    return [*found, [shapes(each) for each in groups], shapes(on.cells, "spikes"),
            shapes(on.cells, [])]


def data_around_a_reset(on: Backend) -> list[Any]:
    """Before a run, after one of no steps, after one of an interval."""
    on.build()
    on.cells.record("v")
    on.sim.reset()
    found = [shapes(on.cells)]
    on.sim.run(0)
    on.sim.reset()
    found.append(shapes(on.cells))
    on.sim.run(T)
    on.sim.reset()
    found.append(shapes(on.cells))
    on.sim.run(0)
    return [*found, on.sim.get_current_time()]


def counts_of_what_is_not_recorded(on: Backend) -> str:
    on.build()
    on.cells.record([])
    on.sim.run(T)
    try:
        on.cells.mean_spike_count()
    except Exception as error:      # PyNN's own
        return type(error).__name__
    return "counted"


def networks_of_nothing(on: Backend) -> list[Any]:
    on.setup()
    found = [on.sim.run(T), on.sim.run(0), on.sim.num_updates()]
    with tempfile.TemporaryDirectory() as folder:
        on.sim.save_weights(f"{folder}/none.npz")
        on.sim.load_weights(f"{folder}/none.npz")
        found.append(len(np.load(f"{folder}/none.npz").files))
    on.sim.end()
    on.setup()
    sources = on.sim.Population(2, on.sim.SpikeSourceArray(spike_times=[2.0, 21.0]))
    sources.record("spikes")
    on.sim.run(2 * T)
    return [*found, sources.mean_spike_count(), on.sim.num_updates(),
            on.sim.run(T, callbacks=[])]


# --- cells that a parent backend keeps ---

def stock_cells(on: Backend) -> list[Any]:
    """Empty projections, recordings of nothing and runs of no steps; a membrane at rest."""
    on.setup()
    sim = on.sim
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[2.0]), label="source")
    cells = sim.Population(4, sim.IF_curr_exp(), label="cells")
    learning = sim.Population(4, sim.EPropLIF(), label="learning")
    rest = sim.Population(2, sim.IF_curr_exp(), label="rest")
    static = sim.StaticSynapse(weight=1.0, delay=1.0)
    for pre, kinds in ((source, (0, 1, 3, 6)), (learning, (5,))):
        for connector in (nothing(sim, (pre.size, 4))[kind] for kind in kinds):
            sim.Projection(pre, cells, connector, static)
    sim.Projection(cells, learning, sim.FixedProbabilityConnector(0.0),
                   sim.EPropSynapse(weight=1.0, optimizer=None))
    cells.record(["spikes", "v"])
    rest.record([])
    found = [shapes(cells), shapes(rest), list(cells.get_spike_counts().values()), sim.run(0)]
    sim.run(T)
    sim.run(T)
    signal, = cells.get_data("v").segments[0].analogsignals
    return [*found, shapes(rest), list(cells.get_spike_counts().values()),
            float(np.ptp(signal.magnitude))]


def calls_on_an_empty_projection_to_stock_cells(on: Backend) -> list[Any]:
    on.setup()
    sim = on.sim
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[2.0]), label="source")
    cells = sim.Population(4, sim.IF_curr_exp(), label="cells")
    empty = sim.Projection(source, cells, sim.FromListConnector([]),
                           sim.StaticSynapse(weight=1.0, delay=1.0))
    empty.set(weight=2.0)
    matrix = empty.get("weight", "array")
    counts, _ = empty.weightHistogram(nbins=2)
    return [len(empty), empty.size(), empty.get(["weight", "delay"], "list"), weights(empty),
            bool(np.isnan(matrix).all()), counts.tolist(), list(empty.connections)]


def a_current_of_no_steps(on: Backend) -> list[Any]:
    on.setup()
    cells = on.sim.Population(2, on.sim.IF_curr_exp(), label="cells")
    cells.record("v")
    cells.inject(on.sim.StepCurrentSource(times=[], amplitudes=[]))
    on.sim.run(T)
    signal, = cells.get_data().segments[0].analogsignals
    return [signal.shape, float(np.ptp(signal.magnitude))]


# --- what is refused ---

def groups_without_cells(on: Backend) -> list[str]:
    """The errors of populations, views, samples and assemblies without cells."""
    on.build()
    sim, static = on.sim, on.sim.EPropSynapse(weight=1.0, optimizer=None)
    everyone, none = sim.AllToAllConnector(), sim.Assembly()
    return [attempt(action) for action in (
        lambda: sim.Population(0, sim.EPropLIF()), lambda: sim.Population(0, sim.IF_curr_exp()),
        lambda: sim.Population((2, 0), sim.SpikeSourceArray()),
        lambda: on.cells[[]], lambda: on.cells[4:], lambda: sim.PopulationView(on.cells, []),
        lambda: on.cells.sample(0), lambda: (on.cells + on.source).sample(0),
        lambda: sim.Projection(none, on.cells, everyone, static),
        lambda: sim.Projection(on.source, none, everyone, static),
        lambda: sim.Projection(on.source, none, everyone, sim.StaticSynapse(weight=1.0)),
        none.get_data, none.get_spike_counts, none.mean_spike_count, lambda: none.sample(1),
        lambda: none.get("v_thresh"), lambda: none[0:0], lambda: none[0],
        lambda: on.cells.set(v_thresh=None), lambda: on.cells.initialize(v=[]))]


def an_assembly_that_begins_empty(on: Backend) -> list[int]:
    on.build()
    group = on.sim.Assembly()
    group.record("spikes")
    group.set(v_thresh=1.0)
    group.initialize(v=0.0)
    sizes = [group.size, len(list(group))]
    group += on.cells
    return [*sizes, group.size, (on.sim.Assembly() + on.cells).size]


SCRIPTS: tuple[Script, ...] = (
    empty_projections_change_nothing, only_empty_projections,
    symmetric_feedback_of_an_empty_projection, windowed_feedback_beside_an_empty_projection,
    plastic_synapses_that_an_empty_feedback_reaches, calls_on_an_empty_projection,
    calls_on_an_empty_projection_after_a_run, gradient_of_an_empty_projection,
    weights_set_and_reset, weight_files, checkpoints, sources_without_spikes, no_targets,
    loss_of_readouts_without_one, data_of_no_run, data_around_a_reset,
    counts_of_what_is_not_recorded, networks_of_nothing, stock_cells,
    calls_on_an_empty_projection_to_stock_cells, a_current_of_no_steps, groups_without_cells,
    an_assembly_that_begins_empty)


def _board(backend: str) -> AbstractContextManager[Any]:
    if backend != "spinnaker":
        return nullcontext()
    from pynn_eprop.emulator import Board
    return Board(chips=4, real_time=False)


def run_all(backend: str) -> dict[str, Any]:
    """The result of each script on a backend, or its error, as a string."""
    found: dict[str, Any] = {}
    with warnings.catch_warnings(), _board(backend):
        warnings.simplefilter("ignore")
        on = Backend(backend)
        for script in SCRIPTS:
            try:
                found[script.__name__] = script(on)
            except Exception as error:      # the test says which may be
                found[script.__name__] = f"{type(error).__name__}: {error}"
    return found
