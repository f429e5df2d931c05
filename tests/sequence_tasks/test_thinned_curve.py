"""Learning curves of any length in few points."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.sequence_tasks.thinned_curve import ThinnedCurve


def filled(errors, most=8):
    curve = ThinnedCurve(most)
    for number, error in enumerate(errors, 1):
        curve.add((number, 10 * number), error)
    return curve


@given(st.lists(st.floats(0.0, 10.0), max_size=100))
def test_points_are_means_of_equal_parts(errors):
    curve = filled(errors)
    assert len(curve.points) < 8
    for number, (last, ten, error) in enumerate(curve.points, 1):
        assert last == number * curve.stride and ten == 10 * last
        assert error == pytest.approx(np.mean(errors[int(last) - curve.stride:int(last)]))
    # what is left out is less than one point
    assert len(errors) - curve.stride * len(curve.points) < curve.stride


@given(st.lists(st.floats(0.0, 10.0), min_size=1, max_size=60), st.integers(0, 59))
def test_one_that_was_stored_goes_on(errors, cut):
    first = filled(errors[:cut])
    second = ThinnedCurve(8)
    second.load(json.loads(json.dumps(first.state())))
    for number, error in enumerate(errors[cut:], len(errors[:cut]) + 1):
        second.add((number, 10 * number), error)
    assert second.state() == filled(errors).state()
