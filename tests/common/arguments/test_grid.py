"""Steps and ms: expected values from the definition time = steps * timestep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.common.arguments.grid import delay_steps, to_ms, to_steps
from pynn_eprop.errors import DelayError, SetupError

TIMESTEPS = st.sampled_from([0.05, 0.1, 0.2, 0.25, 0.5, 1.0, 2.0])


@given(TIMESTEPS, st.lists(st.integers(0, 10 ** 7), min_size=1, max_size=20))
def test_ms_and_steps_are_inverse(timestep, steps):
    assert to_steps(to_ms(steps, timestep), timestep, "x").tolist() == steps


@given(TIMESTEPS, st.integers(0, 10 ** 5), st.floats(0.01, 0.99))
def test_a_time_between_steps_is_refused(timestep, step, fraction):
    with pytest.raises(DelayError, match="not a whole number of time steps"):
        to_steps((step + fraction) * timestep, timestep, "x")


def test_ms_are_the_decimal_that_was_meant():
    assert to_ms(3, 0.1) == 0.3            # 3 * 0.1 is 0.30000000000000004
    np.testing.assert_array_equal(to_ms([1, 7], 0.1), [0.1, 0.7])


def test_message_names_value_and_neighbours():
    with pytest.raises(SetupError, match=r"^what=0\.25 ms .*near it are 0\.2 and 0\.3 ms"):
        to_steps([0.1, 0.25], 0.1, "what", SetupError)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_times_must_be_finite(value):
    with pytest.raises(DelayError, match="finite"):
        to_steps(value, 0.1, "x")


def test_delays_within_limits():
    np.testing.assert_array_equal(delay_steps([0.1, 1.5], 0.1, "p", 0.1), [1, 15])
    assert delay_steps(0.3, 0.1, "p", 0.1).dtype == np.int32


@pytest.mark.parametrize(("delay", "message"), [
    (0.0, "delay=0 ms is too short; the shortest is 0.1 ms"),
    (-1.0, "delay=-1 ms is too short"),
    (np.nan, "delay=nan ms is too short"),
    (5.0, r"delay=5 ms is too long; setup\(max_delay=2\)"),
    (0.15, "p: delay=0.15 ms is not a whole number"),
])
def test_delays_outside_limits(delay, message):
    with pytest.raises(DelayError, match=message):
        delay_steps([0.1, delay], 0.1, "p", 0.1, 2.0)
