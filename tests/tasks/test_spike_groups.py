"""Bernoulli spikes by geometric gaps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.tasks.spike_groups import (
    bernoulli_positions,
    geometric_gaps,
    grouped_bernoulli_spikes,
)


@given(n=st.integers(0, 2000), p=st.floats(0.001, 1.0), seed=st.integers(0, 2**31))
def test_positions_are_sorted_distinct_and_in_range(n, p, seed):
    positions = bernoulli_positions(n, p, np.random.default_rng(seed))
    assert np.all(np.diff(positions) >= 1)
    assert positions.size == 0 or (positions[0] >= 0 and positions[-1] < n)


def test_probability_one_takes_every_position():
    assert bernoulli_positions(50, 1.0, np.random.default_rng(0)).tolist() == list(range(50))


def test_neighbouring_positions_are_independent():
    # for Bernoulli(p): a taken position is followed by a taken one with probability p
    p, n = 0.3, 400_000
    taken = np.zeros(n, dtype=bool)
    taken[bernoulli_positions(n, p, np.random.default_rng(3))] = True
    assert taken.mean() == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / n))
    pairs = np.mean(taken[1:] & taken[:-1])
    # standard error of the pair frequency, neighbouring pairs included, is below 2 p / sqrt(n)
    assert pairs == pytest.approx(p * p, abs=5 * 2 * p / np.sqrt(n))


@given(blocks=st.lists(st.integers(0, 50), unique=True, max_size=6).map(sorted),
       n_cells=st.integers(1, 5), block_steps=st.integers(1, 20))
def test_with_probability_one_every_active_step_has_a_spike(blocks, n_cells, block_steps):
    spikes = grouped_bernoulli_spikes(np.array(blocks, dtype=int), n_cells, block_steps, 1.0, 0.5,
                                      np.random.default_rng(0))
    expected = [0.5 * (block * block_steps + step) for block in blocks
                for step in range(block_steps)]
    assert [times.tolist() for times in spikes] == [expected] * n_cells


@pytest.mark.parametrize("p", [1e-4, 0.05, 0.3333, 1.0 / 3.0, 0.34, 1.0])
def test_gaps_are_those_that_numpy_draws(p):
    drawn = geometric_gaps(1000, p, np.random.default_rng(5))
    np.testing.assert_array_equal(drawn, np.random.default_rng(5).geometric(p, 1000))
