"""The part of a network that goes on a chip, and whether it fits."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from pynn_eprop.errors import CapacityError, UnsupportedError
from pynn_eprop.in_the_loop.substrate import ChipNetwork, Limits, Substrate, calling
from pynn_eprop.models.cells import Population, Readouts, Sources, SpikingCells
from pynn_eprop.models.network import Boundary, Network


def as_run(network: Network, substrate: Substrate) -> Network:
    """The network with the cells that stand on the substrate for those of the script.

    Raises :class:`UnsupportedError` for parts that no substrate runs, or that this one does not.
    """
    check_parts(network, substrate.name)
    with calling(substrate, "cells_on_chip()"):
        return _with_cells_of(substrate, network)


def _with_cells_of(substrate: Substrate, network: Network) -> Network:
    return replace(network, populations=tuple(
        substrate.cells_on_chip(each) if isinstance(each, SpikingCells) else each
        for each in network.populations))


def check_parts(network: Network, name: str) -> None:
    """Raise :class:`UnsupportedError` for parts that a chip in the loop cannot have."""
    if network.settings.interval_steps is None:
        raise UnsupportedError(f"{name} runs trials: give setup() an update_interval")
    if network.settings.boundary is not Boundary.RESET:
        raise UnsupportedError(f"boundary='continuous': {name} begins each trial at rest; only "
                               "'reset' is possible")
    for population in network.populations:
        if not isinstance(population, (Sources, SpikingCells, Readouts)):
            raise UnsupportedError(f"{population.label}: {population.name} cannot be used with a "
                                   "chip in the loop; spike sources, e-prop cells that spike and "
                                   "readouts can")
        if getattr(population, "backwards", False):
            raise UnsupportedError(f"{population.label}: backwards=True: {name} runs trials "
                                   "forwards only")
        if isinstance(population, SpikingCells) and any(
                np.any(value != 0.0) for value in population.initial_state().values()):
            raise UnsupportedError(f"{population.label}: initial values other than 0: {name} "
                                   "begins each trial at rest")


def part_on_chip(network: Network, weight_scales: Mapping[int, float]) -> ChipNetwork:
    """Sources that lead to cells, cells, and the projections onto them; nothing learns.

    network: as :func:`as_run` gives it. weight_scales: by population of the whole network.
    """
    onto_cells = [index for index, projection in enumerate(network.projections)
                  if isinstance(network.populations[projection.post], SpikingCells)]
    used = {network.projections[index].pre for index in onto_cells}
    places = [index for index, population in enumerate(network.populations)
              if isinstance(population, SpikingCells) or index in used]
    place_of = {index: place for place, index in enumerate(places)}
    populations: list[Population] = []
    for index in places:
        population = network.populations[index]
        if isinstance(population, SpikingCells):
            population = replace(population, c_reg=np.zeros(population.size))
        populations.append(population)
    projections = tuple(replace(
        projection, pre=place_of[projection.pre], post=place_of[projection.post], optimizer=None)
        for projection in (network.projections[index] for index in onto_cells))
    return ChipNetwork(
        Network(network.settings, tuple(populations), projections), tuple(places),
        tuple(onto_cells), {place_of[index]: scale for index, scale in weight_scales.items()})


def check_single_synapses(network: Network, name: str) -> None:
    """Raise :class:`UnsupportedError` for two synapses of a projection between the same cells."""
    for projection in network.projections:
        pairs = np.stack([projection.pre_index, projection.post_index], axis=1)
        if len(np.unique(pairs, axis=0)) < len(pairs):
            raise UnsupportedError(f"{projection.label}: two synapses between the same two cells; "
                                   f"{name} has one of each sign")


def check_fits(chip: ChipNetwork, limits: Limits, name: str) -> None:
    """Raise :class:`CapacityError` with what is needed and what there is."""
    network = chip.network
    cells = network.of_kind(SpikingCells)
    count = sum(each.size for each in cells.values())
    if limits.cells is not None and count > limits.cells:
        raise CapacityError(f"{name} has {limits.cells} cells, the network {count}: "
                            + ", ".join(f"{each.label} {each.size}" for each in cells.values()))
    sources = sum(each.size for each in network.of_kind(Sources).values())
    if limits.sources is not None and sources > limits.sources:
        raise CapacityError(f"{name} has {limits.sources} spike sources, the network {sources}")
    if limits.fan_in is not None:
        for index, each in cells.items():
            synapses = np.zeros(each.size, int)
            for projection in network.projections:
                if projection.post == index:
                    synapses += np.bincount(projection.post_index, minlength=each.size)
            most = int(synapses.max(initial=0))
            if most * limits.rows_per_synapse > limits.fan_in:
                raise CapacityError(
                    f"{each.label}: a cell has {most} synapses, of {limits.rows_per_synapse} rows "
                    f"each as their weights may have either sign; {name} has {limits.fan_in} rows "
                    f"for a cell, enough for {limits.fan_in // limits.rows_per_synapse} synapses")
    if not limits.delays:
        for projection in network.projections:
            longest = int(np.max(projection.delay, initial=1))
            if longest > 1:
                dt = network.settings.timestep
                raise CapacityError(f"{projection.label}: a delay of {longest * dt:g} ms; {name} "
                                    f"has none, which is taken for one time step ({dt:g} ms)")
