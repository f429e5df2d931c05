"""Forms of weights on every backend, and of cells that a parent backend keeps."""

import pytest

from tests.backends.scripts import BACKENDS

# sPyNNaker's own projections cannot be read before a run, and have no set()
ENDS = pytest.mark.parametrize(("backend", "stock"), [
    *((backend, False) for backend in BACKENDS),
    *((backend, True) for backend in BACKENDS if backend != "spinnaker")])


@ENDS
def test_weights_beside_a_list_follow_its_order(on_backend, stock):
    flat, array, matrix = on_backend("values.weights_of_list", stock)
    assert flat == array == [[0, 0, pytest.approx(0.1)], [1, 1, pytest.approx(0.3)],
                             [2, 1, pytest.approx(0.5)]]
    assert [row[2] for row in matrix] == pytest.approx([0.0, 3.0, 5.0])


@ENDS
def test_what_get_gives_can_be_set(on_backend, stock):
    first, *others = on_backend("values.weights_set_in_forms", stock)
    assert sorted(first) == [[0, 0, pytest.approx(0.5)], [0, 1, pytest.approx(0.25)],
                             [1, 1, pytest.approx(0.75)], [2, 1, pytest.approx(1.5)]]
    for other in others:
        assert [row[:2] for row in other] == [row[:2] for row in first]
        assert [row[2] for row in other] == pytest.approx([row[2] for row in first])


@ENDS
def test_arrays_that_fit_nothing_are_typed_errors(on_backend, stock):
    found = on_backend("values.refused_values", stock, [[0.1, 0.2], [[0.1] * 3] * 2, [(0, 0, 0.1)]])
    for kinds, message in found:
        assert "EPropError" in kinds
        assert message.startswith("in: ") and "(pre, post" in message


def test_pynns_own_connectors_know_no_units_of_a_simulator(on_backend):
    # NEST counts weights in pA, Brian2 in A: neither is what is added to v
    number, string, matrix, flat = on_backend("values.weights_of_connectors")
    pairs = [[i, j] for i in range(3) for j in range(2)]
    assert number == [[*pair, 0.5, 1.0] for pair in pairs]
    assert string == [[i, j, 0.5 + abs(i - j), 1.0] for i, j in pairs]
    assert matrix == flat == [[*pair, float(place), 1.0] for place, pair in enumerate(pairs)]


@ENDS
def test_connections_one_by_one_are_those_that_get_lists(on_backend, stock):
    listed, single = on_backend("values.connections_one_by_one", stock)
    assert [row[:2] for row in listed] == [[0, 0], [0, 1], [1, 1], [2, 1]]
    assert [row[2] for row in listed] == pytest.approx([0.5, 0.5, 0.25, 0.75])
    assert single == pytest.approx([0.5, 0.5, 0.25, 0.75])
