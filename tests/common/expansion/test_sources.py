"""Spikes of sources: cutting into stretches, Poisson statistics and the inverse CDF."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.common.expansion.sources import (
    ArraySpikes,
    PoissonSpikes,
    check_spike_times,
    poisson_count,
)
from pynn_eprop.errors import ParameterError

TRAINS = st.lists(st.lists(st.integers(0, 60), max_size=10).map(sorted), min_size=1, max_size=5)


def together(parts):
    return [(int(step), int(cell)) for steps, cells in parts
            for step, cell in zip(steps, cells, strict=True)]


@given(TRAINS, st.integers(0, 60), st.integers(0, 60))
def test_given_spikes_between_two_steps(trains, first, more):
    spikes = ArraySpikes([np.array(train) * 0.1 for train in trains], 0.1)
    expected = sorted((step, cell) for cell, train in enumerate(trains) for step in train
                      if first <= step <= first + more)
    found = together([spikes.between(first, first + more)])
    assert sorted(found) == expected
    assert [step for step, _ in found] == [step for step, _ in expected]


def test_times_off_the_grid_go_to_the_nearest_step():
    spikes = ArraySpikes([np.array([0.94, 1.06, 1.44])], 0.1)
    assert spikes.between(0, 100)[0].tolist() == [9, 11, 14]


def test_two_spikes_in_a_step_are_two():
    spikes = ArraySpikes([np.array([3.0, 3.2])], 1.0)
    assert spikes.between(0, 10)[0].tolist() == [3, 3]


@pytest.mark.parametrize(("times", "message"), [
    ([[1.0, 2.0], [3.0, 2.5]], "increasing order, but 3 ms comes before 2.5 ms"),
    ([[1.0], [math.nan]], "spike time nan ms"),
    ([[-1.0]], "spike time -1 ms is not allowed; .* >= 0"),
    ([[math.inf]], "spike time inf ms"),
])
def test_bad_spike_times_are_refused(times, message):
    with pytest.raises(ParameterError, match=message):
        check_spike_times([np.array(row) for row in times], "clock")


@given(TRAINS)
def test_sorted_spike_times_pass_whatever_the_neighbour_has(trains):
    check_spike_times([np.array(train, dtype=float) for train in trains], "clock")


@given(st.floats(0, 1, exclude_max=True), st.floats(1e-6, 20.0))
def test_poisson_count_is_the_inverse_cdf(uniform, mean):
    count = int(poisson_count(np.array([uniform]), np.array([mean]))[0])
    cdf = [sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(n + 1))
           for n in (count - 1, count)]
    assert uniform < cdf[1] + 1e-9
    assert count == 0 or uniform >= cdf[0] - 1e-9


def poisson(rate, start=0.0, duration=1e10, seed=1, index=3, timestep=1.0):
    rate = np.asarray(rate, dtype=float)
    return PoissonSpikes(rate, np.full(rate.shape, start), np.full(rate.shape, duration), timestep,
                         (seed, index), "noise")


def test_poisson_rate_and_variance():
    # 100 cells, 10 s at 50 Hz: counts are Poisson(500); the mean is within 5 standard errors,
    # and the variance of 100 counts, chi-squared with 99 degrees of freedom, within 5 of its own
    _, cells = poisson(np.full(100, 50.0)).between(1, 10_000)
    counts = np.bincount(cells, minlength=100)
    assert abs(counts.mean() - 500) < 5 * math.sqrt(500 / 100)
    assert abs(counts.var(ddof=1) / 500 - 1) < 5 * math.sqrt(2 / 99)


def test_poisson_has_several_spikes_in_a_step_at_high_rates():
    # mean 5 per step: 1000 steps give 5000 +- 5 * sqrt(5000)
    steps, _ = poisson([5000.0]).between(1, 1000)
    assert abs(len(steps) - 5000) < 5 * math.sqrt(5000)
    # P(0) = exp(-5): the share of empty steps
    assert abs(1 - len(np.unique(steps)) / 1000 - math.exp(-5)) < 5 * math.sqrt(math.exp(-5) / 1000)


@given(st.integers(0, 500), st.integers(0, 300), st.integers(0, 300))
def test_poisson_does_not_depend_on_the_stretches(first, one, two):
    source = poisson([40.0, 0.0, 300.0])
    whole = together([source.between(first, first + one + two)])
    split = together([source.between(first, first + one),
                      source.between(first + one + 1, first + one + two)])
    assert whole == split


def test_poisson_does_not_depend_on_the_other_cells_but_on_seed_and_index():
    def of_first_cell(source):
        steps, cells = source.between(0, 2000)
        return steps[cells == 0].tolist()

    alone = of_first_cell(poisson([30.0]))
    assert of_first_cell(poisson([30.0, 500.0])) == alone
    assert of_first_cell(poisson([30.0], seed=2)) != alone
    assert of_first_cell(poisson([30.0], index=4)) != alone


def test_poisson_is_active_from_start_for_duration():
    steps, _ = poisson([1000.0], start=100.0, duration=50.0, timestep=0.1).between(0, 10_000)
    assert steps.min() >= 1000
    assert steps.max() < 1500
    assert abs(len(steps) - 50) < 5 * math.sqrt(50)
    assert len(poisson([1000.0], start=20_000.0).between(0, 10_000)[0]) == 0


def test_poisson_rate_beyond_what_can_be_drawn_is_refused():
    with pytest.raises(ParameterError, match=r"rate=600000 Hz .* the highest is 500000 Hz"):
        poisson([600_000.0])
