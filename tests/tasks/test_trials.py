"""Trials in a row: parts of them, and parts joined again."""

from itertools import pairwise

import numpy as np
import pytest

from pynn_eprop.tasks import Trials

INTERVAL, STEPS, FRAMES = 10.0, 5, 2


@pytest.fixture
def four():
    """Four trials with spikes, a target, an analog input and durations; numbers say which."""
    return Trials(
        4, {"inputs": [np.array([0.0, 9.0, 10.0, 25.0, 39.0]), np.array([30.0 - 1e-9])]},
        {"readout": np.arange(2 * 4 * STEPS).reshape(2, -1)},
        {"sound": np.arange(4 * FRAMES * 3).reshape(-1, 3)},
        np.array([10.0, 8.0, 6.0, 4.0]))


def assert_same(ours, theirs):
    assert ours.n_trials == theirs.n_trials
    assert ours.spike_times.keys() == theirs.spike_times.keys()
    for label, cells in theirs.spike_times.items():
        for one, other in zip(ours.spike_times[label], cells, strict=True):
            np.testing.assert_allclose(one, other, rtol=0, atol=1e-8)
    for found, expected in ((ours.targets, theirs.targets), (ours.values, theirs.values)):
        assert found.keys() == expected.keys()
        for label, rows in expected.items():
            np.testing.assert_array_equal(found[label], rows)
    np.testing.assert_array_equal(ours.durations, theirs.durations)


def test_a_part_has_all_that_its_trials_have(four):
    # by hand: trials 1 and 2, of 10 to 30 ms, steps 5 to 14 and frames 2 to 5; the spike that
    # rounding has moved to just before 30 ms is one of trial 3
    part = four.part(1, 3, INTERVAL)
    assert_same(part, Trials(
        2, {"inputs": [np.array([0.0, 15.0]), np.zeros(0)]},
        {"readout": np.array([np.arange(5, 15), np.arange(25, 35)])},
        {"sound": np.arange(6, 18).reshape(4, 3)},
        np.array([8.0, 6.0])))
    (early,) = four.part(3, 4, INTERVAL).spike_times["inputs"][1]
    assert early == pytest.approx(0.0, abs=1e-8)


@pytest.mark.parametrize("cuts", [(0, 4), (0, 1, 4), (0, 1, 2, 3, 4)])
def test_parts_joined_are_the_whole(four, cuts):
    parts = [four.part(first, last, INTERVAL) for first, last in pairwise(cuts)]
    assert_same(Trials.joined(parts, INTERVAL), four)


def test_trials_of_whole_length_have_parts_without_durations(four):
    whole = Trials(4, four.spike_times)
    assert whole.part(0, 2, INTERVAL).durations is None
