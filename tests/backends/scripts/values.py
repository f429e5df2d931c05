"""Weights in the forms that PyNN offers."""

from typing import Any

import numpy as np

from tests.backends.scripts.parts import plain, refusal


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
        found.append(sorted(plain(made.get("weight", "list"))))
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
        found.append(plain(made.get("weight", "list")))
    return [plain(first), *found]


def connections_one_by_one(sim: Any, stock: bool) -> tuple[list[Any], list[Any]]:
    """(pre, post, weight) as get() lists them, and weights of the connections; two are changed."""
    sources, cells = _ends(sim, stock)
    made = sim.Projection(sources, cells, sim.FromListConnector([(2, 1), (0, 0), (1, 1), (0, 1)]),
                          sim.StaticSynapse(weight=0.5, delay=1.0))
    list(made.connections)[2].weight = 0.25
    made[3].weight = 0.75
    single = [float(np.ravel(each.weight)[0]) for each in made.connections]
    return plain(made.get("weight", "list")), single


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
    return [plain(sim.Projection(
        sources, cells, sim.DistanceDependentProbabilityConnector("d < 9"),
        sim.StaticSynapse(weight=weight, delay=1.0)).get(["weight", "delay"], "list"))
        for weight in (0.5, "0.5 + d", np.arange(6.0).reshape(3, 2), list(range(6)))]
