"""Storage of synapses: every connectivity goes in and comes out unchanged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.engine.blocks import DENSE_SHARE, split
from pynn_eprop.models.network import Projection
from tests.descriptions import all_pairs, synapses


@st.composite
def projections(draw: st.DrawFn) -> tuple[Projection, int, int]:
    """Any list of synapses between up to 5 x 6 cells, pairs repeated and in any order."""
    n_pre, n_post = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    pairs = draw(st.lists(st.tuples(st.integers(0, n_pre - 1), st.integers(0, n_post - 1)),
                          max_size=40))
    delays = draw(st.lists(st.integers(1, 3), min_size=len(pairs), max_size=len(pairs)))
    return synapses(0, 1, pairs, np.arange(1.0, len(pairs) + 1), delays), n_pre, n_post


@given(projections())
def test_weights_come_back_in_order(case):
    projection, n_pre, n_post = case
    out = np.zeros(len(projection.weight))
    for block in split(projection, n_pre, n_post):
        block.unpack(block.pack(projection.weight), out)
    np.testing.assert_array_equal(out, projection.weight)


@given(projections())
def test_blocks_hold_the_synapses_that_were_given(case):
    """Read as the engine does, the blocks list the same (pre, post, delay, weight)."""
    projection, n_pre, n_post = case
    found = []
    for block in split(projection, n_pre, n_post):
        packed = block.pack(projection.weight)
        for pre in range(n_pre):
            row = block.column[block.row_start[pre]:block.row_start[pre + 1]]
            assert np.all(np.diff(row) >= 0)
            if block.dense:
                found += [(pre, post, block.delay, packed[pre * n_post + post])
                          for post in range(n_post) if post not in row]
            else:
                found += [(pre, post, block.delay, weight) for post, weight in
                          zip(row, packed[block.row_start[pre]:block.row_start[pre + 1]],
                              strict=True)]
    given_ = list(zip(projection.pre_index, projection.post_index, projection.delay,
                      projection.weight, strict=True))
    assert sorted(found) == sorted(given_)


def test_all_to_all_without_self_connections_is_dense_with_holes():
    block, = split(synapses(0, 0, all_pairs(4, 4, self_connections=False)), 4, 4)
    assert block.dense
    np.testing.assert_array_equal(block.row_start, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(block.column, [0, 1, 2, 3])


@pytest.mark.parametrize(("pairs", "dense"), [
    ([(0, 0), (1, 1), (2, 2), (3, 3)], True),      # 4 of 16: the share itself
    ([(0, 0), (1, 1), (2, 2)], False),
    ([(0, 0)] * 16, False),                        # pairs that repeat cannot be a matrix
])
def test_dense_from_a_quarter_of_all_pairs(pairs, dense):
    assert DENSE_SHARE == 0.25
    block, = split(synapses(0, 1, pairs), 4, 4)
    assert block.dense is dense
