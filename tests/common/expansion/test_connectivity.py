"""Connectors: the same connections as PyNN's own code makes from the same generator (pyNN.mock)."""

import numpy as np
import pyNN.mock as mock
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyNN import connectors as pynn
from pyNN.random import NumpyRNG, RandomDistribution
from pyNN.space import Space
from pyNN.standardmodels.synapses import StaticSynapse

from pynn_eprop.common.expansion.connectivity import connect
from pynn_eprop.common.expansion.seeds import Draws, seeded_connector
from pynn_eprop.errors import NetworkError, UnsupportedError


class Group:
    """Cells with identifiers, standing for a population or view."""

    def __init__(self, cells):
        self.all_cells = np.asarray(cells)
        self.size = len(cells)
        self.label = "group"

    def __eq__(self, other):
        return np.array_equal(self.all_cells, other.all_cells)

    __hash__ = None


class FakeProjection:
    label = "p"
    synapse_type = StaticSynapse(weight=1.0, delay=1.0)

    def __init__(self, n_pre, n_post, shared=None):
        self.pre = Group(np.arange(n_pre))
        self.post = Group(np.arange(n_post) + (0 if shared is not None else 1000))
        if shared:
            self.post = Group(np.arange(n_post) + shared)
        self.shape = (n_pre, n_post)


def connect_only(connector, projection, seed=1):
    return connect(seeded_connector(connector, Draws(seed)), projection, projection.synapse_type)


def expanded(connector, n_pre, n_post, shared=None, seed=1):
    pairs = connect_only(connector, FakeProjection(n_pre, n_post, shared), seed)
    assert pairs.pre.dtype == pairs.post.dtype == np.int32
    return list(zip(pairs.pre.tolist(), pairs.post.tolist(), strict=True))


def by_pynn(connector, n_pre, n_post, recurrent=False):
    mock.setup()
    pre = mock.Population(n_pre, mock.IF_curr_exp())
    post = pre if recurrent else mock.Population(n_post, mock.IF_curr_exp())
    projection = mock.Projection(pre, post, connector, mock.StaticSynapse(weight=1.0, delay=1.0))
    return sorted((c.presynaptic_index, c.postsynaptic_index) for c in projection.connections)


sizes = st.integers(1, 12)


@given(sizes, sizes, st.integers(0, 1000), st.floats(0, 1))
def test_fixed_probability_draws_as_pynn_does(n_pre, n_post, seed, p):
    expected = by_pynn(pynn.FixedProbabilityConnector(p, rng=NumpyRNG(seed)), n_pre, n_post)
    assert expanded(pynn.FixedProbabilityConnector(p, rng=NumpyRNG(seed)), n_pre, n_post) \
        == expected


@given(sizes, sizes, st.integers(0, 1000), st.integers(0, 20), st.booleans())
def test_fixed_numbers_draw_as_pynn_does(n_pre, n_post, seed, n, with_replacement):
    for kind in (pynn.FixedNumberPreConnector, pynn.FixedNumberPostConnector):
        if n == 0:
            continue     # PyNN's code fails for none

        def make(kind=kind):
            return kind(n, with_replacement=with_replacement, rng=NumpyRNG(seed))

        assert expanded(make(), n_pre, n_post) == by_pynn(make(), n_pre, n_post)


@given(st.integers(2, 10), st.integers(0, 1000), st.integers(1, 12))
def test_fixed_numbers_without_self_connections_draw_as_pynn_does(size, seed, n):
    for kind in (pynn.FixedNumberPreConnector, pynn.FixedNumberPostConnector):
        def make(kind=kind):
            return kind(n, allow_self_connections=False, rng=NumpyRNG(seed))

        assert expanded(make(), size, size, shared=0) == by_pynn(make(), size, size, True)


@given(st.integers(2, 12), sizes)     # PyNN's own code fails for one presynaptic cell
def test_all_to_all_and_one_to_one(n_pre, n_post):
    assert expanded(pynn.AllToAllConnector(), n_pre, n_post) \
        == by_pynn(pynn.AllToAllConnector(), n_pre, n_post)
    assert expanded(pynn.OneToOneConnector(), n_pre, n_post) \
        == by_pynn(pynn.OneToOneConnector(), n_pre, n_post)


@given(sizes, sizes, st.integers(0, 12))
def test_no_cell_is_connected_to_itself_where_groups_overlap(n_pre, n_post, shift):
    expected = [(i, j) for i in range(n_pre) for j in range(n_post) if i != j + shift]
    found = connect_only(pynn.AllToAllConnector(allow_self_connections=False),
                    _overlapping(n_pre, n_post, shift))
    assert list(zip(found.pre.tolist(), found.post.tolist(), strict=True)) == expected
    for connector in (
        pynn.FixedProbabilityConnector(0.9, allow_self_connections=False),
        pynn.FixedNumberPreConnector(2, True, with_replacement=True),
        pynn.FixedTotalNumberConnector(5, allow_self_connections=False),
    ):
        connector.allow_self_connections = False
        if not expected:
            continue
        possible = {j for _, j in expected}
        if isinstance(connector, pynn.FixedNumberPreConnector) and len(possible) < n_post:
            continue     # one cell could only be connected to itself
        pairs = connect_only(connector, _overlapping(n_pre, n_post, shift))
        assert not np.any(pairs.pre == pairs.post + shift)


def _overlapping(n_pre, n_post, shift):
    projection = FakeProjection(n_pre, n_post)
    projection.post = Group(np.arange(n_post) + shift)
    return projection


@given(sizes, sizes, st.data())
def test_array_connector_connects_where_the_array_is_true(n_pre, n_post, data):
    array = np.array(data.draw(st.lists(st.booleans(), min_size=n_pre * n_post,
                                        max_size=n_pre * n_post))).reshape(n_pre, n_post)
    assert expanded(pynn.ArrayConnector(array), n_pre, n_post) \
        == [tuple(pair) for pair in np.argwhere(array).tolist()]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 7), st.floats(-1, 1)), min_size=1))
def test_list_connector_keeps_repeats_and_values(table):
    connector = pynn.FromListConnector(table, column_names=["weight"])
    pairs = connect_only(connector, FakeProjection(6, 8))
    found = list(zip(pairs.pre.tolist(), pairs.post.tolist(), pairs.values["weight"].tolist(),
                     strict=True))
    expected = sorted(table, key=lambda row: row[:2])
    assert found == expected


def test_empty_list_connects_nothing():
    assert expanded(pynn.FromListConnector([]), 3, 3) == []


@pytest.mark.parametrize(("table", "message"), [
    ([(0, 0), (6, 0)], "presynaptic index 6 .*0..5"),
    ([(0, 8)], "postsynaptic index 8 .*0..7"),
    ([(-1, 0)], "presynaptic index -1"),
    ([(0.5, 0)], "presynaptic index 0.5"),
])
def test_indices_outside_the_groups_are_refused(table, message):
    with pytest.raises(NetworkError, match=message):
        connect_only(pynn.FromListConnector(table), FakeProjection(6, 8))


def test_list_column_that_is_no_parameter_is_refused():
    connector = pynn.FromListConnector([(0, 0, 1.0)], column_names=["U"])
    with pytest.raises(NetworkError, match=r"no parameter 'U'; the list may give \['weight'"):
        connect_only(connector, FakeProjection(6, 8))


def test_connections_from_a_file(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text('# columns = ["i", "j", "weight"]\n0 1 0.5\n2 0 0.25\n')
    pairs = connect_only(pynn.FromFileConnector(str(path)), FakeProjection(3, 2))
    assert pairs.pre.tolist() == [0, 2]
    assert pairs.post.tolist() == [1, 0]
    assert pairs.values["weight"].tolist() == [0.5, 0.25]


def test_array_of_wrong_shape_is_refused():
    with pytest.raises(NetworkError, match=r"shape \(2, 2\), but the projection needs \(3, 2\)"):
        connect_only(pynn.ArrayConnector(np.ones((2, 2), dtype=bool)), FakeProjection(3, 2))


@given(sizes, sizes, st.integers(0, 40), st.booleans())
@settings(max_examples=50)
def test_fixed_total_number(n_pre, n_post, n, with_replacement):
    connector = pynn.FixedTotalNumberConnector(n, with_replacement=with_replacement)
    if n > n_pre * n_post and not with_replacement:
        with pytest.raises(NetworkError, match=f"only {n_pre * n_post} pairs"):
            expanded(connector, n_pre, n_post)
        return
    pairs = expanded(connector, n_pre, n_post)
    assert len(pairs) == n
    assert with_replacement or len(set(pairs)) == n


def test_numbers_of_partners_can_be_drawn():
    n = RandomDistribution("uniform_int", low=1, high=4, rng=NumpyRNG(3))
    pairs = expanded(pynn.FixedNumberPreConnector(n), 10, 200)
    counts = np.bincount([post for _, post in pairs], minlength=200)
    assert set(counts.tolist()) == {1, 2, 3}


def test_no_mutual_connections():
    connector = pynn.FixedProbabilityConnector(1.0, allow_self_connections="NoMutual")
    assert expanded(connector, 3, 3, shared=0) == [(1, 0), (2, 0), (2, 1)]
    with pytest.raises(UnsupportedError, match="same cells on both sides"):
        expanded(connector, 3, 4)


@pytest.mark.parametrize("make", [
    lambda: pynn.DistanceDependentProbabilityConnector("d < 3", rng=NumpyRNG(5)),
    lambda: pynn.DistanceDependentProbabilityConnector("exp(-d / 2)", rng=NumpyRNG(5)),
    lambda: pynn.DisplacementDependentProbabilityConnector(
        lambda d: (np.abs(d[0]) < 2) * 0.7, rng=NumpyRNG(5)),
])
def test_other_connectors_run_pynns_code(make):
    import pynn_eprop.host as sim
    sim.setup()
    pre, post = (sim.Population(size, sim.IF_curr_exp()) for size in (6, 9))
    projection = sim.Projection(pre, post, make(), sim.StaticSynapse(weight=1.0),
                                space=Space())
    assert [c[:2] for c in projection.get("weight", "list")] == by_pynn(make(), 6, 9)


def test_what_pynn_does_not_implement_is_refused_by_name():
    import pynn_eprop.host as sim
    sim.setup()
    cells = sim.Population(4, sim.IF_curr_exp())
    with pytest.raises(UnsupportedError, match="SmallWorldConnector"):
        sim.Projection(cells, cells, sim.SmallWorldConnector(2.0, 0.1))


def test_a_generator_chosen_by_the_script_is_used_and_others_are_seeded():
    chosen, expected = NumpyRNG(seed=4), Draws(7).rng(0).next(3)
    for rng, first in ((chosen, NumpyRNG(4).next(3)), (None, expected), (NumpyRNG(), expected)):
        connector = pynn.FixedProbabilityConnector(0.5, rng=rng)
        own = seeded_connector(connector, Draws(7))
        np.testing.assert_array_equal(own.rng.next(3), first)
        assert connector.rng is (rng or connector.rng) and own is not connector


def test_callback_hears_the_end():
    heard = []
    expanded(pynn.AllToAllConnector(callback=heard.append), 2, 2)
    assert heard == [1.0]


def test_ten_million_connections_take_seconds_and_no_objects():
    # 10,000 cells with 1,000 inputs each: 8 bytes of indices per connection
    projection = FakeProjection(10_000, 10_000, shared=0)
    pairs = connect_only(pynn.FixedProbabilityConnector(0.1), projection)
    assert abs(len(pairs.pre) - 10 ** 7) < 5 * np.sqrt(10 ** 8 * 0.1 * 0.9)
    assert np.all(np.diff(pairs.pre) >= 0)
    counts = np.bincount(pairs.post, minlength=10_000)
    assert abs(counts.mean() - 1000) < 2
    assert abs(counts.std() - np.sqrt(900)) < 2
