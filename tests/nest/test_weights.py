"""Weights are read after a last spike of every cell, in the forms that PyNN has."""

import math

import numpy as np

import pynn_eprop.host as host
from tests.nest import behaviour, cases


def test_weights_before_after_saved_and_loaded(on_nest):
    found = on_nest(cases.behaviour, "weights_before_and_after")
    expected = behaviour.weights_before_and_after(host)
    for label, given in found["given"].items():
        np.testing.assert_array_equal(found["before"][label], given)
        np.testing.assert_array_equal(expected["given"][label], given)
        np.testing.assert_allclose(found["learned"][label], expected["learned"][label],
                                   rtol=0, atol=1e-12)
        assert np.any(found["learned"][label] != given)
        np.testing.assert_array_equal(found["loaded"][label], found["learned"][label])
    assert found["updates"] == expected["updates"] == 0      # of the second network


def test_forms_of_weights(on_nest):
    found = on_nest(cases.behaviour, "weight_forms")
    matrix, listed = found["matrix"], found["list"]
    assert found["shape"] == matrix.shape == (5, 6) and found["len"] == len(listed) == 30
    assert listed == [(i, j, matrix[i, j], 1.0) for i in range(5) for j in range(6)]
    assert found["one"] == listed[3][2]


def test_several_synapses_between_the_same_cells(on_nest):
    found = on_nest(cases.behaviour, "repeated_synapses")
    expected = behaviour.repeated_synapses(host)
    assert [row[:2] for row in found["list"]] == [row[:2] for row in expected["list"]]
    for (*_, weight), (*_, other) in zip(found["list"], expected["list"], strict=True):
        assert math.isclose(weight, other, rel_tol=1e-13)
    np.testing.assert_allclose(found["sum"], expected["sum"], rtol=1e-13)
    assert abs(expected["list"][0][2] - 0.7) > 1e-3


def test_views_assemblies_and_drawn_weights(on_nest):
    found, expected = on_nest(cases.behaviour, "assemblies"), behaviour.assemblies(host)
    assert found["spikes"] == expected["spikes"] and any(expected["spikes"])
    np.testing.assert_allclose(np.array(found["into"]), np.array(expected["into"]), rtol=1e-12)
    np.testing.assert_allclose(found["out"], expected["out"], rtol=1e-12)
