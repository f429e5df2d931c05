"""What is done to a sound after flite."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech.flite import Sound
from pynn_eprop.data.speech.segments import Segments
from pynn_eprop.data.speech.variation import Variation, coloured_noise, resample, shorten_pauses

LENGTH = 20000
TONE = Sound(np.sin(2 * np.pi * 1000 / 16000 * np.arange(LENGTH)),
             Segments((0.0, 5000.0, 15000.0), ("pau", "s", "pau")))


def peak(samples):
    """The frequency of a tone, Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    return np.argmax(spectrum) * 16000 / (1 << 18)


@given(st.floats(1 / 1.15, 1.15))
def test_resampling_moves_frequencies_up_and_times_down(factor):
    found = resample(TONE, factor)
    used = LENGTH / len(found.samples)
    assert used == pytest.approx(factor, rel=0.005)
    assert peak(found.samples[1000:-1000]) == pytest.approx(1000 * used, rel=1e-3)
    np.testing.assert_allclose(found.segments.starts,
                               np.array(TONE.segments.starts) / used, rtol=1e-4)
    assert found.segments.phones == TONE.segments.phones
    assert found.samples[1000:-1000].std() == pytest.approx(np.sqrt(0.5), rel=0.01)


def test_resampling_by_1_changes_nothing():
    np.testing.assert_allclose(resample(TONE, 1.0).samples, TONE.samples, atol=1e-12)


@pytest.mark.parametrize("n", [1, 2, 100, 32768, 32769])
def test_any_length_can_be_resampled(n):
    found = resample(Sound(np.ones(n), Segments((0.0,), ("s",))), 1.1)
    assert abs(len(found.samples) - n / 1.1) <= 1 + 0.005 * n


def test_outer_pauses_are_shortened_and_what_is_between_stays():
    found = shorten_pauses(TONE, 0.1, 0.05)
    assert found.segments.starts == (0.0, 1600.0, 11600.0)
    np.testing.assert_array_equal(found.samples, TONE.samples[3400:15800])


def test_pauses_that_are_short_or_not_there_stay():
    for phones in (("pau", "s", "pau"), ("s", "pau", "s")):
        sound = Sound(TONE.samples, Segments(TONE.segments.starts, phones))
        found = shorten_pauses(sound, 1.0, 1.0)
        np.testing.assert_array_equal(found.samples, sound.samples)
        assert found.segments == sound.segments


@pytest.mark.parametrize("exponent", [0.0, 0.7, 1.5])
def test_noise_has_the_slope_of_its_exponent(exponent):
    """log power over log frequency, in octaves."""
    noise = coloured_noise(1 << 16, exponent, np.random.default_rng(1))
    assert noise.std() == pytest.approx(1.0) and noise.mean() == pytest.approx(0.0, abs=1e-12)
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[1 << k:2 << k].mean() for k in range(5, 15)]
    assert np.polyfit(np.arange(10), np.log2(octaves), 1)[0] == pytest.approx(-exponent, abs=0.1)


VARIATION = Variation(tempo=1.0, pitch=1.0, pauses=(1.0, 1.0), warp=1.0, gain=0.5,
                      noise_exponent=0.0, noise_ratio=20.0)


def test_level_and_noise():
    """20 dB: the noise has a hundredth of the tone's power; the gain comes first."""
    found = VARIATION.of(TONE, np.random.default_rng(1)).samples
    noise = found - 0.5 * TONE.samples
    assert (0.5 * TONE.samples).var() / noise.var() == pytest.approx(100.0, rel=1e-3)
    assert found.std() == pytest.approx(0.5 * TONE.samples.std(), rel=0.02)


def test_draws_lie_in_their_ranges():
    drawn = [dataclasses.asdict(Variation.draw(np.random.default_rng(seed)))
             for seed in range(400)]
    for name, low, high in (("tempo", 0.75, 1.2), ("pitch", 0.8, 1.25), ("warp", 1 / 1.15, 1.15),
                            ("gain", 10 ** -0.5, 10 ** 0.5), ("noise_exponent", 0.0, 1.5),
                            ("noise_ratio", 5.0, 25.0)):
        values = np.array([each[name] for each in drawn])
        assert low <= values.min() < low + 0.05 * (high - low)
        assert high - 0.05 * (high - low) < values.max() <= high
    assert all(0.05 <= pause <= 0.12 for each in drawn for pause in each["pauses"])
