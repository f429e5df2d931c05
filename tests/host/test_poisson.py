"""Poisson sources through the backend: rates, seeds, and use as input."""

import math

import numpy as np
import pytest

import pynn_eprop.host as sim
from tests.arithmetic import arithmetic
from tests.host.networks import recorded, spikes


def trains(seed=1, parts=(1000.0,), precision="float64", label="noise"):
    sim.setup(timestep=1.0, seed=seed, **arithmetic(precision))
    source = sim.Population(20, sim.SpikeSourcePoisson(rate=50.0), label=label)
    source.record("spikes")
    for part in parts:
        sim.run(part)
    return spikes(source)


def test_rates_are_as_asked():
    # 20 cells for 1 s at 50 Hz: a Poisson count of mean 1000
    count = sum(map(len, trains()))
    assert abs(count - 1000) < 5 * math.sqrt(1000)


def test_the_seed_decides_and_nothing_else():
    expected = trains()
    assert trains() == expected
    assert trains(parts=(1.0, 499.0, 500.0)) == expected
    assert trains(precision="reference") == expected
    assert trains(label="other") == expected
    assert trains(seed=2) != expected


def test_rates_start_and_duration_differ_between_cells_and_can_change():
    sim.setup(timestep=0.1)
    source = sim.Population(3, sim.SpikeSourcePoisson(
        rate=[0.0, 500.0, 500.0], start=[0.0, 100.0, 0.0], duration=[1e10, 200.0, 1e10]))
    source.record("spikes")
    sim.run(500.0)
    source.set(rate=0.0)
    sim.run(500.0)
    silent, pulse, stopped = spikes(source)
    assert silent == []
    assert 100.0 <= min(pulse) and max(pulse) < 300.0
    assert abs(len(pulse) - 100) < 5 * math.sqrt(100)
    assert max(stopped) <= 500.0
    assert abs(len(stopped) - 250) < 5 * math.sqrt(250)


@pytest.mark.parametrize("precision", ["float64", "reference"])
def test_each_recorded_spike_arrives(precision):
    sim.setup(timestep=1.0, **arithmetic(precision))
    source = sim.Population(1, sim.SpikeSourcePoisson(rate=800.0))
    readout = sim.Population(1, sim.EPropReadout(loss=None, tau_m=5.0))
    sim.Projection(source, readout, sim.AllToAllConnector(),
                   sim.EPropSynapse(weight=1.0, delay=2.0, optimizer=None))
    source.record("spikes")
    readout.record("y")
    for _ in range(5):
        sim.run(40.0)
    y = recorded(readout, "y")[:, 0]
    arrived = np.round(y[1:] - math.exp(-1 / 5.0) * y[:-1], 9)
    times = np.array(spikes(source)[0], dtype=int)
    expected = np.bincount(times[times < 200] + 1, minlength=201)[1:]
    np.testing.assert_array_equal(arrived, expected)     # delay 2 reaches a readout a step later
    assert expected.max() > 1                            # several in a step count
