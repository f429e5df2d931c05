"""Current sources in cells: closed forms, changes between runs, recorded currents."""

import numpy as np
import pytest
from pyNN.errors import NonExistentParameterError

import pynn_eprop.host as sim
from tests.host.networks import recorded


@pytest.fixture(autouse=True)
def _setup():
    sim.setup(timestep=0.1, precision="float64")


def test_a_pulse_charges_the_membrane():
    cells = sim.Population(2, sim.IF_curr_exp(v_thresh=100.0))
    cells[1].inject(sim.DCSource(amplitude=0.5, start=5.0, stop=15.0))
    cells.record("v")
    sim.run(30.0)
    t = np.arange(301) * 0.1
    charge = 10.0 * (1 - np.exp(-np.clip(t - 5.0, 0, 10.0) / 20.0)) \
        * np.exp(-np.clip(t - 15.0, 0, None) / 20.0)
    v = recorded(cells, "v")
    np.testing.assert_allclose(v[:, 1], -65.0 + charge, rtol=1e-12)
    assert set(v[:, 0]) == {-65.0}


def test_currents_go_straight_onto_v_of_learning_cells():
    cells = sim.Population(1, sim.EPropLIF(tau_m=20.0, v_thresh=100.0))
    cells.inject(sim.StepCurrentSource(times=[0.2, 0.4], amplitudes=[1.0, 0.0]))
    cells.record("v")
    sim.run(0.6)
    d = np.exp(-0.1 / 20.0)
    np.testing.assert_allclose(recorded(cells, "v")[:, 0],
                               [0, 0, 0, 1, d + 1, (d + 1) * d, (d + 1) * d * d], rtol=1e-13)


def test_sources_add_up_and_reach_all_kinds_of_groups():
    one, two = (sim.Population(2, sim.IF_curr_delta(v_thresh=100.0)) for _ in range(2))
    source = sim.DCSource(amplitude=0.1)
    source.inject_into(one + two)
    source.inject_into(one[1:2])
    source.inject_into([two[0], two[1]])
    for population in (one, two):
        population.record("v")
    sim.run(10.0)
    rise = [(recorded(population, "v")[-1] + 65.0) / (20 * 0.1 * (1 - np.exp(-0.5)))
            for population in (one, two)]
    np.testing.assert_allclose(rise, [[1, 2], [2, 2]], rtol=1e-12)


def test_parameters_can_be_read_and_changed_between_runs():
    cells = sim.Population(1, sim.IF_curr_delta(v_thresh=100.0))
    source = sim.DCSource(amplitude=0.1)
    source.inject_into(cells)
    source.record()
    sim.run(1.0)
    source.amplitude += 0.2
    assert source.amplitude == pytest.approx(0.3)
    source.set_parameters(stop=1.5)
    sim.run(1.0)
    signal = source.get_data()
    assert signal.t_start == 0.0
    np.testing.assert_allclose(signal.magnitude[:, 0], [0.1] * 10 + [0.3] * 5 + [0.0] * 6)
    with pytest.raises(NonExistentParameterError, match="amplitude"):
        source.get_parameters()
        _ = source.frequency
    with pytest.raises(AttributeError, match=r"source.amplitude = 0.5"):
        source.set(amplitude=1.0)


def test_noise_is_seeded():
    def run(seed):
        sim.setup(timestep=0.1, seed=seed, precision="float64")
        cells = sim.Population(2, sim.IF_curr_delta(v_thresh=1e6))
        for cell in cells:
            cell.inject(sim.NoisyCurrentSource(mean=0.0, stdev=1.0))
        cells.record("v")
        for _ in range(4):
            sim.run(2.5)
        return recorded(cells, "v")

    np.testing.assert_array_equal(run(1), run(1))
    assert np.any(run(1) != run(2))
    assert np.any(run(1)[:, 0] != run(1)[:, 1])


def test_currents_do_not_depend_on_how_a_run_is_split():
    def run(parts):
        sim.setup(timestep=0.1, precision="float64")
        cells = sim.Population(1, sim.EPropLIF())
        cells.inject(sim.ACSource(amplitude=0.05, frequency=50.0, start=1.0))
        cells.inject(sim.NoisyCurrentSource(mean=0.01, stdev=0.02, dt=0.3))
        cells.record("v")
        for part in parts:
            sim.run(part)
        return recorded(cells, "v")

    np.testing.assert_array_equal(run([30.0]), run([0.1, 9.9, 13.0, 7.0]))
