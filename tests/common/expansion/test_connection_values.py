"""Weights and delays: every form that PyNN has, against explicit loops and PyNN's Space."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Space

from pynn_eprop.common.expansion.connection_values import distances, evaluate
from pynn_eprop.common.expansion.seeds import seeded
from pynn_eprop.errors import NetworkError

PRE = np.array([0, 0, 2, 2, 3])
POST = np.array([0, 2, 1, 2, 0])


def projection(space=None):
    positions = {"pre": np.array([[0.0, 1.0, 2.0, 3.5], [0, 0, 1, 2], [0, 0, 0, 5]]),
                 "post": np.array([[0.5, 1.5, 2.5], [1, 1, 1], [0, 2, 0]])}
    return SimpleNamespace(label="p", shape=(4, 3), space=space or Space(),
                           pre=SimpleNamespace(positions=positions["pre"]),
                           post=SimpleNamespace(positions=positions["post"]))


def values_of(value, space=None):
    return evaluate(value, "weight", projection(space), PRE, POST)


def test_a_number_is_not_copied_for_each_synapse():
    values = values_of(0.5)
    assert values.tolist() == [0.5] * 5
    assert values.strides == (0,)


def test_an_array_of_pairs_and_one_of_synapses():
    matrix = np.arange(12.0).reshape(4, 3)
    assert values_of(matrix).tolist() == [0.0, 2.0, 7.0, 8.0, 9.0]
    assert values_of(matrix.tolist()).tolist() == [0.0, 2.0, 7.0, 8.0, 9.0]
    assert values_of([5, 4, 3, 2, 1]).tolist() == [5.0, 4.0, 3.0, 2.0, 1.0]


def test_nan_counts_only_where_there_is_a_synapse():
    matrix = np.full((4, 3), np.nan)
    matrix[PRE, POST] = 1.0
    assert values_of(matrix).tolist() == [1.0] * 5
    matrix[2, 1] = np.inf
    with pytest.raises(NetworkError, match=r"p: weight=inf .* from cell 2 to cell 1"):
        values_of(matrix)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "0.0 * d + 1e400"])
def test_values_must_be_finite(value):
    with pytest.raises(NetworkError, match=r"weight=.*must be finite"):
        values_of(value)


@pytest.mark.parametrize("shape", [(3, 4), (4,), (6,), (4, 3, 1)])
def test_an_array_that_fits_nothing_is_refused(shape):
    with pytest.raises(NetworkError) as error:
        values_of(np.ones(shape))
    assert f"the array for weight has shape {shape}" in str(error.value)
    assert "(4, 3) (pre, post) or have one value for each of the 5 synapses" in str(error.value)


def test_random_distribution_is_drawn_once_per_synapse():
    expected = NumpyRNG(3).next(5, "normal", {"mu": 1.0, "sigma": 2.0})
    found = values_of(RandomDistribution("normal", mu=1.0, sigma=2.0, rng=NumpyRNG(3)))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("space", [
    Space(), Space(axes="x"), Space(axes="xy", scale_factor=2.0, offset=0.5),
    Space(periodic_boundaries=((0.0, 3.0), None, (-4.0, 4.0))),
])
def test_distances_are_those_of_pynns_space(space):
    whole = projection(space)
    matrix = space.distances(whole.pre.positions.T, whole.post.positions.T).reshape(4, 3)
    found = distances(space, whole.pre.positions, whole.post.positions, PRE, POST)
    np.testing.assert_allclose(found, matrix[PRE, POST], rtol=1e-14)
    np.testing.assert_allclose(values_of("0.2 + 0.3*d", space), 0.2 + 0.3 * matrix[PRE, POST])
    np.testing.assert_allclose(values_of(lambda d: d ** 2, space), matrix[PRE, POST] ** 2)
    assert values_of(lambda d: 1, space).tolist() == [1.0] * 5


def test_function_of_the_indices():
    class Sum(IndexBasedExpression):
        def __call__(self, i, j):
            return 10.0 * i + j

    assert values_of(Sum()).tolist() == [0.0, 2.0, 21.0, 22.0, 30.0]


def test_arithmetic_on_lazy_arrays_is_done():
    lazy = LazyArray(np.arange(12.0).reshape(4, 3)) * 2 + 1
    assert values_of(lazy).tolist() == [1.0, 5.0, 15.0, 17.0, 19.0]


@given(st.integers(0, 2 ** 32 - 1))
def test_only_what_has_no_seed_is_seeded(seed):
    free = RandomDistribution("uniform", low=0.0, high=1.0)
    chosen = RandomDistribution("uniform", low=0.0, high=1.0, rng=NumpyRNG(4))
    assert seeded(chosen, lambda: seed) is chosen
    assert seeded(0.5, lambda: seed) == 0.5
    drawn = seeded(free, lambda: seed)
    assert drawn is not free
    np.testing.assert_array_equal(drawn.next(3), NumpyRNG(seed).next(3))
    lazy = seeded(LazyArray(free, shape=(3,)), lambda: seed)
    np.testing.assert_array_equal(lazy.evaluate(), NumpyRNG(seed).next(3))
