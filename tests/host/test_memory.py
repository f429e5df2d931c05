"""Networks of the past do not stay in memory."""

import gc
import weakref

import pytest

import pynn_eprop.host as sim
from pynn_eprop.errors import NetworkError


def build():
    sim.setup(timestep=1.0)
    return sim.Population(3, sim.EPropLIF())


def test_a_network_is_freed_when_the_next_is_set_up():
    population = build()
    gone = weakref.ref(population)
    del population
    build()
    gc.collect()
    assert gone() is None


def test_a_cell_knows_its_population_and_says_when_that_is_gone():
    population = build()
    cell = population[1]
    assert cell.parent is population and cell.tau_m == 20.0
    del population
    assert cell.parent.size == 3, "the network of the current set-up is kept"
    build()
    gc.collect()
    with pytest.raises(NetworkError, match=r"the population of cell .* is gone"):
        _ = cell.parent
