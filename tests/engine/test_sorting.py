"""Spikes sorted by counting, against NumPy's stable sort."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.common.expansion.sources import sort_by_step as by_comparing
from pynn_eprop.engine.sorting import sort_by_step


@given(st.lists(st.integers(0, 2 ** 53 - 200), max_size=1), st.lists(st.integers(0, 100)),
       st.integers(0, 2 ** 53 - 200))
def test_as_a_stable_sort_does(far, near, start):
    """Steps close together are counted; one far from all others leaves too many steps for that."""
    steps = np.array([start + step for step in near] + far, dtype=np.int64)
    cells = np.arange(len(steps), dtype=np.int32)
    for found, expected in zip(sort_by_step(steps, cells), by_comparing(steps, cells),
                               strict=True):
        np.testing.assert_array_equal(found, expected)
        assert found.dtype == expected.dtype


@given(st.integers(1, 8), st.integers(1, 20_000), st.integers(-9000, 9000), st.integers(0, 2 ** 32))
def test_spikes_of_one_cell_after_the_other(n_cells, span, start, seed):
    """Ascending stretches are gone through some thousand steps at a time, on both sides of 0."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 1 + span // 20, n_cells)
    steps = np.concatenate([np.sort(rng.integers(start, start + span, count)) for count in counts])
    cells = np.repeat(np.arange(n_cells, dtype=np.int32), counts)
    for found, expected in zip(sort_by_step(steps, cells), by_comparing(steps, cells),
                               strict=True):
        np.testing.assert_array_equal(found, expected)
