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
