"""Learning rules that a backend has, and those that it refuses."""

from typing import Any

from tests.backends.scripts.parts import refusal, small_network


def refused_rules(sim: Any, rules: list[Any]) -> list[tuple[list[str], str]]:
    """Errors of plastic projections onto a cell with these rules; then a run without them."""
    cells = small_network(sim)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]), label="other source")
    found = [refusal(lambda rule=rule: sim.Projection(
        source, cells, sim.AllToAllConnector(), sim.EPropSynapse(weight=0.1, rule=rule),
        label="plastic")) for rule in rules]
    sim.Projection(source, cells, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=0.1, rule=None), label="static")
    return found
