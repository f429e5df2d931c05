"""PyNN's non-learning cells against closed forms."""

import numpy as np
import pytest

import pynn_eprop.host as sim
from tests.arithmetic import arithmetic
from tests.host.networks import recorded, spikes

MACHINES = ["float64", "reference"]


@pytest.mark.parametrize("precision", MACHINES)
@pytest.mark.parametrize("celltype", ["IF_curr_exp", "IF_curr_delta"])
def test_constant_current(precision, celltype):
    # v = v_rest + R I (1 - exp(-t / tau)), exactly, for R = tau_m / cm
    sim.setup(timestep=0.1, **arithmetic(precision))
    cells = sim.Population(1, getattr(sim, celltype)(i_offset=0.2, tau_m=10.0, cm=0.5))
    cells.record("v")
    sim.run(50.0)
    t = np.arange(501) * 0.1
    np.testing.assert_allclose(recorded(cells, "v")[:, 0],
                               -65.0 + 0.2 * 10.0 / 0.5 * (1 - np.exp(-t / 10.0)), rtol=1e-13)


@pytest.mark.parametrize("precision", MACHINES)
def test_exponential_synapse(precision):
    # t after the arrival of a weight w (nA), with R = tau_m / cm:
    # v - v_rest = w R tau_s / (tau_m - tau_s) (exp(-t / tau_m) - exp(-t / tau_s))
    sim.setup(timestep=0.1, **arithmetic(precision))
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[1.0]))
    cells = sim.Population(2, sim.IF_curr_exp(tau_m=20.0, cm=1.0, tau_syn_E=5.0, tau_syn_I=3.0))
    for post, weight in ((cells[0:1], 0.5), (cells[1:2], -0.5)):
        sim.Projection(source, post, sim.AllToAllConnector(),
                       sim.StaticSynapse(weight=weight, delay=0.5))
    cells.record(["v", "isyn_exc", "isyn_inh"])
    sim.run(40.0)
    t = np.arange(401) * 0.1 - 1.5                     # since the arrival
    for cell, weight, tau in ((0, 0.5, 5.0), (1, -0.5, 3.0)):
        response = weight * 20.0 * tau / (20.0 - tau) * (np.exp(-t / 20.0) - np.exp(-t / tau))
        np.testing.assert_allclose(recorded(cells, "v")[:, cell],
                                   -65.0 + np.where(t > 0, response, 0.0), rtol=1e-12)
    for variable, cell, weight, tau in (("isyn_exc", 0, 0.5, 5.0), ("isyn_inh", 1, -0.5, 3.0)):
        np.testing.assert_allclose(recorded(cells, variable)[:, cell],
                                   np.where(t >= -1e-9, weight * np.exp(-t / tau), 0.0),
                                   rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("precision", MACHINES)
@pytest.mark.parametrize("tau_refrac", [0.0, 2.0, 5.0])
def test_firing_period(precision, tau_refrac):
    # from reset to threshold takes T = -tau ln(1 - (v_th - v_rest) / (R I)): the first step at or
    # after it spikes; then v is held for tau_refrac
    sim.setup(timestep=0.1, **arithmetic(precision))
    cells = sim.Population(1, sim.IF_curr_exp(i_offset=1.0, tau_refrac=tau_refrac))
    cells.record("spikes")
    sim.run(200.0)
    rise = np.ceil(-20.0 * np.log(1 - 15.0 / 20.0) / 0.1) * 0.1
    times = np.array(spikes(cells)[0])
    np.testing.assert_allclose(times[0], rise, rtol=1e-12)
    np.testing.assert_allclose(np.diff(times), rise + tau_refrac, rtol=1e-9)


@pytest.mark.parametrize("precision", MACHINES)
def test_delta_synapse_and_threshold(precision):
    # a weight (mV) jumps v; reaching the threshold exactly is a spike
    sim.setup(timestep=1.0, **arithmetic(precision))
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[2.0, 5.0]))
    cells = sim.Population(2, sim.IF_curr_delta(v_thresh=-50.0, v_reset=-70.0, tau_refrac=3.0))
    sim.Projection(source, cells, sim.AllToAllConnector(),
                   sim.StaticSynapse(weight=[[15.0, 14.0]], delay=1.0))
    cells.record(["v", "spikes"])
    sim.run(8.0)
    assert spikes(cells) == [[3.0], [6.0]]
    v = recorded(cells, "v")
    decay = np.exp(-1 / 20.0)
    assert v[3:7, 0].tolist() == [-70.0] * 4            # spike, then three silent steps
    np.testing.assert_allclose(v[3:6, 1], -65.0 + 14.0 * decay ** np.arange(3), rtol=1e-13)


def test_a_refractory_time_off_the_grid_is_rounded_up():
    # PyNN's default of 0.1 ms must work with a time step of 1 ms
    sim.setup(timestep=1.0, precision="float64")
    cells = sim.Population(2, sim.IF_curr_delta(i_offset=50.0, tau_refrac=[0.1, 1.0]))
    cells.record("spikes")
    sim.run(20.0)
    one, other = spikes(cells)
    assert one == other
    assert one[:3] == [1.0, 3.0, 5.0]


def test_stock_cells_see_spikes_across_the_boundary_of_an_interval():
    sim.setup(timestep=1.0, update_interval=10.0, precision="float64")
    source = sim.Population(1, sim.SpikeSourceArray(spike_times=[9.0]))
    stock = sim.Population(1, sim.IF_curr_delta())
    learning = sim.Population(1, sim.EPropLIF())
    for post, synapse in ((stock, sim.StaticSynapse(weight=1.0, delay=4.0)),
                          (learning, sim.EPropSynapse(weight=1.0, delay=4.0, optimizer=None))):
        sim.Projection(source, post, sim.AllToAllConnector(), synapse)
        post.record("v")
    sim.run(15.0)
    assert recorded(stock, "v")[13, 0] == -64.0
    assert not np.any(recorded(learning, "v"))
