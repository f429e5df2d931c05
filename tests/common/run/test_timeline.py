"""Steps, times and chunks: expected values from their definitions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.run.timeline import CHUNK_SECONDS, Pace, Timeline
from pynn_eprop.errors import TimeError


def timeline(interval=None, trials=1, timestep=1.0):
    return Timeline.of(SharedOptions(timestep=timestep, update_interval=interval,
                                     trials_per_update=trials))


def test_times_are_decimals():
    assert timeline(timestep=0.1).time(127) == 12.7


@pytest.mark.parametrize("steps", [0, 3, 127, 10 ** 8])
def test_the_step_of_a_time_is_exact(steps):
    line = timeline(timestep=0.1)
    assert line.step_at(line.time(steps)) == line.step_at(steps * 0.1) == steps
    with pytest.raises(TimeError, match=r"not a whole number of time steps of 0\.1 ms"):
        line.step_at(steps * 0.1 + 0.04)


def test_intervals():
    line = timeline(interval=50.0, trials=2)
    assert (line.interval_steps, line.update_steps) == (50, 100)
    assert [line.starts_interval(step) for step in (0, 49, 50, 100)] == [True, False, True, True]
    assert [line.interval_end(step) for step in (0, 49, 50)] == [50, 50, 100]
    assert timeline().starts_interval(17)


@given(st.integers(1, 9), st.integers(0, 9))
def test_intervals_with_pauses_behind_them(length, pause):
    line = Timeline(1.0, length, None, pause)
    # step by step: those of intervals, and how many there have been
    within = [False] + ([True] * length + [False] * pause) * 4
    done = np.cumsum(within)
    steps = np.arange(len(within))
    assert line.within_intervals(steps[1:]).tolist() == within[1:]
    assert line.without_pauses(steps).tolist() == done.tolist()
    assert [line.with_pauses(count) for count in range(done[-1] + 1)] == [
        0, *np.flatnonzero(within)]
    ends = [step for step in steps if within[step] and done[step] % length == 0]
    for step in range(3 * line.period):
        assert line.starts_interval(step) == (done[step] % length == 0)
        assert line.interval_end(step) == next(end for end in ends if end > step)


@given(st.sampled_from([None, 7.0, 50.0]), st.integers(1, 3), st.integers(0, 500),
       st.integers(1, 3000), st.one_of(st.none(), st.integers(0, 400)),
       st.lists(st.floats(1e-5, 1.0), min_size=1, max_size=5))
def test_chunks_cover_a_run_and_end_where_updates_do(interval, trials, start, steps, most,
                                                     seconds):
    line = timeline(interval, trials)
    pace, step, last = Pace(line), start, start + steps
    for turn in range(10 ** 6):
        if step == last:
            break
        chunk = pace.next(step, last, most)
        assert 1 <= chunk <= last - step
        if most is not None:
            assert chunk <= max(most, 1)
        elif line.update_steps is not None:
            assert step + chunk == last or (step + chunk) % line.update_steps == 0
        pace.took(chunk, seconds[turn % len(seconds)] * chunk)
        step += chunk
    assert step == last


def test_chunks_grow_towards_a_fifth_of_a_second():
    pace, step = Pace(timeline(interval=1000.0)), 0
    for _ in range(10):
        chunk = pace.next(step, 10 ** 9)
        pace.took(chunk, chunk * 1.2e-6)      # 1.2 ms an update
        step += chunk
    assert chunk * 1.2e-6 == pytest.approx(CHUNK_SECONDS, rel=0.01)
    assert chunk % 1000 == 0


def test_a_chunk_is_at_least_one_update():
    pace = Pace(timeline(interval=1000.0))
    pace.took(1000, 60.0)
    assert pace.next(0, 10 ** 6) == 1000
