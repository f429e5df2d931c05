"""Analog sources on every backend that has them; expected is the host's engine, or worked out."""

import numpy as np
import pytest

from tests.backends import scripts

WITH = pytest.mark.parametrize("backend", ["host", "jax", "brian2", "spinnaker"])


@pytest.mark.parametrize("backend", ["jax", "brian2"])
def test_a_script_means_the_same(on_backend):
    """Within what float32 leaves of learning; Brian2 has float64 only."""
    for found, expected in zip(on_backend("analog.played"), scripts.call("host", "analog.played"),
                               strict=True):
        assert found.keys() == expected.keys()
        assert sum(len(train) for name, train in expected.items() if name[-1].isdigit()) > 20
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-3, atol=1e-3, err_msg=name)


@pytest.mark.parametrize("backend", ["host", "jax", "brian2"])     # a virtual board runs nothing
def test_values_repeat_if_they_end_with_an_interval_unless_something_else_is_said(on_backend):
    """Frames of 4 ms in intervals of 12 ms, at 0, 2, ... ms."""
    rows = np.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
    once = [1, 1, 2, 2, 3, 3, 0, 0, 0]
    for given, expected in (
            ({}, [1, 1, 2, 2, 3, 3, 1, 1, 2]),
            ({"repeats": False}, once),
            ({"start": 4.0}, [0, 0, 1, 1, 2, 2, 3, 3, 0]),
            ({"values": rows[:, :2]}, [1, 1, 2, 2, 0, 0, 0, 0, 0]),
            ({"values": rows[:, :2], "repeats": True}, [1, 1, 2, 2, 0, 0, 1, 1, 2]),
            ({"values": rows[:, :2], "repeats": True, "start": 2.0}, [0, 1, 1, 2, 2, 0, 0, 1, 1])):
        found = on_backend("analog.values", {"values": rows, "frame_duration": 4.0, **given}, 16.0)
        assert found == [[value, -value] for value in expected], given


@WITH
def test_parameters_are_those_given_or_one_step(on_backend):
    assert on_backend("analog.parameters") == [0.5, 0.0, 3.0, 1.0, [[1.0], [2.0]]]


@WITH
def test_parameters_that_do_not_fit_are_refused(on_backend):
    messages = (
        "AnalogSource: values are 'abc'; give an array (cells, frames)",
        "AnalogSource: repeats=1 must be True, False or None",
        "AnalogSource: frame_duration=-1 ms is not allowed; it must be > 0",
        "nonsense",
        "analog: values have 3 rows, but there are 2 cells",
        "analog: value nan is not allowed; values must be finite",
        "frame_duration=0.75 ms is not a whole number of time steps of 0.5 ms",
        "frame_duration must be the same for the whole population",
        "start=-1 ms is not allowed",
        "analog: 13 frames of 1 ms from 0 ms on end at 13 ms, beyond the update interval of 12 ms",
        "analog: values have 3 rows", "analog: value inf is not allowed",
        "frame_duration=nan ms is not allowed", "analog: the values of the cells differ in length",
        "spikes")
    for (kinds, message), part in zip(on_backend("analog.refused_parameters"), messages,
                                      strict=True):
        assert "EPropError" in kinds, message
        assert part in message


@WITH
def test_projections_that_cannot_be_are_refused(on_backend):
    to, onto, learning = on_backend("analog.refused_ends")
    for kinds, _ in (to, onto, learning):
        assert "NetworkError" in kinds
    assert to[1] == "to: analog sources (analog) take no input"
    assert "(stock) takes spikes only; the values of analog go to" in onto[1]


@pytest.mark.parametrize("backend", ["nest"])
def test_backends_without_them_refuse_by_name(on_backend):
    kinds, message = on_backend("analog.refused")
    assert "UnsupportedError" in kinds
    assert "Population(..., AnalogSource): cell 'AnalogSource' is not known to" in message
