"""Which times are on the grid: expected values from the definition time = steps * timestep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.models.time_grid import first_steps, nearest_steps, off_grid, to_ms, whole_steps

TIMESTEPS = st.sampled_from([0.001, 0.05, 0.1, 0.2, 0.25, 1 / 3, 0.5, 1.0, 10.0])
STEPS = st.integers(0, 10 ** 9)


@given(TIMESTEPS, STEPS)
def test_rounded_times_are_on_the_grid_however_long(timestep, step):
    for time in (step * timestep, step / (1 / timestep), to_ms(step, timestep),
                 np.nextafter(step * timestep, np.inf)):
        steps, off = whole_steps(time, timestep)
        assert (steps, off) == (step, False)
        assert first_steps(time, timestep) == nearest_steps(time, timestep) == step


@given(TIMESTEPS, STEPS, st.floats(0.011, 0.989))
def test_times_between_steps_are_not(timestep, step, fraction):
    time = (step + fraction) * timestep
    assert whole_steps(time, timestep)[1]
    assert first_steps(time, timestep) == step + 1


@pytest.mark.parametrize("count", [10 ** 3, 10 ** 6, 10 ** 7])
def test_a_sum_of_steps_is_on_the_grid(count):
    total = float(np.cumsum(np.full(count, 0.1))[-1])   # cumsum adds one by one
    assert whole_steps(total, 0.1) == (count, False)


@pytest.mark.parametrize("step", [1, 123, 99_999])
def test_numbers_in_single_precision_are_on_the_grid(step):
    assert whole_steps(np.float32(step * 0.1), 0.1) == (step, False)
    assert whole_steps(float(np.float32(99_999 * 0.1)), 0.1)[1]


@given(TIMESTEPS, st.integers(0, 10 ** 5), st.floats(0.0, 1.0))
def test_the_nearest_step_is_the_later_one_from_halfway_on(timestep, step, fraction):
    expected = step + (fraction >= 0.5)
    if abs(fraction - 0.5) > 1e-3 or fraction == 0.5:
        assert nearest_steps((step + fraction) * timestep, timestep) == expected


def test_what_is_not_finite_is_off_the_grid():
    assert whole_steps([np.nan, np.inf, -np.inf], 0.1)[1].all()
    assert first_steps(np.inf, 0.1) == np.inf


def test_the_neighbours_are_named():
    assert off_grid(25.0, 10.0) == \
        "not a whole number of time steps of 10 ms; near it are 20 and 30 ms"
    assert off_grid(1e6 + 0.05, 0.1).endswith("near it are 1000000 and 1000000.1 ms")
