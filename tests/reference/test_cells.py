"""LIF and adaptive LIF cells against closed forms of eq. 20, 21, 25 and 26."""

import math

import numpy as np
import pytest

from pynn_eprop.models.cells import Sources
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.pseudo_derivatives import (
    Arctan,
    Exponential,
    FastSigmoid,
    PiecewiseLinear,
)
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import alif, lif, network, record, spikes, synapses

ALPHA = math.exp(-1 / 20)


def run(cells, currents, *variables):
    """Recordings of one cell under a current at each step."""
    currents = np.array(currents, dtype=float).reshape(-1, 1)
    machine = ReferenceMachine(network([cells]))
    recorded = machine.run(len(currents), Inputs(currents={0: currents}),
                           [record(0, variable) for variable in variables])
    return [entry[0].tolist() if variable == "spikes" else entry[:, 0]
            for entry, variable in zip(recorded.entries, variables, strict=True)]


def test_membrane_decays_by_alpha_per_step():
    (v,) = run(lif(v_initial=0.5), np.zeros(30), "v")
    np.testing.assert_allclose(v, 0.5 * ALPHA ** np.arange(1, 31), rtol=1e-14)


def test_decay_depends_on_the_time_step():
    machine = ReferenceMachine(network([lif(v_initial=0.5)], timestep=0.25))
    machine.run(40, Inputs())
    assert machine.sample(0, "v")[0] == pytest.approx(0.5 * math.exp(-10 / 20), rel=1e-13)


def test_currents_add_to_the_membrane_unscaled():
    (v,) = run(lif(), np.full(30, 0.01), "v")
    np.testing.assert_allclose(v, 0.01 * (1 - ALPHA ** np.arange(1, 31)) / (1 - ALPHA), rtol=1e-13)


def test_a_cell_spikes_when_it_reaches_the_threshold_exactly():
    assert run(lif(v_thresh=0.5), [0.5], "spikes") == [[1]]
    assert run(lif(v_thresh=0.5), [np.nextafter(0.5, 0)], "spikes") == [[]]


def test_reset_subtracts_the_baseline_threshold_a_step_later():
    v, times = run(alif(v_thresh=0.5, beta=0.2, a_initial=1.0), [1.0, 0.0], "v", "spikes")
    assert times == [1]
    assert v[0] == 1.0
    assert v[1] == pytest.approx(ALPHA * 1.0 - 0.5, rel=1e-14)   # not by A = 0.5 + 0.2 a


@pytest.mark.parametrize("steps", [0, 1, 2, 5])
def test_a_cell_is_silent_for_its_refractory_steps_after_a_spike(steps):
    # driven far above threshold at every step it spikes as soon as it may
    (times,) = run(lif(v_thresh=0.5, refractory_steps=steps), np.full(20, 10.0), "spikes")
    assert times == list(range(1, 21, steps + 1))


def test_membrane_integrates_and_slope_is_zero_while_refractory():
    v, h = run(lif(v_thresh=0.5, refractory_steps=2), [0.5, 0.7, 0.1, 0.0], "v", "h")
    expected = [0.5]
    for current, reset in ((0.7, 0.5), (0.1, 0.0), (0.0, 0.0)):
        expected.append(ALPHA * expected[-1] + current - reset)
    np.testing.assert_allclose(v, expected, rtol=1e-14)
    assert h[0] == 0.3, "the step of the spike itself is not refractory"
    assert h[1] == h[2] == 0.0
    assert h[3] == pytest.approx(0.3 * (1 - abs(v[3] - 0.5) / 0.5), rel=1e-13)


def test_adaptation_grows_with_each_spike_and_decays_by_rho():
    rho = math.exp(-1 / 100)
    a, times = run(alif(v_thresh=0.5, beta=0.1), [0.6, 5.0, 0, 0, 0], "a", "spikes")
    assert times == [1, 2, 3, 4, 5]
    np.testing.assert_allclose(
        a, [0, 1, 1 + rho, 1 + rho + rho ** 2, 1 + rho + rho ** 2 + rho ** 3], rtol=1e-14)


def test_adaptation_raises_the_threshold_by_beta_a():
    rho = math.exp(-1 / 100)
    threshold = 0.5 + 0.3 * rho * 2.0
    for current, expected in ((threshold + 1e-12, [1]), (threshold - 1e-12, [])):
        assert run(alif(v_thresh=0.5, beta=0.3, a_initial=2.0), [current], "spikes") == [expected]


@pytest.mark.parametrize(("shape", "expected"), [
    # v = 0.35, v_th = 0.5, width 2: u = -0.15
    (PiecewiseLinear(0.4, 2.0), 0.4 * 0.85),
    (Exponential(0.4, 2.0), 0.4 * math.exp(-0.15)),
    (FastSigmoid(0.4, 2.0), 0.4 / 1.15 ** 2),
    (Arctan(0.4, 2.0), 0.4 / (1 + (math.pi * 0.15) ** 2)),
])
def test_pseudo_derivative_is_a_function_of_the_distance_to_the_threshold(shape, expected):
    (h,) = run(lif(v_thresh=0.5, pseudo_derivative=shape), [0.35], "h")
    assert h[0] == pytest.approx(expected, rel=1e-14)


def test_pseudo_derivative_is_largest_at_the_adaptive_threshold():
    cells = alif(v_thresh=0.5, beta=0.3, a_initial=2.0, tau_a=1e12)
    (h,) = run(cells, [0.5 + 0.3 * 2.0], "h")
    assert h[0] == pytest.approx(0.3, rel=1e-9)


def test_a_source_listed_twice_for_a_step_counts_twice():
    net = network([Sources("s", 1), lif()], [synapses(0, 1, [(0, 0), (0, 0)], [0.1, 0.02])])
    machine = ReferenceMachine(net)
    machine.run(2, spikes(0, (1, 0), (1, 0)))
    assert machine.sample(1, "v")[0] == pytest.approx(0.24, rel=1e-14)
