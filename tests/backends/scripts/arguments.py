"""Calls with arguments of a wrong kind, for any backend."""

from collections.abc import Callable
from typing import Any

import numpy as np
from pyNN.space import Line

from tests.backends.scripts.parts import refusal

Call = Callable[[], Any]


def _projections(sim: Any, pre: Any, post: Any, synapse: Any) -> dict[str, Call]:
    everyone = sim.AllToAllConnector()

    def project(pre: Any = pre, post: Any = post, connector: Any = everyone,
                synapse_type: Any = synapse, **others: Any) -> Any:
        return sim.Projection(pre, post, connector, synapse_type, label="p", **others)

    return {
        "both cells": lambda: project(pre[0], post[1]),
        "pre: a cell": lambda: project(pre=pre[0]),
        "post: a cell": lambda: project(post=post[0]),
        "post: nothing": lambda: project(post=None),
        "pre: a list": lambda: project(pre=[pre, post]),
        "post: a name": lambda: project(post="cells"),
        "post: a class": lambda: project(post=sim.Assembly),
        "connector: nothing": lambda: project(connector=None),
        "connector: a class": lambda: project(connector=type(everyone)),
        "connector: a synapse": lambda: project(connector=synapse),
        "synapse: a class": lambda: project(synapse_type=type(synapse)),
        "synapse: a number": lambda: project(synapse_type=0.5),
        "space: a name": lambda: project(space="3D"),
        "attributes: a number": lambda: project().get(3, "list"),
    }


def _populations(sim: Any, celltype: Any) -> dict[str, Call]:
    def populate(size: Any = 2, cellclass: Any = celltype, **others: Any) -> Any:
        return sim.Population(size, cellclass, label="new", **others)

    return {
        **{f"size: {size!r}": lambda size=size: populate(size)
           for size in (1.5, "3", None, [2], (), (1, 1, 1, 1), (1.5,), True)},
        "cell type: nothing": lambda: populate(cellclass=None),
        "cell type: a name": lambda: populate(cellclass="EPropLIF"),
        "cell type: a synapse": lambda: populate(cellclass=sim.StaticSynapse(weight=0.1)),
        "parameters twice": lambda: populate(cellparams={"tau_m": 3.0}),
        "parameters: a list": lambda: populate(cellclass=type(celltype), cellparams=[3.0]),
        "structure: a name": lambda: populate(structure="grid"),
        "structure and shape": lambda: populate(size=(2, 2), structure=Line()),
        "initial values: a list": lambda: populate(initial_values=[1.0]),
    }


def _groups(sim: Any, cells: Any, source: Any) -> dict[str, Call]:
    calls: dict[str, Call] = {
        "view of an assembly": lambda: sim.PopulationView(cells + source, [0]),
        "view of nothing": lambda: sim.PopulationView(None, [0]),
        "assembly: a name": lambda: sim.Assembly("cells"),
        "assembly: a list": lambda: sim.Assembly([cells, source]),
        "assembly: a cell": lambda: sim.Assembly(cells[0]),
        "assembly: its label": lambda: sim.Assembly(cells, label=3),
        "assembly: a keyword": lambda: sim.Assembly(cells, name="all"),
    }
    for name, group in (("cells", cells), ("view", cells[0:2]), ("assembly", cells + source)):
        calls |= {
            f"{name} and a number": lambda group=group: group + 3,
            f"{name}: item None": lambda group=group: group[None],
            f"{name}: item 1.5": lambda group=group: group[1.5],
            f"{name}: item 'first'": lambda group=group: group["first"],
            f"{name}: sample": lambda group=group: group.sample(1.5),
            f"{name}: get": lambda group=group: group.get(3),
            f"{name}: get_data": lambda group=group: group.get_data(3),
            f"{name}: inject nothing": lambda group=group: group.inject(None),
            f"{name}: inject a number": lambda group=group: group.inject(0.3),
            f"{name}: inject a class": lambda group=group: group.inject(sim.DCSource),
            f"{name}: record a number": lambda group=group: group.record(3),
            f"{name}: record numbers": lambda group=group: group.record(["v", 3]),
        }
    return calls | {f"interval: {value!r}": lambda value=value: cells.record(
        "v", sampling_interval=value) for value in ("1", [1.0], True)}


def _network(sim: Any, own: bool) -> tuple[Any, Any, Any, Any]:
    sim.setup(timestep=1.0, update_interval=20.0)
    source = sim.Population(3, sim.SpikeSourceArray(spike_times=[3.0]), label="source")
    celltype = sim.EPropLIF() if own else sim.IF_curr_exp()
    synapse = sim.EPropSynapse(weight=0.1, optimizer=None) if own \
        else sim.StaticSynapse(weight=0.1, delay=1.0)
    return source, sim.Population(3, celltype, label="cells"), celltype, synapse


def refused_kinds(sim: Any, own: bool) -> dict[str, tuple[list[str], str]]:
    """The errors of all calls; ``own``: onto cells that learn, else onto stock cells."""
    source, cells, celltype, synapse = _network(sim, own)
    calls = {**_projections(sim, source, cells, synapse), **_populations(sim, celltype),
             **_groups(sim, cells, source)}
    return {name: refusal(call) for name, call in calls.items()}


def other_refusals(sim: Any, own: bool) -> dict[str, tuple[list[str], str]]:
    """The errors of arguments of the right kind that name what is not there."""
    source, cells, _, _ = _network(sim, own)
    both = cells + source
    calls: dict[str, Call] = {
        "cell 99": lambda: cells[99], "cell -9": lambda: cells[-9],
        "of a view": lambda: cells[:2][5], "of an assembly": lambda: both[99],
        "state variable": lambda: cells.initialize(x=1.0),
        "no initial value": lambda: cells.initialize(v=None),
        "initial values": lambda: cells.initialize(v=[0.0, 0.0]),
        "current into a source": lambda: source.inject(sim.DCSource(amplitude=0.1)),
        **{f"interval: {value:g}": lambda value=value: cells.record("v", sampling_interval=value)
           for value in (0.0, -1.0, np.nan, np.inf, 0.3)},
        "recordable": lambda: cells.record("x"), "recordables": lambda: cells.record(["v", "x"]),
    }
    return {name: refusal(call) for name, call in calls.items()}


def view_by_its_class(sim: Any) -> list[float]:
    """A view of cells that learn, made without the population's own indexing, sets parameters."""
    _, cells, _, _ = _network(sim, own=True)
    sim.PopulationView(cells, [0, 2]).set(v_thresh=2.0)
    return [float(value) for value in cells.get("v_thresh")]
