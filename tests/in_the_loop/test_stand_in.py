"""The stand-in for a chip: what it draws, and what it shows.

Expected: the exact model, with what its parameters say taken away; standard deviations of draws.
"""

import numpy as np
import pytest

from pynn_eprop.errors import SetupError
from pynn_eprop.in_the_loop.fitting import as_run, part_on_chip
from pynn_eprop.in_the_loop.substrates import Model, StandIn
from pynn_eprop.models.cells import Sources
from tests.descriptions import all_pairs, lif, network, readouts, synapses

T, CELLS = 200, 400
TIMES = np.sort(np.random.default_rng(0).integers(0, T, 60))
SPIKES = {0: (TIMES, np.zeros(60, int))}


def chip(substrate, weight=0.4):
    """One source onto many cells that do not see each other."""
    kind = lif(CELLS, refractory_steps=3)
    net = network([Sources("source", 1), kind, readouts(1)],
                  [synapses(0, 1, all_pairs(1, CELLS), weight),
                   synapses(1, 2, all_pairs(CELLS, 1), 0.1)], interval_steps=T)
    made = part_on_chip(as_run(net, substrate), {})
    substrate.configure(made)
    return substrate


def test_without_errors_it_is_the_model_but_for_its_samples():
    """Samples of 8 bits, 45 digits to the threshold, every 2 ms, v behind its reset."""
    exact = chip(Model(holds=True)).trial(SPIKES, T, 0, True)
    found = chip(StandIn(sample_noise=0.0)).trial(SPIKES, T, 0, True)
    for one, other in zip(found.spikes[1], exact.spikes[1], strict=True):
        np.testing.assert_array_equal(one, other)
    assert found.samples[1].times.tolist() == np.arange(2.0, T + 1.0, 2.0).tolist()
    expected = exact.samples[1].v[1::2].copy()
    expected[expected >= 0.61] = 0.0
    np.testing.assert_allclose(found.samples[1].v, expected, atol=0.5 * 0.61 / 45 * 1.0001)
    digits = found.samples[1].v / (0.61 / 45)
    np.testing.assert_allclose(digits, np.rint(digits), atol=1e-9)


def test_cells_differ_and_stay_as_they_are():
    first, second, other = (chip(StandIn(mismatch=0.1, seed=seed)) for seed in (1, 1, 2))
    trials = [each.trial(SPIKES, T, number, False) for each, number in (
        (first, 0), (first, 1), (second, 0), (other, 0))]
    for one in trials[1:3]:
        np.testing.assert_array_equal(one.spikes[1][1], trials[0].spikes[1][1])
    assert len(trials[3].spikes[1][1]) != len(trials[0].spikes[1][1])
    counts = np.bincount(trials[0].spikes[1][1], minlength=CELLS)
    assert counts.std() > 0.5
    exact = chip(Model(holds=True)).trial(SPIKES, T, 0, False)
    assert np.bincount(exact.spikes[1][1], minlength=CELLS).std() == 0.0


@pytest.mark.parametrize("which", ["tau", "threshold", "gain"])
def test_each_mismatch_has_its_deviation(which):
    made = chip(StandIn(**{f"mismatch_{which}": 0.1}))
    varied, nominal = made._varied[1], made._network.populations[1]
    ratios = {"tau": varied.tau_m / nominal.tau_m, "threshold": varied.v_thresh / nominal.v_thresh,
              "gain": made._gain[1]}
    for name, ratio in ratios.items():      # standard error of a deviation of 400: 3.5%
        assert ratio.std() == pytest.approx(0.1 if name == which else 0.0, rel=0.12)


def test_trials_differ():
    made = chip(StandIn(trial_variation=0.05))
    first, second, again = (made.trial(SPIKES, T, number, False) for number in (0, 1, 0))
    assert first.spikes[1][1].tolist() != second.spikes[1][1].tolist()
    assert first.spikes[1][1].tolist() == again.spikes[1][1].tolist()


def test_samples_are_noisy_few_and_late():
    quiet = chip(StandIn(sample_noise=0.0)).trial(SPIKES, T, 5, True).samples[1]
    noisy = chip(StandIn(sample_noise=3.0)).trial(SPIKES, T, 5, True).samples[1]
    assert (noisy.v - quiet.v).std() / (0.61 / 45) == pytest.approx(3.0, rel=0.05)
    few = chip(StandIn(samples=20, sample_period=3.0)).trial(SPIKES, T, 5, True).samples[1]
    assert few.times.tolist() == np.arange(3.0, 61.0, 3.0).tolist()
    late = chip(StandIn(sample_jitter=0.3)).trial(SPIKES, T, 5, True).samples[1].times
    assert (late - np.arange(2.0, T + 1.0, 2.0)).std() == pytest.approx(0.3, rel=0.3)
    odd = chip(StandIn(sample_gain=0.2, sample_offset=4.0, sample_noise=0.0)).trial(
        SPIKES, T, 5, True).samples[1]
    assert np.corrcoef(odd.v.ravel(), quiet.v.ravel())[0, 1] < 0.99


@pytest.mark.parametrize(("parameters", "message"), [
    ({"mismatch": -0.1}, r"mismatch=-0.1 must be a number >= 0"),
    ({"mismatch_gain": float("nan")}, r"mismatch_gain=nan must be a number >= 0"),
    ({"trial_variation": "much"}, r"trial_variation='much' must be a number >= 0"),
    ({"sample_period": 0.0}, r"sample_period=0.0 must be a number > 0"),
    ({"lsb": True}, r"lsb=True must be a number > 0"),
    ({"weight_levels": 0}, r"weight_levels=0 must be a whole number >= 1, or None"),
    ({"cells": 0}, r"cells=0 must be a whole number >= 1, or None"),
    ({"samples": 2.5}, r"samples=2.5 must be a whole number >= 1, or None"),
    ({"samples": "few"}, r"samples='few' must be a whole number >= 1, or None"),
])
def test_values_out_of_range(parameters, message):
    with pytest.raises(SetupError, match=message):
        StandIn(**parameters)


def test_it_says_what_it_is():
    assert StandIn(mismatch=0.2).describe() == {
        "substrate": "stand-in", "mismatch": 0.2, "mismatch_tau": None, "mismatch_threshold": None,
        "mismatch_gain": None, "trial_variation": 0.0, "weight_levels": 63, "cells": 512,
        "fan_in": 256, "holds": True, "tau_syn": 0.0, "sample_period": 2.0, "sample_jitter": 0.0,
        "samples": None, "lsb": 45.0,
        "sample_noise": 2.0, "sample_gain": 0.0, "sample_offset": 0.0, "seed": 1}


def test_cells_stay_as_they_are_when_other_populations_come_to_the_chip():
    """Sources that lead to readouts only are not on it, until they lead to cells, too."""
    kind, idle, source = lif(CELLS, refractory_steps=3), Sources("idle", 1), Sources("source", 1)
    onto = synapses(1, 2, all_pairs(1, CELLS), 0.4)
    found = []
    for more in ((), (synapses(0, 2, all_pairs(1, CELLS), 0.1),)):
        substrate = StandIn(mismatch=0.2, sample_gain=0.1)
        made = part_on_chip(as_run(network([idle, source, kind, readouts(1)], [onto, *more],
                                           interval_steps=T), substrate), {})
        substrate.configure(made)
        place = made.populations.index(1)
        trial = substrate.trial({place: SPIKES[0]}, T, 0, True)
        found.append((trial.spikes[place + 1], trial.samples[place + 1].v))
    for one, other in zip(found[0][0], found[1][0], strict=True):
        assert len(one) > 100
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(found[0][1], found[1][1])
