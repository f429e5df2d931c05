"""What tests do on any backend; NEST has a process of its own, so scripts are called by name."""

import functools
import importlib
import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from tests.backends import sequences
from tests.own_kinds import Absolute, Momentum

BACKENDS = ("host", "nest", "brian2", "spinnaker")


def call(backend: str, name: str, *arguments: Any) -> Any:
    """What a script of this module, or of ``module.name``, gives on a backend."""
    module, _, own = name.rpartition(".")
    scripts = vars(importlib.import_module(module)) if module else globals()
    sim = importlib.import_module(f"pynn_eprop.{backend}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return scripts[own](sim, *arguments)


def refusal(action: Any) -> tuple[list[str], str]:
    """The classes of the error that a call raises, and its message; ([], "") if none."""
    try:
        action()
    except Exception as error:
        return [kind.__name__ for kind in type(error).__mro__], str(error)
    return [], ""


def _group(sim: Any, kind: str) -> Any:
    """Five cells, of the package's own or the parent's, a view or an assembly of them."""
    sim.setup(timestep=1.0, update_interval=20.0)
    own = kind != "stock cells"
    celltype = sim.EPropLIF() if own else sim.IF_curr_exp()
    cells = sim.Population(5 if kind != "view" else 7, celltype, label="cells")
    if kind == "view":
        return cells[1:6]
    return sim.Assembly(cells[:2], cells[2:], label="cells") if kind == "assembly" else cells


def refused_selection(sim: Any, kind: str, selector: Any) -> tuple[list[str], str]:
    """The error of a selection among five cells."""
    group = _group(sim, kind)
    return refusal(lambda: group[selector])


def selected(sim: Any, kind: str, selector: Any) -> tuple[list[int], list[str]]:
    """Which of five cells a selection has, by their places, and what PyNN logs."""
    group = _group(sim, kind)
    messages: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("PyNN").addHandler(handler)
    try:
        given = np.array(selector) if isinstance(selector, list) else selector
        before = np.copy(given)
        view = group[given]
        assert np.array_equal(given, before)
    finally:
        logging.getLogger("PyNN").removeHandler(handler)
    all_cells = [int(cell) for cell in group.all_cells]
    return [all_cells.index(int(cell)) for cell in view.all_cells], messages


def _network(sim: Any, intervals: bool = True, timestep: float = 1.0) -> Any:
    """A source and two cells that do not learn; on NEST without intervals they are stock cells."""
    sim.setup(timestep=timestep, **({"update_interval": 20.0} if intervals else {}))
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="source")
    own = intervals or not sim.__name__.endswith("nest")
    cells = sim.Population(2, sim.EPropLIF() if own else sim.IF_curr_exp(), label="cells")
    synapse = sim.EPropSynapse(weight=0.1, optimizer=None) if own else sim.StaticSynapse()
    sim.Projection(source, cells, sim.AllToAllConnector(), synapse, label="in")
    return cells


def refused_times(sim: Any, function: str, times: list[Any], intervals: bool
                  ) -> tuple[list[tuple[list[str], str]], list[float]]:
    """The errors of runs after 4 ms, and the times after each."""
    _network(sim, intervals)
    sim.run(4.0)
    found, after = [], []
    for time in times:
        found.append(refusal(lambda time=time: getattr(sim, function)(time)))
        after.append(sim.get_current_time())
    return found, after


def refused_calls(sim: Any, calls: list[tuple[str, Any]], intervals: bool
                  ) -> tuple[list[tuple[list[str], str]], float]:
    """The errors of several functions that run, after 4 ms, and the time then."""
    _network(sim, intervals)
    sim.run(4.0)
    found = [refusal(lambda name=name, time=time: getattr(sim, name)(time)) for name, time in calls]
    return found, sim.get_current_time()


def allowed_times(sim: Any, intervals: bool) -> list[float]:
    """Times after runs that rounding has moved a little, or that are of no length."""
    _network(sim, intervals)
    return [float(time) for time in (
        sim.run(4.0), sim.run(-1e-12), sim.run_until(4.0 - 1e-12), sim.run(0), sim.run_until(4),
        sim.run_for(np.float32(2.0)))]


def single_steps(sim: Any, intervals: bool, timestep: float, count: int) -> tuple[float, float]:
    """The time after many runs of one step, and after a run_until() to a sum of steps."""
    _network(sim, intervals, timestep)
    for _ in range(count):
        sim.run(timestep)
    sums = np.cumsum(np.full(count + 3, timestep))
    return float(sim.get_current_time()), float(sim.run_until(sums[-1]))


def spikes_of_times(sim: Any, times: list[float]) -> list[float]:
    """When a source spikes that was given these times."""
    sim.setup(timestep=1.0, update_interval=20.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=times))
    cells = sim.Population(1, sim.EPropLIF())
    sim.Projection(source, cells, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=0.1, optimizer=None))
    source.record("spikes")
    sim.run(10.0)
    return source.get_data().segments[0].spiketrains[0].magnitude.tolist()


def voltages_of_currents(sim: Any, kind: str, settings: list[dict[str, Any]]) -> list[list[float]]:
    """v of a stock cell under a current, for each of several settings of the current."""
    found = []
    for parameters in settings:
        sim.setup(timestep=1.0, min_delay=1.0)
        cell = sim.Population(1, sim.IF_curr_exp(tau_refrac=2.0))
        getattr(sim, kind)(**parameters).inject_into(cell)
        cell.record("v")
        sim.run(12.0)
        found.append(cell.get_data().segments[0].analogsignals[0].magnitude[:, 0].tolist())
    return found


def refused_current(sim: Any, kind: str, parameters: dict[str, Any]) -> tuple[list[str], str]:
    """The error of a current source."""
    sim.setup(timestep=1.0)
    return refusal(lambda: getattr(sim, kind)(**parameters))


def refused_sampling(sim: Any) -> list[tuple[list[str], str]]:
    """The errors of recording a stock cell at intervals off the grid, and of none."""
    sim.setup(timestep=1.0, min_delay=1.0)
    cell = sim.Population(1, sim.IF_curr_exp(), label="cell")
    return [refusal(lambda every=every: cell.record("v", sampling_interval=every))
            for every in (1.5, 0.0)]


class Bell:
    """A callback that answers with the next of some values, and notes when it is called."""

    def __init__(self, answers: list[Any]) -> None:
        self.answers = iter(answers)
        self.times: list[float] = []

    def __call__(self, now: float) -> Any:
        self.times.append(now)
        return next(self.answers)


def calls(sim: Any, answers: list[list[Any]], length: float, intervals: bool, timestep: float = 1.0
          ) -> tuple[list[list[float]], tuple[list[str], str], float]:
    """When callbacks were called, the error if there was one, and the time at the end."""
    _network(sim, intervals, timestep)
    bells = [Bell(each) for each in answers]
    error = refusal(lambda: sim.run(length, callbacks=bells))
    return [bell.times for bell in bells], error, float(sim.get_current_time())


def refused_callback(sim: Any, kind: str) -> tuple[list[str], str]:
    """The error of a callback that asks for the present time, named in several ways."""
    def stuck(now: float, _more: int = 0) -> float:
        return now

    _network(sim)
    callback = {"function": stuck, "partial": functools.partial(stuck, _more=1),
                "lambda": lambda now: now, "object": Bell([0.0])}[kind]
    return refusal(lambda: sim.run(5.0, callbacks=[callback]))


def weights_saved_beside_stock_cells(sim: Any) -> tuple[list[str], list[float]]:
    """Entries of a file, and what one becomes in a network that had other weights."""
    def build(weight: float) -> Any:
        cells = _network(sim)
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
    _network(sim)
    return [refusal(lambda value=value: sim.set_learning(value))
            for value in (True, np.True_, 1, "off", None)]


def functions(sim: Any) -> dict[str, tuple[str, bool]]:
    """The procedural functions by the names that they are offered under, and whether documented."""
    from pynn_eprop.common import control, procedural_api
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


def acting_weights(sim: Any, learns: bool) -> tuple[list[Any], list[Any], tuple[list[str], str]]:
    """Weights and acting weights before and after an interval; the error of setting the latter."""
    sim.setup(timestep=1.0, update_interval=20.0)
    source = sim.Population(2, sim.SpikeSourceArray(spike_times=[3.0]), label="source")
    cells = sim.Population(2, sim.EPropLIF(), label="cells")
    readout = sim.Population(1, sim.EPropReadout(target=np.ones((1, 20))), label="readout")
    synapse = sim.EPropSynapse(weight=np.array([[0.3, 1e-5], [-0.2, 0.0]]),
                               optimizer="adam" if learns else None)
    forward = sim.Projection(source, cells, sim.AllToAllConnector(), synapse, label="in")
    sim.Projection(cells, readout, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1))
    sim.Projection(readout, cells, sim.AllToAllConnector(), sim.LearningSignal(weight=0.1),
                   receptor_type="learning_signal")

    def read() -> list[Any]:
        return [forward.get(name, "list", with_address=False)
                for name in ("weight", "acting_weight")]

    before = read()
    sim.run(20.0)
    return before, read(), refusal(lambda: forward.set(acting_weight=0.1))


def refused_rules(sim: Any, rules: list[Any]) -> list[tuple[list[str], str]]:
    """What plastic projections onto a cell with these rules raise; then a run without them."""
    cells = _network(sim)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="other source")
    found = [refusal(lambda rule=rule: sim.Projection(
        source, cells, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1, rule=rule),
        label="plastic")) for rule in rules]
    sim.Projection(source, cells, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=0.1, rule=None), label="static")
    return found


def refused_kinds(sim: Any) -> dict[str, tuple[list[str], str]]:
    """What parts with a loss or an optimiser of the script's own raise."""
    cells = _network(sim)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="other source")
    target = np.zeros((1, 20))
    makes = {
        "loss": lambda: sim.Population(1, sim.EPropReadout(Absolute(), target=target), label="own"),
        "bias optimizer": lambda: sim.Population(1, sim.EPropReadout(
            target=target, bias_optimizer=Momentum()), label="own"),
        "optimizer": lambda: sim.Projection(
            source, cells, sim.AllToAllConnector(),
            sim.EPropSynapse(weight=0.1, optimizer=Momentum()), label="own"),
    }
    return {name: refusal(make) for name, make in makes.items()}


def played(sim: Any, sequence: Any, expected: list[str], look: bool, setup: dict[str, Any]) -> Any:
    """What comes of a sequence of calls, see ``sequences.play``."""
    return sequences.play(sim, sequence, look, expected, **setup)


def after_end(sim: Any) -> dict[str, tuple[list[str], str]]:
    """The errors of calls after end()."""
    cells = _network(sim)
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
    cells = _network(sim)
    own = sim.Projection(cells, cells, sim.AllToAllConnector(), sim.EPropSynapse(
        weight=0.25, optimizer=None), label="own")
    sim.run(20.0)
    own.set(weight=0.5)
    sim.reset(keep_weights=True)
    kept = own.get("weight", "list", with_address=False)
    sim.reset()
    return kept, own.get("weight", "list", with_address=False)


def _places(group: Any, sample: Any) -> list[int]:
    every = [int(cell) for cell in group.all_cells]
    return [every.index(int(cell)) for cell in sample.all_cells]


def drawing_beside_stock_cells(sim: Any, seed: int, disturb: int) -> dict[str, Any]:
    """:func:`drawing` with stock cells also on the host, which keeps them itself."""
    return drawing(sim, seed, disturb, beside=True)


def drawing(sim: Any, seed: int, disturb: int, beside: bool | None = None) -> dict[str, Any]:
    """Everything that a script draws without a seed of its own, by what it is.

    ``disturb``: the state in which NumPy's own generator is left before each draw. ``beside``:
    whether there are stock cells; by default where a parent backend keeps them.
    """
    def state() -> None:
        np.random.seed(disturb)

    state()
    sim.setup(timestep=1.0, min_delay=1.0, update_interval=20.0, seed=seed)
    own = not sim.__name__.endswith(("spinnaker", "host")) if beside is None else beside
    uniform = functools.partial(sim.RandomDistribution, "uniform", low=0.1, high=0.9)
    found: dict[str, Any] = {}
    stock = sim.Population(6, sim.IF_curr_exp(), label="stock") if own else None
    source = sim.Population(6, sim.SpikeSourcePoisson(rate=200.0), label="source")
    cells = sim.Population(6, sim.EPropLIF(v_thresh=uniform()), label="cells",
                           structure=sim.space.RandomStructure(sim.space.Sphere(5.0)))
    grid = sim.Population(6, sim.EPropLIF(v_thresh=uniform()), label="grid",
                          structure=sim.space.Grid2D(aspect_ratio=1.5, fill_order="random"))
    synapse = sim.EPropSynapse(weight=uniform(), optimizer=None)
    for population in (cells, grid):
        state()
        found[f"parameters of {population.label}"] = np.ravel(population.get("v_thresh")).tolist()
        found[f"positions of {population.label}"] = population.positions.tolist()
        found[f"sample of {population.label}"] = _places(population, population.sample(3))
        population[0:3].set(v_thresh=uniform())
        population[3:6].set(v_thresh=uniform())
        found[f"parameters set of {population.label}"] = np.ravel(
            population.get("v_thresh")).tolist()
    found["second sample of cells"] = _places(cells, cells.sample(3))
    assembly = sim.Assembly(cells, grid)
    for name in ("sample of an assembly", "second sample of an assembly"):
        found[name] = _places(assembly, assembly.sample(5))
    n = functools.partial(sim.RandomDistribution, "binomial", n=5, p=0.5)
    connectors = [
        sim.FixedProbabilityConnector(0.5), sim.FixedNumberPreConnector(3),
        sim.FixedNumberPreConnector(n()), sim.FixedNumberPostConnector(n()),
        sim.FixedTotalNumberConnector(sim.RandomDistribution("binomial", n=30, p=0.5)),
        sim.DistanceDependentProbabilityConnector("0.5 * exp(-d / 9)"),
        sim.FixedProbabilityConnector(0.5)]
    for place, connector in enumerate(connectors):
        state()
        made = sim.Projection(source, cells, connector, synapse, label=f"p{place}")
        found[f"connections {place}"] = made.get("weight", "list")
        made.set(weight=uniform())
        found[f"weights set {place}"] = made.get("weight", "list", with_address=False)
    if own:
        found |= _drawing_of_parent(sim, stock, cells, uniform, state)
    source.record("spikes")
    state()
    sim.run(5.0)
    found["spikes"] = [train.magnitude.tolist()
                       for train in source.get_data().segments[0].spiketrains]
    return {name: _plain(values) for name, values in found.items()}


def _plain(values: Any) -> Any:
    """Lists and Python's numbers for what comes as tuples and NumPy's."""
    if isinstance(values, (list, tuple)):
        return [_plain(value) for value in values]
    return values.item() if isinstance(values, np.generic) else values


def _drawing_of_parent(sim: Any, stock: Any, cells: Any, uniform: Any, state: Any
                       ) -> dict[str, Any]:
    """The same of cells and synapses that PyNN's own backend keeps."""
    found: dict[str, Any] = {}
    other = sim.Population(6, sim.IF_curr_exp(tau_m=uniform()), label="other", structure=sim.space.
                           RandomStructure(sim.space.Sphere(5.0)), initial_values={"v": uniform()})
    state()
    found["stock positions"] = other.positions.tolist()
    found["stock parameters"] = other.get("tau_m").tolist()
    found["stock initial values"] = np.asarray(other.initial_values["v"].evaluate()).tolist()
    for name in ("stock parameters set", "stock parameters set again"):
        state()
        other.set(tau_m=uniform())
        found[name] = other.get("tau_m").tolist()
    found["stock sample"] = _places(other, other.sample(3))
    found["second stock sample"] = _places(other, other.sample(3))
    n = sim.RandomDistribution("uniform_int", low=1, high=5)    # PyNN's code fails for none
    for place, connector in enumerate((
            sim.FixedProbabilityConnector(0.5), sim.FixedProbabilityConnector(0.5),
            sim.FixedNumberPostConnector(n))):
        state()
        made = sim.Projection(cells, stock, connector, sim.StaticSynapse(
            weight=uniform(), delay=1.0))
        found[f"stock connections {place}"] = made.get("weight", "list")
        made.set(weight=uniform())
        found[f"stock weights set {place}"] = made.get("weight", "list", with_address=False)
    return found


def stock_noise(sim: Any, seed: int, disturb: int) -> tuple[list[list[float]], bool]:
    """v of two stock cells under noise, and whether NumPy's own generator was left alone."""
    np.random.seed(disturb)
    expected = np.random.RandomState(disturb).random()
    sim.setup(timestep=1.0, min_delay=1.0, seed=seed)
    cells = sim.Population(2, sim.IF_curr_exp(tau_refrac=2.0))
    for place in range(2):
        sim.NoisyCurrentSource(mean=0.0, stdev=1.0, start=2.0, stop=10.0, dt=2.0).inject_into(
            cells[place:place + 1])
    cells.record("v")
    sim.run(5.0)
    sim.run(5.0)
    v = cells.get_data().segments[0].analogsignals[0].magnitude
    return v.T.tolist(), bool(np.random.random() == expected)


def chosen_generators(sim: Any, seed: int) -> list[Any]:
    """What generators with a seed of the script's own give."""
    sim.setup(timestep=1.0, update_interval=20.0, seed=seed)
    source = sim.Population(6, sim.SpikeSourceArray(spike_times=[3.0]))
    cells = sim.Population(6, sim.EPropLIF(v_thresh=sim.RandomDistribution(
        "uniform", low=0.1, high=0.9, rng=sim.NumpyRNG(4))))
    made = sim.Projection(source, cells, sim.FixedProbabilityConnector(0.5, rng=sim.NumpyRNG(5)),
                          sim.EPropSynapse(optimizer=None, weight=sim.RandomDistribution(
                              "normal", mu=0.0, sigma=1.0, rng=sim.NumpyRNG(6))))
    return [np.ravel(cells.get("v_thresh")).tolist(), made.get("weight", "list")]


def _ends(sim: Any, stock: bool) -> tuple[Any, Any]:
    """Three sources and two cells, e-prop or stock ones."""
    sim.setup(timestep=1.0, min_delay=1.0, update_interval=20.0)
    sources = sim.Population(3, sim.SpikeSourceArray(spike_times=[3.0]), label="sources")
    return sources, sim.Population(2, sim.IF_curr_exp() if stock else sim.EPropLIF(), label="cells")


def weights_of_list(sim: Any, stock: bool) -> list[list[Any]]:
    """(pre, post, weight) of a list in no order, with weights beside it in several forms."""
    listed, found = [(2, 1), (0, 0), (1, 1)], []
    matrix = np.arange(6.0).reshape(3, 2)
    for given in ([0.5, 0.1, 0.3], np.array([0.5, 0.1, 0.3]), matrix):
        sources, cells = _ends(sim, stock)
        made = sim.Projection(sources, cells, sim.FromListConnector(listed),
                              sim.StaticSynapse(weight=given, delay=1.0))
        found.append(sorted(_plain(made.get("weight", "list"))))
    return found


def weights_set_in_forms(sim: Any, stock: bool) -> list[list[Any]]:
    """(pre, post, weight), and the same after each form in which they were got was set."""
    sources, cells = _ends(sim, stock)
    made = sim.Projection(sources, cells, sim.FromListConnector([(2, 1), (0, 0), (1, 1), (0, 1)]),
                          sim.StaticSynapse(weight=0.5, delay=1.0))
    made.set(weight=np.array([[0.5, 0.25], [np.nan, 0.75], [np.nan, 1.5]]))
    first, found = made.get("weight", "list"), []
    for form in (first, made.get("weight", "array"), made.get(["weight"], "list"),
                 made.get("weight", "list", with_address=False),
                 np.ravel(made.get("weight", "list", with_address=False))):
        made.set(weight=2.0)
        made.set(weight=form)
        found.append(_plain(made.get("weight", "list")))
    return [_plain(first), *found]


def connections_one_by_one(sim: Any, stock: bool) -> tuple[list[Any], list[Any]]:
    """(pre, post, weight) as get() lists them, and weights of the connections; two are changed."""
    sources, cells = _ends(sim, stock)
    made = sim.Projection(sources, cells, sim.FromListConnector([(2, 1), (0, 0), (1, 1), (0, 1)]),
                          sim.StaticSynapse(weight=0.5, delay=1.0))
    list(made.connections)[2].weight = 0.25
    made[3].weight = 0.75
    single = [float(np.ravel(each.weight)[0]) for each in made.connections]
    return _plain(made.get("weight", "list")), single


def refused_values(sim: Any, stock: bool, values: list[Any]) -> list[tuple[list[str], str]]:
    """The errors of weights that fit nothing, given to a synapse type and to set()."""
    sources, cells = _ends(sim, stock)
    made = sim.Projection(sources, cells, sim.AllToAllConnector(),
                          sim.StaticSynapse(weight=0.5, delay=1.0), label="in")
    return [refusal(action) for value in values for action in (
        lambda value=value: sim.Projection(
            sources, cells, sim.AllToAllConnector(),
            sim.StaticSynapse(weight=value, delay=1.0), label="in"),
        lambda value=value: made.set(weight=value))]


def weights_of_connectors(sim: Any) -> list[list[Any]]:
    """Weights and delays onto e-prop cells by connectors that run PyNN's own code."""
    sources, cells = _ends(sim, stock=False)
    return [_plain(sim.Projection(
        sources, cells, sim.DistanceDependentProbabilityConnector("d < 9"),
        sim.StaticSynapse(weight=weight, delay=1.0)).get(["weight", "delay"], "list"))
        for weight in (0.5, "0.5 + d", np.arange(6.0).reshape(3, 2), list(range(6)))]
