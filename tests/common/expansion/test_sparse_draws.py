"""Draws of large projections: distinct partners, each set as likely as another, for few bytes."""

from itertools import combinations

import numpy as np
import pytest
from pyNN import connectors as pynn
from pyNN.random import NumpyRNG, RandomDistribution

from pynn_eprop.common.expansion import sparse_draws
from tests.common.expansion.test_connectivity import by_pynn, expanded


@pytest.fixture
def large(monkeypatch):
    """Every projection counts as large; blocks of draws are small."""
    monkeypatch.setattr(sparse_draws, "MANY_PAIRS", 0)
    monkeypatch.setattr(sparse_draws, "BLOCK", 50)


def counted(pairs, side, size):
    return np.bincount([pair[side] for pair in pairs], minlength=size)


@pytest.mark.parametrize("self_connections", [True, False])
@pytest.mark.parametrize(("kind", "owner"), [(pynn.FixedNumberPreConnector, 1),
                                             (pynn.FixedNumberPostConnector, 0)])
def test_each_cell_has_its_number_of_different_partners(large, kind, owner, self_connections):
    pairs = expanded(kind(17, allow_self_connections=self_connections), 40, 40, shared=0)
    assert pairs == sorted(set(pairs))
    assert counted(pairs, owner, 40).tolist() == [17] * 40
    assert any(pre == post for pre, post in pairs) is self_connections


def test_numbers_may_differ_from_cell_to_cell(large):
    n = RandomDistribution("uniform_int", low=0, high=9, rng=NumpyRNG(3))
    pairs = expanded(pynn.FixedNumberPreConnector(n), 30, 200)
    assert pairs == sorted(set(pairs))
    assert set(counted(pairs, 1, 200)) == set(range(9))


@pytest.mark.parametrize(("connector", "owner"), [
    (pynn.FixedNumberPreConnector(3), 1), (pynn.FixedNumberPostConnector(3), 0)])
def test_every_set_of_partners_is_as_likely(large, connector, owner):
    """Chi-squared of the 20 sets of three of six."""
    cells = 6000
    shape = (6, cells) if owner else (cells, 6)
    pairs = expanded(connector, *shape)
    sets = [tuple(sorted(pair[1 - owner] for pair in group))
            for group in np.array(sorted(pairs, key=lambda pair: pair[owner])).reshape(
                cells, 3, 2).tolist()]
    found = [sets.count(each) for each in combinations(range(6), 3)]
    assert sum(found) == cells
    # 19 degrees of freedom: 43.8 is exceeded once in a thousand
    assert sum((count - cells / 20) ** 2 / (cells / 20) for count in found) < 43.8


def test_fixed_probability_is_that_of_each_pair(large):
    pairs = expanded(pynn.FixedProbabilityConnector(0.2), 300, 400)
    assert pairs == sorted(set(pairs))
    matrix = np.zeros((300, 400))
    matrix[tuple(np.transpose(pairs))] = 1.0
    assert abs(matrix.mean() - 0.2) < 5 * np.sqrt(0.2 * 0.8 / matrix.size)
    for axis in (0, 1):     # binomial numbers on both sides
        expected = matrix.shape[axis] * 0.2 * 0.8
        assert abs(matrix.sum(axis=axis).var() / expected - 1.0) < 5 * np.sqrt(2 / 300)


def test_small_projections_are_drawn_as_in_pynn():
    """Up to 100 million pairs, 10,000 cells with 10,000; see also test_connectivity.py."""
    assert not sparse_draws.draws_sparsely(10_000, 10_000, 1000, 10_000)
    assert sparse_draws.draws_sparsely(10_000, 10_001, 1000, 10_000)


def test_cells_with_most_of_the_partners_are_shuffled(large):
    ours, theirs = (pynn.FixedNumberPreConnector(4, rng=NumpyRNG(2)) for _ in range(2))
    assert expanded(ours, 7, 5) == by_pynn(theirs, 7, 5)
    assert not sparse_draws.draws_sparsely(7, 5, 4, 7)
    assert sparse_draws.draws_sparsely(7, 5, 3, 7)
