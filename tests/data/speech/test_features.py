"""Mel frequency cepstral coefficients against their definition, and slopes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech.features import features, slopes
from tests.data.speech.timit_copy import noise

N_FILTERS, N_FFT, RATE = 26, 512, 16000


def mel(hertz):
    return 1127.0 * np.log(1.0 + np.asarray(hertz) / 700.0)


def coefficients(samples):
    """13 MFCC as Kaldi's manual defines them, in float64.

    Of each window: mean removed, energy, pre-emphasis, Hamming window, power of 512 bins, triangles
    of equal width in mel, logarithm, orthonormal DCT-II, sine lifter of 22; energy as the first.
    """
    edges = np.linspace(mel(0.0), mel(RATE / 2), N_FILTERS + 2)
    bins = mel(np.arange(N_FFT // 2) * RATE / N_FFT)
    rising = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    k, n = np.arange(13)[:, None], np.arange(N_FILTERS)
    cosines = np.sqrt(2 / N_FILTERS) * np.cos(np.pi * k * (n + 0.5) / N_FILTERS)
    lifter = 1 + 11 * np.sin(np.pi * np.arange(13) / 22)
    rows = []
    for start in range(0, len(samples) - 399, 160):
        window = samples[start:start + 400].astype(float)
        window = window - window.mean()
        energy = np.log(np.sum(window ** 2))
        window = window - 0.97 * np.concatenate([window[:1], window[:-1]])
        power = np.abs(np.fft.rfft(window * np.hamming(400), N_FFT)[:-1]) ** 2
        row = (cosines @ np.log(triangles @ power)) * lifter
        row[0] = energy
        rows.append(row)
    return np.array(rows)


def test_coefficients_are_those_of_their_definition():
    """The library computes in float32."""
    samples = noise(length=4000) / 32768 * np.hanning(4000)
    found = features(samples.astype(np.float32))
    assert found.shape == (1 + (4000 - 400) // 160, 39) and found.dtype == np.float32
    np.testing.assert_allclose(found[:, :13], coefficients(samples), rtol=0.0, atol=2e-3)
    np.testing.assert_allclose(found[:, 13:26], slopes(found[:, :13]), atol=1e-6)
    np.testing.assert_allclose(found[:, 26:], slopes(slopes(found[:, :13])), atol=1e-5)


def test_louder_sound_changes_the_energy_alone():
    """log((10 x)^2) = log(x^2) + 2 log 10; the other coefficients sum to 0 over a constant."""
    samples = (noise(length=2000) / 32768).astype(np.float32)
    change = features(10.0 * samples)[:, :13] - features(samples)[:, :13]
    np.testing.assert_allclose(change[:, 0], 2 * np.log(10.0), atol=1e-3)
    np.testing.assert_allclose(change[:, 1:], 0.0, atol=5e-3)


@given(st.floats(-5.0, 5.0), st.floats(-5.0, 5.0), st.integers(5, 20))
def test_slope_of_a_line(slope, start, length):
    """Exact but for two frames at each end, where the line is continued as a constant."""
    line = (start + slope * np.arange(length))[:, None]
    np.testing.assert_allclose(slopes(line)[2:-2], slope, atol=1e-9)


def test_slopes_are_those_of_least_squares():
    values = np.random.default_rng(1).standard_normal((9, 2))
    found = slopes(values)
    for t in range(2, 7):
        fitted = np.polyfit(np.arange(-2, 3), values[t - 2:t + 3], 1)[0]
        np.testing.assert_allclose(found[t], fitted, atol=1e-12)


@pytest.mark.parametrize("n_samples", [400, 559, 560])
def test_the_shortest_sounds(n_samples):
    found = features((noise(length=n_samples) / 32768).astype(np.float32))
    assert found.shape == (1 + (n_samples == 560), 39) and np.all(np.isfinite(found))


def test_silence_has_finite_features():
    assert np.all(np.isfinite(features(np.zeros(1000, dtype=np.float32))))
