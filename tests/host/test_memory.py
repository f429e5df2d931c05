"""Networks of the past do not stay in memory."""

import gc
import os
import weakref
from pathlib import Path

import numpy as np
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


def resident() -> int:
    """Bytes of memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_targets_of_changing_length_do_not_pile_up():
    sim.setup(timestep=1.0, update_interval=1000.0)
    readout = sim.Population(20, sim.EPropReadout(target=np.zeros((20, 1000))))
    before = 0
    for number in range(30):
        readout.set(target=np.zeros((20, 20_000)))      # 1.6 MB in the engine
        sim.run(2000.0)
        readout.set(target=np.zeros((20, 1000)))
        sim.run(1000.0)
        if number == 5:
            before = resident()
    assert resident() - before < 20e6
