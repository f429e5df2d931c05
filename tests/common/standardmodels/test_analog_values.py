"""Frames of values on the grid of steps, against each step worked out on its own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyNN.parameters import Sequence

from pynn_eprop.common.standardmodels.analog_values import (
    AnalogValues,
    as_sequences,
    check_rows,
    to_frames,
)
from pynn_eprop.errors import ParameterError


def value_of(frames, steps, start, given, repeats, interval, step):
    """The value at a step by counting frames from the first, one after the other."""
    now = step % interval if repeats else step - given
    for frame, row in enumerate(frames):
        if start + frame * steps <= now < start + (frame + 1) * steps:
            return row
    return np.zeros(frames.shape[1])


@given(st.data())
def test_every_step_has_the_frame_that_is_in_effect(data):
    timestep = data.draw(st.sampled_from([1.0, 0.1, 0.25]))
    steps, start = data.draw(st.integers(1, 6)), data.draw(st.integers(0, 5))
    frames = np.arange(1.0, 1.0 + 2 * data.draw(st.integers(0, 6))).reshape(-1, 2)
    interval = data.draw(st.one_of(st.none(), st.integers(1, 45)))
    fits = interval is not None and start + len(frames) * steps <= interval
    wanted = data.draw(st.sampled_from([None, False, *([True] if fits else [])]))
    given_at = data.draw(st.integers(0, 30))
    values = AnalogValues(frames, steps * timestep, start * timestep, wanted, given_at, timestep,
                          interval, "x")
    repeats = interval == start + len(frames) * steps if wanted is None else wanted
    first = data.draw(st.integers(0, 60))
    last = first + data.draw(st.integers(0, 60))
    found = values.between(first, last)
    assert found.shape == (last - first + 1, 2)
    for step in range(first, last + 1):
        np.testing.assert_array_equal(found[step - first], value_of(
            frames, steps, start, given_at, repeats, interval, step))
    middle = data.draw(st.integers(first, last))
    np.testing.assert_array_equal(found, np.concatenate([
        values.between(first, middle), values.between(middle + 1, last)]))
    assert values.largest == np.max(frames, initial=0.0)


@pytest.mark.parametrize(("repeats", "frames", "start", "interval", "message"), [
    (True, 3, 0.0, None, r"x: repeats=True needs setup\(update_interval=...\)"),
    (True, 3, 5.0, 10, "x: 3 frames of 2 ms from 5 ms on end at 11 ms, beyond the update interval "
                       "of 10 ms")])
def test_values_that_cannot_repeat_are_refused(repeats, frames, start, interval, message):
    with pytest.raises(ParameterError, match=message):
        AnalogValues(np.zeros((frames, 1)), 2.0, start, repeats, 0, 1.0, interval, "x")


@pytest.mark.parametrize(("duration", "start", "name"), [(1e300, 0.0, "frame_duration"),
                                                         (1.0, 1e300, "start")])
def test_times_beyond_the_last_step_are_refused(duration, start, name):
    with pytest.raises(ParameterError, match=rf"x: {name}=1e\+300 ms is too long"):
        AnalogValues(np.zeros((1, 1)), duration, start, None, 0, 1.0, None, "x")


@pytest.mark.parametrize("values", [
    [[1.0, 2.0], [3.0, 4.0]], np.array([[1, 2], [3, 4]]), [Sequence([1.0, 2.0]),
                                                           Sequence([3.0, 4.0])]])
def test_rows_are_cells(values):
    rows = as_sequences(values, "x")
    check_rows(rows, 2, "x")
    np.testing.assert_array_equal(to_frames(rows, "x"), [[1.0, 3.0], [2.0, 4.0]])


def test_one_row_is_for_all_cells():
    assert isinstance(as_sequences([1.0, 2.0], "x"), Sequence)
    check_rows(as_sequences([1.0, 2.0], "x"), 7, "x")


@pytest.mark.parametrize("values", ["abc", None, [[1.0], [2.0, 3.0]], 3.0, np.zeros((2, 2, 2)),
                                    [True], {}])
def test_what_is_not_values_is_refused(values):
    with pytest.raises(ParameterError, match=r"x: values are .*give an array \(cells, frames\)"):
        as_sequences(values, "x")


def test_rows_that_do_not_fit_are_refused():
    with pytest.raises(ParameterError, match="x: values have 2 rows, but there are 3 cells"):
        check_rows(as_sequences(np.zeros((2, 9)), "x"), 3, "x")
    with pytest.raises(ParameterError, match=r"differ in length \(1 to 2 frames\)"):
        to_frames([Sequence([1.0]), Sequence([1.0, 2.0])], "x")
    with pytest.raises(ParameterError, match="x: value nan is not allowed; values must be finite"):
        to_frames([Sequence([1.0, np.nan])], "x")
