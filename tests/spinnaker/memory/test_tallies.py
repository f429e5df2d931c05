"""Marks and tallies of packets, and the rows of intervals, as ``layout.TALLY`` describes them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("spynnaker", reason="the tests need sPyNNaker")

from pynn_eprop.spinnaker.memory.layout import MARK, Provenance, Tally
from pynn_eprop.spinnaker.memory.tallies import (
    MOST_BYTES,
    Rows,
    marks,
    region_bytes,
    row_bytes,
    sums,
    tally,
)

WORD = st.integers(0, 2 ** 32 - 1)


@given(st.lists(st.tuples(WORD, WORD), max_size=20))
def test_a_tally_counts_and_sums_squares_modulo_2_to_the_32(packets):
    keys, steps = np.array(packets, np.int64).reshape(-1, 2).T
    expected = sum((key + step * MARK) ** 2 for key, step in packets) % 2 ** 32
    assert tally(keys, steps).tolist() == [len(packets), expected]


@given(st.integers(0, 2 ** 28 - 128), st.integers(0, 2 ** 31 - 10_000), st.integers(0, 2 ** 32))
def test_packets_of_a_core_in_an_interval_have_marks_of_their_own(key, step, seed):
    """So that one that is lost and another that comes twice change the sum, but for 1 in 10^7."""
    rng = np.random.default_rng(seed)
    cells, steps = rng.integers(128, size=1000), rng.integers(10_000, size=1000)
    chosen = np.unique(np.stack([cells, steps]), axis=1)
    found = marks(key + chosen[0], step + chosen[1])
    assert len(found) - len(np.unique(found)) <= 3


def test_sums_of_a_provenance():
    provenance = np.zeros(len(Provenance), np.uint64)
    for number, item in enumerate(("SENT", "WEIGHTS_SENT", "SPIKES_HEARD", "OTHERS_HEARD",
                                   "SIGNALS_HEARD", "WEIGHTS_HEARD")):
        provenance[Provenance[item]], provenance[Provenance[f"{item}_SUM"]] = number, 10 + number
    assert sums(provenance).tolist() == [[number, 10 + number] for number in range(6)]


@given(st.integers(0, 4096), st.integers(1, 5000))
def test_rows_of_all_intervals_fit(n_keys, intervals):
    size = region_bytes(n_keys, intervals)
    rows = Rows.that_fit(n_keys, size, intervals)
    assert size <= max(MOST_BYTES, row_bytes(n_keys))
    assert 0 <= rows.row(intervals - 1) < rows.count
    assert rows.bytes_of(intervals) <= size
    # no more intervals to a row than necessary
    assert rows.shift == 0 or (intervals - 1) >> (rows.shift - 1) >= rows.count


def test_reading_rows():
    rows = Rows(n_keys=2, count=3, shift=1)
    words = np.arange(2 * rows.bytes_of(1) // 4, dtype="<u4")
    found = rows.read(words.tobytes())
    assert found.shape == (2, Tally.HEARD + 2, 2)
    assert found[1, Tally.HEARD].tolist() == [16, 17]
    assert [rows.row(interval) for interval in range(5)] == [0, 0, 1, 1, 2]
