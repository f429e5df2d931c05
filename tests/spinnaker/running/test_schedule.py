"""Script time and machine time: what intervals and pauses make of each other.

Expected values are counted step by step, from docs/semantics.md: an interval has T steps, the next
one begins a pause later, and the pause is longer if ``trials_per_update`` intervals have learnt.
"""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the backend needs sPyNNaker")

from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.spinnaker.running.schedule import Schedule

RUNS = st.lists(st.tuples(st.integers(1, 50), st.booleans()), min_size=1, max_size=6)


def counted(T: int, trials: int, pauses: tuple[int, int], learning: list[bool]
            ) -> tuple[list[int], list[int]]:
    """Machine step of each interval's step 0, and the updates done before each interval."""
    bases, updates, learnt = [0], [0], 0
    for counts in learning:
        learnt += counts
        due = bool(counts) and learnt % trials == 0
        bases.append(bases[-1] + T + pauses[due])
        updates.append(updates[-1] + due)
    return bases, updates


@given(st.integers(1, 20), st.integers(1, 4), st.integers(5, 9), st.integers(9, 40), RUNS)
def test_runs_anywhere_meet_the_schedule(T, trials, pause_trial, pause_update, runs):
    schedule = Schedule(T, trials, pause_trial, pause_update)
    step, learning = 0, []
    for steps, learns in runs:
        begun = len(learning)
        step += steps
        learning += [learns] * (-(-step // T) - begun)
        schedule.begin_intervals(step, learns)
        bases, updates = counted(T, trials, (pause_trial, pause_update), learning)
        assert schedule.base == bases
        assert schedule.learned == learning
        # within an interval the update at its end is still to come
        assert schedule.updates(step) == updates[step // T]
        assert schedule.pending == sum(learning) % trials
        interval, local = divmod(step, T)
        ahead = local + schedule.lag if local else 0
        assert schedule.machine_step(step) == bases[interval] + ahead


@given(st.integers(1, 20), st.integers(1, 4), st.integers(5, 9), st.integers(9, 40),
       st.integers(1, 8))
def test_source_steps_and_script_steps_are_inverse(T, trials, pause_trial, pause_update, intervals):
    schedule = Schedule(T, trials, pause_trial, pause_update)
    schedule.begin_intervals(T * intervals, True)
    steps = np.arange(T * intervals)
    machine = schedule.source_steps(steps)
    assert np.all(np.diff(machine) >= 1)
    assert [schedule.script_step(int(at)) for at in machine] == steps.tolist()
    assert [schedule.source_step(int(at)) for at in steps] == machine.tolist()
    within = set(machine.tolist())
    pauses = [at for at in range(schedule.base[-1]) if at not in within]
    assert [schedule.script_step(at) for at in pauses] == [None] * len(pauses)
    assert schedule.source_steps(np.array([T * intervals])).tolist() == [-1]


@given(st.integers(1, 20), st.integers(5, 9), st.integers(1, 6), st.data())
def test_a_stretch_gets_all_spikes_that_fire_in_it(T, pause, intervals, data):
    schedule = Schedule(T, 1, pause, pause + 3)
    schedule.begin_intervals(T * intervals, True)
    first = data.draw(st.integers(0, schedule.base[-1]))
    last = data.draw(st.integers(first, schedule.base[-1]))
    begin, end = schedule.script_range(first, last)
    steps = np.arange(T * intervals)
    machine = schedule.source_steps(steps)
    fire = steps[(machine >= first) & (machine < last)]
    assert np.all((fire >= begin) & (fire <= end))


@given(st.integers(1, 20), st.integers(1, 4), st.integers(5, 40), RUNS)
def test_with_pauses_in_script_time_it_is_machine_time(T, trials, pause, runs):
    schedule = Schedule(T, trials, pause, pause, in_script=True)
    period, step, learning = T + pause, 0, []
    for steps, learns in runs:
        step += steps
        learning += [learns] * (-(-step // period) - len(learning))
        schedule.begin_intervals(step, learns)
        intervals, local = divmod(step, period)
        assert schedule.base == list(range(0, period * (len(learning) + 1), period))
        over = learning[:intervals + (local >= T)]
        assert schedule.over(step) == len(over)
        # an update is done when the clock reaches the end of its interval
        assert schedule.updates(step) == sum(over) // trials
        # two steps further for readouts; from the end on up to where the update has begun
        ahead = 0 if not local else 2 if local < T else max(4 - (local - T), 0)
        assert schedule.machine_step(step) == step + ahead
    every = np.arange(period * len(learning))
    assert schedule.source_steps(every).tolist() == every.tolist()
    assert [schedule.script_step(int(at)) for at in every] == every.tolist()
    sampled = np.arange(1, len(learning) * T + 1)
    assert schedule.sampled_steps(sampled).tolist() == [
        at for at in range(1, period * len(learning) + 1) if (at - 1) % period < T]
    assert schedule.ends(np.arange(len(learning))).tolist() == [
        number * period + T for number in range(len(learning))]


def test_without_intervals_time_is_machine_time():
    schedule = Schedule(None, 1, 0, 0)
    schedule.begin_intervals(100, True)
    assert schedule.machine_step(0) == 0
    assert schedule.machine_step(7) == 7 + schedule.lag
    assert schedule.source_steps(np.array([0, 3])).tolist() == [0, 3]
    assert schedule.script_range(4, 9) == (4, 8)
    assert schedule.script_step(12) == 12
