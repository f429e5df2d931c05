"""Weights as matrices or lists of connections, and back."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.common.script import weight_files
from pynn_eprop.errors import CheckpointError, NetworkError


def projection(pairs, shape):
    pre, post = np.array(sorted(pairs), dtype=np.int32).reshape(-1, 2).T
    return SimpleNamespace(label="p", shape=shape, synapses=SimpleNamespace(pre=pre, post=post))


def all_pairs(n_pre, n_post):
    return [(i, j) for i in range(n_pre) for j in range(n_post)]


def test_all_to_all_is_a_matrix():
    entry = weight_files.to_entry(projection(all_pairs(2, 3), (2, 3)), np.arange(6.0))
    assert entry.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_without_self_connections_it_is_a_matrix_with_zeros():
    pairs = [(i, j) for i, j in all_pairs(3, 3) if i != j]
    entry = weight_files.to_entry(projection(pairs, (3, 3)), np.arange(1.0, 7.0))
    assert entry.tolist() == [[0, 1, 2], [3, 0, 4], [5, 6, 0]]


def test_other_connections_are_a_list():
    entry = weight_files.to_entry(projection([(0, 1), (1, 0), (1, 0)], (2, 2)), np.arange(3.0))
    assert entry.dtype.names == ("pre", "post", "weight")
    assert entry.tolist() == [(0, 1, 0.0), (1, 0, 1.0), (1, 0, 2.0)]


@given(st.integers(1, 4), st.integers(1, 4), st.data())
def test_entries_give_the_weights_back(n_pre, n_post, data):
    pairs = data.draw(st.lists(st.sampled_from(all_pairs(n_pre, n_post)), max_size=16))
    connected = projection(pairs, (n_pre, n_post))
    weight = np.arange(1.0, len(pairs) + 1)
    entry = weight_files.to_entry(connected, weight)
    np.testing.assert_array_equal(weight_files.from_entry(connected, entry, "file"), weight)


def test_entries_of_other_connections_are_refused():
    whole, part = projection(all_pairs(2, 2), (2, 2)), projection([(0, 1)], (2, 2))
    with pytest.raises(CheckpointError, match=r"'p' are a matrix \(2, 2\), but the projection is"):
        weight_files.from_entry(part, weight_files.to_entry(whole, np.ones(4)), "file")
    with pytest.raises(CheckpointError, match="'p' connects other cells there"):
        weight_files.from_entry(projection([(1, 1)], (2, 2)),
                                weight_files.to_entry(part, np.ones(1)), "file")


def test_files_have_exactly_the_entries_expected(tmp_path):
    weight_files.save(tmp_path / "w.npz", {"in": np.ones(2)})
    assert weight_files.load(tmp_path / "w.npz", ["in"])["in"].tolist() == [1.0, 1.0]
    with pytest.raises(CheckpointError, match=r"has no entry 'out'.*\['in', 'out'\]"):
        weight_files.load(tmp_path / "w.npz", ["in", "out"])
    with pytest.raises(CheckpointError, match="has an unknown entry 'in'"):
        weight_files.load(tmp_path / "w.npz", [])


def test_two_projections_with_one_label_are_refused():
    with pytest.raises(NetworkError, match="several projections are labelled 'a'; give each"):
        weight_files.check_labels(["a", "b", "a"])
