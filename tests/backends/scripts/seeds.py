"""Random numbers that are drawn without a seed of their own, and with one."""

import functools
from typing import Any

import numpy as np

from tests.backends.scripts.parts import plain


def _places(group: Any, sample: Any) -> list[int]:
    every = [int(cell) for cell in group.all_cells]
    return [every.index(int(cell)) for cell in sample.all_cells]


def drawing_beside_stock_cells(sim: Any, seed: int, disturb: int) -> dict[str, Any]:
    """:func:`drawing` with stock cells also on the host and in JAX, which keep them themselves."""
    return drawing(sim, seed, disturb, beside=True)


def drawing(sim: Any, seed: int, disturb: int, beside: bool | None = None) -> dict[str, Any]:
    """Everything that a script draws without a seed of its own, by what it is.

    ``disturb``: the state in which NumPy's own generator is left before each draw. ``beside``:
    whether there are stock cells; by default, if a parent backend keeps them.
    """
    def state() -> None:
        np.random.seed(disturb)

    state()
    sim.setup(timestep=1.0, min_delay=1.0, update_interval=20.0, seed=seed)
    own = not sim.__name__.endswith(("spinnaker", "host", "jax")) if beside is None else beside
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
    return {name: plain(values) for name, values in found.items()}


def _drawing_of_parent(sim: Any, stock: Any, cells: Any, uniform: Any, state: Any
                       ) -> dict[str, Any]:
    """Numbers drawn for cells and synapses that PyNN's own backend keeps."""
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
    """Numbers of generators with a seed of the script's own."""
    sim.setup(timestep=1.0, update_interval=20.0, seed=seed)
    source = sim.Population(6, sim.SpikeSourceArray(spike_times=[3.0]))
    cells = sim.Population(6, sim.EPropLIF(v_thresh=sim.RandomDistribution(
        "uniform", low=0.1, high=0.9, rng=sim.NumpyRNG(4))))
    made = sim.Projection(source, cells, sim.FixedProbabilityConnector(0.5, rng=sim.NumpyRNG(5)),
                          sim.EPropSynapse(optimizer=None, weight=sim.RandomDistribution(
                              "normal", mu=0.0, sigma=1.0, rng=sim.NumpyRNG(6))))
    return [np.ravel(cells.get("v_thresh")).tolist(), made.get("weight", "list")]
