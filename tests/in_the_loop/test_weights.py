"""Weights as a chip holds them, by property: the expected values are the definition of rounding."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pynn_eprop.in_the_loop.substrates import Model
from pynn_eprop.in_the_loop.weights import NEAREST, STOCHASTIC, Rounding, scales_of
from tests.in_the_loop.networks import net

WEIGHTS = arrays(np.float64, st.integers(1, 30), elements=st.floats(-10.0, 10.0))


@given(WEIGHTS, st.integers(1, 127), st.floats(1e-3, 5.0))
def test_nearest(weight, levels, scale):
    rounding = Rounding(levels, {1: scale}, NEAREST)
    held = rounding.on_chip(0, 1, weight, 0)
    np.testing.assert_allclose(held / scale, np.rint(held / scale), rtol=0, atol=1e-9)
    inside = np.abs(weight) <= levels * scale
    assert np.all(np.abs(held - weight)[inside] <= 0.5 * scale * (1.0 + 1e-9))
    assert np.all(np.abs(held) <= levels * scale * (1.0 + 1e-12))
    assert np.all(held * weight >= 0.0)
    assert rounding.clipped[0] == np.count_nonzero(np.abs(np.rint(weight / scale)) > levels)


@given(WEIGHTS, st.integers(0, 1000))
def test_stochastic(weight, trial):
    """To one of the two levels beside, alike for the same trial."""
    rounding = Rounding(10_000, {1: 0.25}, STOCHASTIC, seed=3)
    held = rounding.on_chip(0, 1, weight, trial)
    assert np.all(np.abs(held - weight) < 0.25)
    np.testing.assert_array_equal(held, rounding.on_chip(0, 1, weight, trial))


def test_stochastic_rounding_keeps_the_mean():
    """0.3 of a level, 100,000 draws: standard deviation 0.0015."""
    rounding = Rounding(63, {1: 1.0}, STOCHASTIC)
    drawn = rounding.on_chip(0, 1, np.full(100_000, 5.3), 0)
    assert set(drawn) == {5.0, 6.0}
    assert drawn.mean() == pytest.approx(5.3, abs=0.008)


def test_without_levels_weights_stay():
    weight = np.array([0.123, -7.0])
    np.testing.assert_array_equal(Rounding(None, {}).on_chip(0, 1, weight, 0), weight)


def test_scales_leave_headroom():
    """One for each population, from the largest weight onto it."""
    network = net()
    largest = max(np.abs(network.projections[index].weight).max() for index in (0, 1))
    assert scales_of(network, 63, 2.0, Model()) == {1: pytest.approx(2.0 * largest / 63)}
    assert scales_of(network, None, 2.0, Model()) == {}
    for projection in network.projections:
        projection.weight[:] = 0.0
    assert scales_of(network, 63, 2.0, Model()) == {
        1: pytest.approx(2.0 * 0.61 / 63)}      # v_thresh
