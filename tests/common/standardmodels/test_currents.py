"""Waveforms of current sources against their formulas."""

import math

import numpy as np
import pytest

from pynn_eprop.common.standardmodels import currents
from pynn_eprop.errors import ParameterError

STEPS = np.arange(100)


def test_direct_current_flows_from_start_to_before_stop():
    wave = currents.direct(STEPS, {"amplitude": 0.5, "start": 1.0, "stop": 3.0}, 0.1)
    assert np.flatnonzero(wave).tolist() == list(range(10, 30))
    assert set(wave.tolist()) == {0.0, 0.5}


def test_alternating_current_has_its_phase_at_start():
    values = {"amplitude": 2.0, "offset": 0.5, "frequency": 100.0, "phase": 90.0, "start": 2.0,
              "stop": 8.0}
    wave = currents.alternating(STEPS, values, 0.1)
    assert wave[19] == 0.0
    assert wave[20] == pytest.approx(2.5)                        # sin(90 degrees) at the start
    assert wave[45] == pytest.approx(0.5, abs=1e-12)             # a quarter of 10 ms later
    assert wave[80] == 0.0


def test_stepwise_current_holds_its_last_value():
    wave = currents.stepwise(STEPS, {"times": np.array([1.0, 2.0]),
                                     "amplitudes": np.array([0.3, -0.1])}, 0.1)
    assert wave[[9, 10, 19, 20, 99]].tolist() == [0.0, 0.3, 0.3, -0.1, -0.1]


def test_times_of_steps_go_to_the_grid_and_the_last_amplitude_wins():
    found = currents.check_steps({"times": np.array([0.41, 0.42, 0.86]),
                                  "amplitudes": np.array([0.5, -0.5, 0.7])}, 0.1, "s")
    np.testing.assert_array_equal(found["times"], [0.4, 0.9])
    np.testing.assert_array_equal(found["amplitudes"], [-0.5, 0.7])


@pytest.mark.parametrize(("times", "amplitudes", "message"), [
    ([0.4, -0.6], [1, 1], "times=-0.6 ms is not allowed"),
    ([0.4, 0.2], [1, 1], "0.2 ms follows 0.4 ms"),
    ([0.4, 0.4], [1, 1], "0.4 ms follows 0.4 ms"),
    ([0.4], [1, 1], "1 times but 2 amplitudes"),
])
def test_bad_times_of_steps_are_refused(times, amplitudes, message):
    with pytest.raises(ParameterError, match=message):
        currents.check_steps({"times": np.array(times), "amplitudes": np.array(amplitudes)}, 0.1,
                             "s")


NOISE = {"mean": 0.5, "stdev": 0.2, "start": 10.0, "stop": 2010.0, "dt": 1.0}


def test_noise_changes_every_dt_and_has_mean_and_deviation():
    wave = currents.noisy(np.arange(25_000), NOISE, 0.1, (1, 0))
    assert not np.any(wave[:100])
    assert not np.any(wave[20_100:])
    drawn = wave[100:20_100].reshape(2000, 10)
    assert np.all(drawn == drawn[:, :1])
    assert abs(drawn[:, 0].mean() - 0.5) < 5 * 0.2 / math.sqrt(2000)
    assert abs(drawn[:, 0].std() / 0.2 - 1) < 5 / math.sqrt(2 * 2000)


def test_noise_does_not_depend_on_the_stretches_but_on_the_source():
    whole = currents.noisy(np.arange(500), NOISE, 0.1, (1, 0))
    parts = [currents.noisy(np.arange(first, first + 125), NOISE, 0.1, (1, 0))
             for first in range(0, 500, 125)]
    np.testing.assert_array_equal(whole, np.concatenate(parts))
    assert np.any(whole != currents.noisy(np.arange(500), NOISE, 0.1, (1, 1)))


def test_bad_noise_is_refused():
    with pytest.raises(ParameterError, match=r"dt=0.15 ms is not a whole number"):
        currents.on_grid({**NOISE, "dt": 0.15}, 0.1, "n")
    with pytest.raises(ParameterError, match="stdev=-1 nA"):
        currents.check_noise({**NOISE, "stdev": -1.0}, "n")
    with pytest.raises(ParameterError, match="mean=nan must be finite"):
        currents.check_finite({**NOISE, "mean": math.nan}, "n")
