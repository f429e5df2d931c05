"""Potentials between samples. Expected: potentials known everywhere, and straight lines."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.in_the_loop.measured import Samples
from pynn_eprop.in_the_loop.substrate import Dynamics, held
from pynn_eprop.in_the_loop.voltages import distance_of, interpolated, slope_of, step_of
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from tests.descriptions import lif

HELD, SUBTRACTED = Dynamics(), Dynamics(holds=False)
NONE = (np.zeros(0), np.zeros(0, int))
T = 20


def cells(size=1, **parameters):
    return held(lif(size, v_thresh=1.0, **{"refractory_steps": 3, **parameters}), 0.0)


def at(times, values, spikes=NONE, dynamics=HELD, timestep=1.0, kind=None):
    """v and whether it is known at steps 1 ... T of one cell."""
    threshold = np.ones((T, 1))
    v, known = interpolated(Samples(np.asarray(times, float), np.asarray(values, float)[:, None]),
                            spikes, timestep, kind or cells(), threshold, dynamics)
    return v[:, 0], known[:, 0]


@given(st.lists(st.floats(-2.0, 0.9), min_size=T, max_size=T), st.sampled_from([0.5, 1.0]))
def test_a_sample_at_each_step_is_the_potential(values, timestep):
    v, known = at(np.arange(1, T + 1) * timestep, values, timestep=timestep)
    np.testing.assert_array_equal(v, values)
    assert np.all(known)


def test_straight_lines_from_rest_through_samples():
    v, known = at([4.0, 8.0], [0.4, 0.0])
    np.testing.assert_allclose(v[:8], [0.1, 0.2, 0.3, 0.4, 0.3, 0.2, 0.1, 0.0], atol=1e-12)
    assert known.tolist() == [True] * 16 + [False] * 4      # twice the period behind the last


def test_a_spike_between_samples():
    """Up to the threshold at the end of its step; at rest while refractory, and from there on."""
    spikes = (np.array([5.6]), np.array([0]))
    v, _ = at([4.0, 14.0], [0.5, 0.5], spikes)
    np.testing.assert_allclose(v[:14], [0.125, 0.25, 0.375, 0.5, 0.75, 1.0, 0.0, 0.0, 0.0,
                                        0.1, 0.2, 0.3, 0.4, 0.5], atol=1e-8)
    # one that subtracts the threshold begins to integrate at once
    v, _ = at([4.0, 14.0], [0.5, 0.8], spikes, SUBTRACTED)
    np.testing.assert_allclose(v[5:9], [1.0, 0.1, 0.2, 0.3], atol=1e-8)


def test_a_sample_behind_the_spike_within_its_step_is_not_what_led_to_it():
    spikes = (np.array([5.2]), np.array([0]))
    plain, _ = at([4.0, 14.0], [0.5, 0.5], spikes)
    seen, _ = at([4.0, 5.5, 14.0], [0.5, 0.02, 0.5], spikes)
    np.testing.assert_allclose(seen, plain, atol=1e-12)


def test_a_sample_of_the_crossing():
    """A simulation in steps sees v beyond the threshold, and its reset afterwards."""
    values = np.linspace(0.1, 2.0, T)
    values[10:] = 0.3
    dynamics = Dynamics(holds=True, before_reset=True)
    v, _ = at(np.arange(1, T + 1), values, (np.array([10.0]), np.array([0])), dynamics)
    np.testing.assert_array_equal(v, values)


def test_cells_without_samples_are_unknown():
    v, known = interpolated(Samples(np.array([2.0, 4.0]), np.array([[0.1, np.nan], [0.2, np.nan]])),
                            NONE, 1.0, cells(2), np.ones((T, 2)), HELD)
    assert known[:, 0].any() and not known[:, 1].any()
    assert not v[:, 1].any()


@pytest.mark.parametrize(("position", "step"), [(0.2, 1), (1.0, 1), (1.0 + 1e-9, 1), (1.1, 2)])
def test_the_step_of_a_spike(position, step):
    assert step_of(np.array([position])) == step


def test_slopes():
    """The piecewise linear one: gamma max(0, 1 - |distance| / v_th), 0 while refractory."""
    kind = cells(2, pseudo_derivative=PiecewiseLinear(0.3, 1.0))
    v = np.array([[1.0, 0.5], [0.0, 1.25]])
    distance = distance_of(kind, {"v": v, "isyn": v * 0, "held": v * 0}, 1.0)
    np.testing.assert_array_equal(distance, v - 1.0)
    refractory = np.array([[False, False], [False, True]])
    np.testing.assert_allclose(slope_of(kind, distance, refractory, 1.0), [[0.3, 0.15], [0.0, 0.0]])
