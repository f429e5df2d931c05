"""When spikes arrive, what a boundary drops, and that pieces of a run add up: as on the host."""

import numpy as np
import pytest

import pynn_eprop.brian2 as sim
import pynn_eprop.host as host

EVERY_FIFTH = [float(time) for time in range(0, 60, 5)]


def potentials(module, pieces, boundary, **keywords):
    """v and y of one cell and one readout that get spikes over every kind of way and delay."""
    module.setup(timestep=1.0, update_interval=12.0, boundary=boundary, **keywords)
    source = module.Population(1, module.SpikeSourceArray(spike_times=EVERY_FIFTH))
    cell = module.Population(1, module.EPropLIF(v_thresh=0.61, tau_refrac=0.0))
    readout = module.Population(1, module.EPropReadout(loss=None))
    for delay, weight in ((1.0, 0.3), (2.0, 0.03), (4.0, 0.003)):
        for pre, scale in ((source, 1.0), (cell, 0.1)):
            for post in (cell, readout):
                module.Projection(pre, post, module.AllToAllConnector(), module.EPropSynapse(
                    weight=scale * weight, delay=delay, optimizer=None))
    cell.record(["v", "spikes"])
    readout.record("y")
    for piece in pieces:
        module.run(piece)
    assert len(cell.get_data().segments[0].spiketrains[0]) > 1
    return [population.get_data(variable).segments[0].analogsignals[0].magnitude[:, 0]
            for population, variable in ((cell, "v"), (readout, "y"))]


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("pieces", [(60.0,), (11.0, 1.0, 1.0, 1.0, 9.0, 1.0, 36.0)],
                         ids=["at once", "step by step for a while"])
def test_arrivals(boundary, pieces):
    expected = potentials(host, (60.0,), boundary, precision="float64")
    for found, known in zip(potentials(sim, pieces, boundary), expected, strict=True):
        assert np.abs(found - known).max() < 1e-14


def test_a_spike_arrives_after_its_delay():
    # v^t = alpha v^{t-1} + W z^{t-d} (eq. 20); a readout has z^{t-d+1} (eq. 41)
    sim.setup(timestep=1.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0]))
    cell = sim.Population(1, sim.EPropLIF(tau_m=20.0))
    readout = sim.Population(1, sim.EPropReadout(tau_m=10.0, loss=None))
    for post in (cell, readout):
        sim.Projection(source, post, sim.OneToOneConnector(),
                       sim.EPropSynapse(weight=0.25, delay=2.0, optimizer=None))
    cell.record("v")
    readout.record("y")
    sim.run(8.0)
    v = cell.get_data().segments[0].analogsignals[0].magnitude[:, 0]
    y = readout.get_data().segments[0].analogsignals[0].magnitude[:, 0]
    assert np.allclose(v, [0, 0, 0, 0, 0, *(0.25 * np.exp(-np.arange(4) / 20.0))], atol=1e-16)
    assert np.allclose(y, [0, 0, 0, 0, *(0.25 * np.exp(-np.arange(5) / 10.0))], atol=1e-16)


def test_several_spikes_of_a_step_count_each():
    sim.setup(timestep=1.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[3.0, 3.2, 5.0]))
    cell = sim.Population(1, sim.EPropLIF(v_thresh=10.0, tau_m=1e12))
    sim.Projection(source, cell, sim.OneToOneConnector(),
                   sim.EPropSynapse(weight=0.25, optimizer=None))
    cell.record("v")
    sim.run(8.0)
    v = cell.get_data().segments[0].analogsignals[0].magnitude[:, 0]
    assert np.allclose(v, [0, 0, 0, 0, 0.5, 0.5, 0.75, 0.75, 0.75], atol=1e-12)


def test_injected_current_adds_to_v():
    # a source that starts at t changes what is recorded from t + dt on, unscaled
    sim.setup(timestep=1.0)
    cell = sim.Population(2, sim.EPropLIF(v_thresh=10.0, tau_m=1e12))
    cell[1:].inject(sim.DCSource(amplitude=0.5, start=2.0, stop=4.0))
    cell.record("v")
    sim.run(6.0)
    v = cell.get_data().segments[0].analogsignals[0].magnitude
    assert np.allclose(v[:, 0], 0.0)
    assert np.allclose(v[:, 1], [0, 0, 0, 0.5, 1.0, 1.0, 1.0], atol=1e-12)


def test_stock_cells_between_those_that_learn():
    sim.setup(timestep=1.0, update_interval=50.0)
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[5.0]))
    first = sim.Population(1, sim.EPropLIF(v_thresh=0.5))
    stock = sim.Population(1, sim.IF_curr_exp(tau_m=10.0, cm=1.0, tau_syn_E=1.0))
    last = sim.Population(1, sim.EPropLIF(v_thresh=0.5))
    sim.Projection(source, first, sim.OneToOneConnector(),
                   sim.EPropSynapse(weight=0.6, optimizer=None))
    sim.Projection(first, stock, sim.AllToAllConnector(), sim.StaticSynapse(weight=60.0, delay=1.0))
    sim.Projection(stock, last, sim.OneToOneConnector(),
                   sim.EPropSynapse(weight=0.25, delay=2.0, optimizer=None))
    for population in (first, stock, last):
        population.record(["spikes", "v"])
    sim.run(40.0)
    segments = [each.get_data().segments[0] for each in (first, stock, last)]
    assert segments[0].spiketrains[0].magnitude.tolist() == [6.0]
    # as one of a source at 6 ms would, it makes pyNN.brian2's cell spike in the step from 8 to 9 ms
    assert segments[1].spiketrains[0].magnitude[0] == 8.0
    v = segments[2].analogsignals[0].magnitude[:, 0]
    assert np.flatnonzero(v)[0] == 9 + 2 and v[11] == 0.25
