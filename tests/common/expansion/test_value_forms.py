"""Forms of weights and delays: docs/semantics.md says what each means, whatever the connector."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyNN.connectors import Connector
from pyNN.core import IndexBasedExpression
from pyNN.parameters import LazyArray
from pyNN.random import NativeRNG, NumpyRNG

import pynn_eprop.host as sim
from pynn_eprop import errors


def cells(kind, size):
    """A population, a view or an assembly of cells that do not learn."""
    if kind == "population":
        return sim.Population(size, sim.EPropLIF())
    if kind == "view":
        return sim.Population(size + 3, sim.EPropLIF())[1:size + 1]
    first = sim.Population(size + 1, sim.EPropLIF())
    return sim.Assembly(first[:1], sim.Population(size - 1, sim.EPropLIF())) if size > 1 \
        else sim.Assembly(first[:1])


@st.composite
def projections(draw):
    """A projection of any kind, some with repeated connections, and how it was listed."""
    sim.setup(timestep=1.0, min_delay=1.0, seed=draw(st.integers(0, 99)))
    kinds = st.sampled_from(["population", "view", "assembly"])
    sizes = st.integers(1, 4)
    pre, post = (cells(draw(kinds), draw(sizes)) for _ in range(2))
    pairs = st.tuples(st.integers(0, pre.size - 1), st.integers(0, post.size - 1))
    listed = draw(st.lists(pairs, max_size=9))
    seed = draw(st.integers(0, 99))

    def drawing(kind, *arguments, **options):
        return lambda: kind(*arguments, rng=NumpyRNG(seed), **options)

    matrix = np.arange(pre.size * post.size).reshape(pre.size, post.size) % 2 == 0
    connector = draw(st.sampled_from([
        sim.AllToAllConnector, sim.OneToOneConnector, lambda: sim.ArrayConnector(matrix),
        drawing(sim.FixedProbabilityConnector, 0.6), drawing(sim.FixedTotalNumberConnector, 5),
        drawing(sim.FixedNumberPreConnector, 2, with_replacement=True),
        drawing(sim.FixedNumberPostConnector, 2, with_replacement=True),
        drawing(sim.DistanceDependentProbabilityConnector, "0.8 * (d < 3)"),
        lambda: sim.FromListConnector(listed), lambda: sim.FromListConnector(listed)]))
    return pre, post, connector, listed


def make(pre, post, connector, **values):
    connector = connector if isinstance(connector, Connector) else connector()
    return sim.Projection(pre, post, connector, sim.EPropSynapse(optimizer=None, **values))


def distinct(count):
    return np.arange(1.0, count + 1.0)


@given(projections())
@settings(max_examples=150)
def test_what_get_gives_can_be_set_in_every_form(drawn):
    pre, post, connector, _ = drawn
    made = make(pre, post, connector)
    weight = distinct(len(made))
    made.set(weight=weight)
    rows = made.get("weight", "list")
    assert [row[2] for row in rows] == weight.tolist()
    repeated = len({row[:2] for row in rows}) < len(rows)
    forms = [rows, rows[::-1] if not repeated else rows, made.get(["weight"], "list"),
             made.get("weight", "list", with_address=False),
             np.array(made.get("weight", "list", with_address=False)),
             tuple(made.get("weight", "list", with_address=False)),
             made.get(["weight"], "list", with_address=False),
             LazyArray(np.array(made.get("weight", "list", with_address=False))) + 0.0]
    if not repeated:    # a matrix has one value for all connections of two cells
        matrix = made.get("weight", "array")
        forms += [matrix, matrix.tolist(), list(matrix)]
    for form in forms:
        made.set(weight=-1.0)
        made.set(weight=form)
        assert made.get("weight", "list") == rows
    made.set(delay=weight)
    made.set(delay=made.get("delay", "list"))
    assert made.get("delay", "list", with_address=False) == weight.tolist()


@given(projections())
@settings(max_examples=100)
def test_flat_weights_of_a_synapse_follow_the_list_or_the_order_of_get(drawn):
    pre, post, connector, listed = drawn
    count = len(make(pre, post, connector))
    made = make(pre, post, connector, weight=distinct(count).tolist(), delay=distinct(count))
    rows = made.get(["weight", "delay"], "list")
    if isinstance(connector(), sim.FromListConnector):
        # a connection has the value at its place in the list
        assert all(listed[int(weight) - 1] == (i, j) for i, j, weight, _ in rows)
        assert sorted(row[2] for row in rows) == distinct(count).tolist()
    else:
        assert [row[2] for row in rows] == distinct(count).tolist()
    assert [row[2] for row in rows] == [row[3] for row in rows]


@given(projections())
@settings(max_examples=50)
def test_an_array_of_two_dimensions_is_pre_by_post(drawn):
    pre, post, connector, _ = drawn
    matrix = 1.0 + np.arange(pre.size * post.size).reshape(pre.size, post.size)
    by_synapse = make(pre, post, connector, weight=matrix)
    by_set = make(pre, post, connector)
    by_set.set(weight=matrix.tolist())
    for made in (by_synapse, by_set):
        assert all(weight == matrix[i, j] for i, j, weight in made.get("weight", "list"))


def two_by(n_pre, n_post, connector):
    sim.setup(timestep=1.0)
    return sim.Population(n_pre, sim.EPropLIF()), sim.Population(n_post, sim.EPropLIF()), connector


def test_a_list_in_another_order_than_sorted():
    made = make(*two_by(3, 2, sim.FromListConnector([(2, 1), (0, 0), (1, 1)])),
                weight=[0.5, 0.1, 0.3])
    assert made.get("weight", "list") == [(0, 0, 0.1), (1, 1, 0.3), (2, 1, 0.5)]


def test_a_list_from_a_file_or_a_class_of_the_scripts_own(tmp_path):
    class Own(sim.FromListConnector):
        pass

    path = tmp_path / "list.txt"
    path.write_text('# columns = ["i", "j"]\n1 0\n0 1\n')
    for connector in (sim.FromFileConnector(str(path)), Own([(1, 0), (0, 1)])):
        made = make(*two_by(2, 2, connector), weight=[0.5, 0.1])
        assert made.get("weight", "list") == [(0, 1, 0.1), (1, 0, 0.5)]


def test_columns_of_a_list_win():
    connector = sim.FromListConnector([(1, 0, 0.7), (0, 0, 0.9)], column_names=["weight"])
    made = make(*two_by(2, 2, connector), weight=[0.5, 0.1])
    assert made.get("weight", "list") == [(0, 0, 0.9), (1, 0, 0.7)]


def test_as_many_synapses_as_cells_change_no_meaning():
    # 3 synapses, 3 x 3 cells, and rows of 3: a matrix only as an array or list of lists
    made = make(*two_by(3, 3, sim.OneToOneConnector()))
    made.set(weight=[0.1, 0.2, 0.3])
    rows = made.get("weight", "list")
    assert rows == [(0, 0, 0.1), (1, 1, 0.2), (2, 2, 0.3)]
    made.set(weight=rows)
    assert made.get("weight", "list") == rows
    made.set(weight=np.arange(9.0).reshape(3, 3))
    assert made.get("weight", "list", with_address=False) == [0.0, 4.0, 8.0]


@pytest.mark.parametrize(("value", "message"), [
    (np.array([(0, 0, 0.1), (1, 1, 0.2), (2, 2, 0.3)]), "could be \\(pre, post\\), or rows of pre"),
    ([(0, 0, 0.1), (1, 1, 0.2), (2, 1, 0.3)], "must have the 3 synapses of the projection"),
    ([(0, 0, 0.1), (1, 1, 0.2)], "must have the 3 synapses of the projection"),
    ([0.1, 0.2], r"has shape \(2,\); it must be \(3, 3\) \(pre, post\) or have one value for each"),
    ([[0.1, 0.2], [0.3]], "is none of the forms of values: a number, an array"),
    ([(0, 0, 0.1, 1.0)], r"has shape \(1, 4\)"),
    ({"a": 1}, "is none of the forms"), (1j, "is none of the forms"), (["a"], "none of the forms"),
    (iter([1.0]), "none of the forms"), ([[[0.1]]], r"has shape \(1, 1, 1\)"),
    (sim.RandomDistribution("normal", mu=0.0, sigma=1.0, rng=NativeRNG()), "use NumpyRNG"),
])
def test_what_could_be_two_things_or_none_is_refused_and_nothing_changes(value, message):
    made = make(*two_by(3, 3, sim.OneToOneConnector()), weight=0.5)
    with pytest.raises(errors.EPropError, match=message):
        made.set(weight=value)
    assert made.get("weight", "list", with_address=False) == [0.5] * 3


def test_arithmetic_on_arrays_and_draws():
    class Sum(IndexBasedExpression):
        def __call__(self, i, j):
            return 10.0 * i + j

    matrix = np.arange(4.0).reshape(2, 2)
    twice = LazyArray(Sum(), shape=(2, 2)) + matrix
    made = make(*two_by(2, 2, sim.AllToAllConnector()), weight=twice)
    assert made.get("weight", "list", with_address=False) == [0.0, 2.0, 12.0, 14.0]
    one, other = (sim.RandomDistribution("uniform", low=0.0, high=1.0, rng=NumpyRNG(seed))
                  for seed in (1, 2))
    made.set(weight=LazyArray(one, shape=(2, 2)) * LazyArray(other, shape=(2, 2)))
    np.testing.assert_array_equal(made.get("weight", "list", with_address=False),
                                  NumpyRNG(1).next(4) * NumpyRNG(2).next(4))
