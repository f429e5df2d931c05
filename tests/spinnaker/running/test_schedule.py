"""Script time and machine time: what intervals and pauses make of each other.

Expected values are counted step by step, from docs/semantics.md: an interval has T steps, the next
one begins a pause later, and the pause is longer where ``trials_per_update`` intervals have learnt.
"""

import numpy as np
import pytest

pytest.importorskip("spynnaker", reason="the backend needs sPyNNaker")

from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.spinnaker.running.schedule import Clock

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
    clock = Clock(T, trials, pause_trial, pause_update)
    step, learning = 0, []
    for steps, learns in runs:
        begun = len(learning)
        step += steps
        learning += [learns] * (-(-step // T) - begun)
        clock.begin_intervals(step, learns)
        bases, updates = counted(T, trials, (pause_trial, pause_update), learning)
        assert clock.base == bases
        assert clock.learned == learning
        # within an interval the update at its end is still to come
        assert clock.updates(step) == updates[step // T]
        assert clock.pending == sum(learning) % trials
        interval, local = divmod(step, T)
        assert clock.machine_step(step) == bases[interval] + (local + clock.lag if local else 0)


@given(st.integers(1, 20), st.integers(1, 4), st.integers(5, 9), st.integers(9, 40),
       st.integers(1, 8))
def test_source_steps_and_script_steps_are_inverse(T, trials, pause_trial, pause_update, intervals):
    clock = Clock(T, trials, pause_trial, pause_update)
    clock.begin_intervals(T * intervals, True)
    steps = np.arange(T * intervals)
    machine = clock.source_steps(steps)
    assert np.all(np.diff(machine) >= 1)
    assert [clock.script_step(int(at)) for at in machine] == steps.tolist()
    assert [clock.source_step(int(at)) for at in steps] == machine.tolist()
    within = set(machine.tolist())
    pauses = [at for at in range(clock.base[-1]) if at not in within]
    assert [clock.script_step(at) for at in pauses] == [None] * len(pauses)
    assert clock.source_steps(np.array([T * intervals])).tolist() == [-1]


@given(st.integers(1, 20), st.integers(5, 9), st.integers(1, 6), st.data())
def test_a_stretch_gets_all_spikes_that_fire_in_it(T, pause, intervals, data):
    clock = Clock(T, 1, pause, pause + 3)
    clock.begin_intervals(T * intervals, True)
    first = data.draw(st.integers(0, clock.base[-1]))
    last = data.draw(st.integers(first, clock.base[-1]))
    begin, end = clock.script_range(first, last)
    steps = np.arange(T * intervals)
    machine = clock.source_steps(steps)
    fire = steps[(machine >= first) & (machine < last)]
    assert np.all((fire >= begin) & (fire <= end))


@given(st.integers(1, 20), st.integers(1, 4), st.integers(5, 40), RUNS)
def test_with_pauses_in_script_time_it_is_machine_time(T, trials, pause, runs):
    clock = Clock(T, trials, pause, pause, in_script=True)
    period, step, learning = T + pause, 0, []
    for steps, learns in runs:
        step += steps
        learning += [learns] * (-(-step // period) - len(learning))
        clock.begin_intervals(step, learns)
        intervals, local = divmod(step, period)
        assert clock.base == list(range(0, period * (len(learning) + 1), period))
        over = learning[:intervals + (local >= T)]
        assert clock.over(step) == len(over)
        # an update is done when the clock reaches the end of its interval
        assert clock.updates(step) == sum(over) // trials
        # two steps further for readouts; from the end on up to where the update has begun
        ahead = 0 if not local else 2 if local < T else max(4 - (local - T), 0)
        assert clock.machine_step(step) == step + ahead
    every = np.arange(period * len(learning))
    assert clock.source_steps(every).tolist() == every.tolist()
    assert [clock.script_step(int(at)) for at in every] == every.tolist()
    sampled = np.arange(1, len(learning) * T + 1)
    assert clock.sampled_steps(sampled).tolist() == [
        at for at in range(1, period * len(learning) + 1) if (at - 1) % period < T]
    assert clock.ends(np.arange(len(learning))).tolist() == [
        number * period + T for number in range(len(learning))]


def test_without_intervals_time_is_machine_time():
    clock = Clock(None, 1, 0, 0)
    clock.begin_intervals(100, True)
    assert clock.machine_step(0) == 0
    assert clock.machine_step(7) == 7 + clock.lag
    assert clock.source_steps(np.array([0, 3])).tolist() == [0, 3]
    assert clock.script_range(4, 9) == (4, 8)
    assert clock.script_step(12) == 12
