"""Numbers that a script draws without a seed come from setup(seed=), on every backend."""

import itertools

import numpy as np
import pytest
from pyNN.random import NumpyRNG

from tests.backends.scripts import BACKENDS, call

SHARED = ("parameters", "positions", "sample", "second sample", "connections", "weights", "spikes")
SEED = 5    # with 3, two samples of 3 of 6 cells are equal by chance
_drawn = {}


@pytest.fixture
def drawing(on_backend, backend):
    """Everything that a script draws; the same call is made once."""
    def call_once(seed=SEED, disturb=1):
        key = backend, seed, disturb
        if key not in _drawn:
            _drawn[key] = on_backend("seeds.drawing", seed, disturb)
        return _drawn[key]
    return call_once


def test_the_same_seed_draws_the_same_and_another_seed_something_else(drawing):
    first, again, other = drawing(), drawing(disturb=2), drawing(seed=4)
    assert first == again
    assert {name for name in first if first[name] == other[name]} == set()


def test_no_two_draws_of_a_script_are_the_same(drawing):
    found = drawing()
    same = {(one, two) for one, two in itertools.combinations(sorted(found), 2)
            if found[one] == found[two]}
    assert same == set()
    # two views of a population draw apart, too
    values = found["parameters set of cells"]
    assert len(set(values)) == len(values) == 6


@pytest.mark.parametrize("backend", [name for name in BACKENDS if name != "host"])
def test_backends_draw_what_the_host_draws(drawing, backend):
    found = drawing()
    if backend in ("jax", "spinnaker"):     # here without cells of a parent beside, like the host
        assert found == call("host", "seeds.drawing", SEED, 1)
        return
    host = call("host", "seeds.drawing_beside_stock_cells", SEED, 1)
    shared = {name: value for name, value in found.items() if name.startswith(SHARED)}
    assert shared == {name: host[name] for name in shared}
    # pairs of stock projections are drawn alike; weights in the order of each backend's code
    for place in range(3):
        pairs = [sorted(row[:2] for row in each[f"stock connections {place}"])
                 for each in (found, host)]
        assert pairs[0] == pairs[1]


def test_a_generator_that_the_script_chose_means_what_it_means_in_pynn(on_backend):
    one, two = (on_backend("seeds.chosen_generators", seed) for seed in (3, 4))
    assert one == two
    values, connections = one
    np.testing.assert_array_equal(values, NumpyRNG(4).next(6, "uniform", {"low": 0.1, "high": 0.9}))
    made = NumpyRNG(5).next(36).reshape(6, 6).T < 0.5       # PyNN draws target by target
    assert [row[:2] for row in connections] == list(zip(*np.nonzero(made), strict=True))
    np.testing.assert_array_equal([row[2] for row in connections], NumpyRNG(6).next(
        int(made.sum()), "normal", {"mu": 0.0, "sigma": 1.0}))


@pytest.mark.parametrize("backend", ["host", "jax", "nest", "brian2"])
def test_noise_into_stock_cells_follows_the_seed(on_backend, backend):
    (first, alone), (again, _), (other, _) = (
        on_backend("seeds.stock_noise", seed, disturb)
        for seed, disturb in ((3, 1), (3, 2), (4, 1)))
    assert alone and first == again
    assert first[0] != other[0] and first[0] != first[1]
