"""IF_curr_delta and IF_curr_exp against the solutions of their differential equations."""

import math

import numpy as np
import pytest

from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Boundary, Inputs
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import current_based, lif, network, record, spikes, synapses

STEPS = np.arange(1, 41)


def membrane(cells, *pairs, weight=1.0, inhibitory=False, delay=1, steps=40):
    """v - v_rest of one stock cell that gets source spikes at the given steps."""
    net = network([Sources("s", 1), cells],
                  [synapses(0, 1, [(0, 0)], weight, delay, inhibitory=inhibitory)])
    inputs = spikes(0, *((step, 0) for step in pairs))
    return ReferenceMachine(net).run(steps, inputs, [record(1, "v")]).entries[0][:, 0] + 65.0


@pytest.mark.parametrize("exponential", [False, True])
def test_constant_current_charges_the_membrane(exponential):
    # R I (1 - exp(-t / tau_m)), R = tau_m / cm = 40 MOhm
    v = membrane(current_based(exponential=exponential, i_offset=0.25, cm=0.5))
    np.testing.assert_allclose(v, 40 * 0.25 * (1 - np.exp(-STEPS / 20)), rtol=1e-12)


def test_injected_current_adds_to_the_offset():
    machine = ReferenceMachine(network([current_based(i_offset=0.1, cm=0.5)], timestep=0.5))
    machine.run(40, Inputs(currents={0: np.full((40, 1), 0.15)}))
    expected = -65 + 40 * 0.25 * (1 - math.exp(-20 / 20))
    assert machine.sample(0, "v")[0] == pytest.approx(expected, rel=1e-13)


def test_membrane_returns_to_rest():
    v = membrane(current_based(v_initial=-60.0))
    np.testing.assert_allclose(v, 5 * np.exp(-STEPS / 20), rtol=1e-11)


@pytest.mark.parametrize("inhibitory", [False, True])
def test_delta_synapses_move_the_membrane_at_once(inhibitory):
    v = membrane(current_based(), 3, weight=-2.0, inhibitory=inhibitory, delay=4)
    np.testing.assert_allclose(v, np.where(STEPS < 7, 0, -2 * np.exp(-(STEPS - 7) / 20)),
                               rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("inhibitory", [False, True])
@pytest.mark.parametrize("tau_syn", [5.0, 45.0, 20.0, 20.0 * (1 + 1e-9)])
def test_exponential_synapses_move_the_membrane_by_a_difference_of_exponentials(
        tau_syn, inhibitory):
    cells = current_based(exponential=True, cm=0.5,
                  **{"tau_syn_I" if inhibitory else "tau_syn_E": tau_syn})
    v = membrane(cells, 2, weight=0.3, inhibitory=inhibitory)
    t = np.maximum(STEPS - 3, 0.0)   # the current starts at its arrival, step 3
    if abs(tau_syn - 20.0) < 1e-3:
        expected = 0.3 / 0.5 * t * np.exp(-t / 20)
    else:
        expected = (0.3 / 0.5 * tau_syn * 20 / (20 - tau_syn)
                    * (np.exp(-t / 20) - np.exp(-t / tau_syn)))
    np.testing.assert_allclose(v, expected, rtol=1e-7, atol=1e-12)


def test_synaptic_currents_decay_from_their_initial_values():
    cells = current_based(exponential=True, isyn_exc_initial=0.1, isyn_inh_initial=-0.2,
                          tau_syn_I=8.0)
    machine = ReferenceMachine(network([cells]))
    machine.run(10, Inputs())
    assert machine.sample(0, "isyn_exc")[0] == pytest.approx(0.1 * math.exp(-10 / 5), rel=1e-13)
    assert machine.sample(0, "isyn_inh")[0] == pytest.approx(-0.2 * math.exp(-10 / 8), rel=1e-13)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_cell_that_spikes_is_held_at_its_reset_and_ignores_input(steps):
    cells = current_based(v_reset=-70.0, refractory_steps=steps)
    # 20 mV reach the threshold at step 2; 1 mV more arrives at each later step
    net = network([Sources("s", 2), cells], [synapses(0, 1, [(0, 0), (1, 0)], [20.0, 1.0])])
    inputs = spikes(0, (1, 0), *((step, 1) for step in range(2, 12)))
    times, v = ReferenceMachine(net).run(12, inputs, [record(1, "spikes"),
                                                      record(1, "v")]).entries
    assert times[0].tolist() == [2]
    decay = math.exp(-1 / 20)
    np.testing.assert_array_equal(v[1:2 + steps, 0], -70.0)
    assert v[2 + steps, 0] == pytest.approx(-65 - 5 * decay + 1, rel=1e-13)


def test_synaptic_currents_go_on_while_a_cell_is_refractory():
    cells = current_based(exponential=True, refractory_steps=5, v_initial=-40.0)
    net = network([Sources("s", 1), cells], [synapses(0, 1, [(0, 0)], 0.5)])
    machine = ReferenceMachine(net)
    machine.run(4, spikes(0, (2, 0)))
    assert machine.sample(1, "isyn_exc")[0] == pytest.approx(0.5 * math.exp(-1 / 5), rel=1e-13)
    assert machine.sample(1, "v")[0] == -65.0


@pytest.mark.parametrize("boundary", list(Boundary))
def test_stock_cells_go_on_over_the_boundary_of_an_interval(boundary):
    net = network([Sources("s", 1), current_based(v_initial=-64.0)],
                  [synapses(0, 1, [(0, 0)], 2.0, 3)], interval_steps=5, boundary=boundary)
    machine = ReferenceMachine(net)
    machine.run(7, spikes(0, (4, 0)))   # arrives at step 7, in the second interval
    assert machine.sample(1, "v")[0] == pytest.approx(-65 + math.exp(-7 / 20) + 2, rel=1e-13)


@pytest.mark.parametrize("boundary", list(Boundary))
def test_spikes_of_eprop_cells_reach_stock_cells_over_the_boundary(boundary):
    net = network([lif(v_thresh=0.5), current_based()], [synapses(0, 1, [(0, 0)], 2.0, 2)],
                  interval_steps=5, boundary=boundary)
    machine = ReferenceMachine(net)
    currents = np.zeros((7, 1))
    currents[4] = 1.0                    # the cell spikes at step 5, the last of its interval
    machine.run(7, Inputs(currents={0: currents}))
    assert machine.sample(1, "v")[0] == pytest.approx(-63.0, rel=1e-13)


def test_spikes_of_stock_cells_drive_eprop_cells():
    net = network([current_based(v_initial=-40.0), lif()], [synapses(0, 1, [(0, 0)], 0.25, 2)])
    machine = ReferenceMachine(net)
    v = machine.run(3, Inputs(), [record(1, "v")]).entries[0]
    np.testing.assert_array_equal(v[:, 0], [0.0, 0.0, 0.25])   # a spike at step 1
