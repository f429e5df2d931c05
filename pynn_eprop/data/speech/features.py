"""Mel frequency cepstral coefficients and their derivatives: 39 channels, a frame each 10 ms.

13 coefficients, the first of them the logarithm of the window's energy, by the library
kaldi-native-fbank; then their slopes over 2 frames to each side, and the slopes of these. Only
whole windows are taken: n samples make 1 + (n - 400) // 160 frames.
"""

from functools import lru_cache
from importlib import metadata
from typing import Any

import numpy as np

from pynn_eprop.data.speech.segments import SAMPLING_RATE, STEP, WINDOW, n_frames
from pynn_eprop.errors import MissingDependencyError

N_COEFFICIENTS = 13
N_CHANNELS = 3 * N_COEFFICIENTS
N_FILTERS = 26
PREEMPHASIS, LIFTER = 0.97, 22
SLOPE_FRAMES = 2            # to each side

EXTRA = "pip install 'pynn_eprop[speech]'"


def features(samples: np.ndarray) -> np.ndarray:
    """The 39 channels of a sound, float32 (frames, 39).

    samples: float32 in [-1, 1] at 16 kHz, not shorter than a window of 400.
    """
    first = _coefficients(samples)
    second = slopes(first)
    return np.concatenate([first, second, slopes(second)], axis=1).astype(np.float32)


def slopes(values: np.ndarray) -> np.ndarray:
    """Slope of the line of least squares through each frame and its neighbours.

    sum_k k (c_{t+k} - c_{t-k}) / (2 sum_k k^2), k = 1..2; the ends are continued as constants.
    """
    n = SLOPE_FRAMES
    padded = np.pad(values.astype(np.float64), ((n, n), (0, 0)), mode="edge")
    total = sum(k * (padded[n + k:len(values) + n + k] - padded[n - k:len(values) + n - k])
                for k in range(1, n + 1))
    return np.asarray(total / (2 * sum(k * k for k in range(1, n + 1))))


def describe_features() -> dict[str, Any]:
    """What the numbers depend on, for the origin of a corpus."""
    _library()
    return {"features": f"{N_COEFFICIENTS} MFCC of {WINDOW}-sample windows each {STEP} samples, "
                        f"{N_FILTERS} filters, slopes and their slopes",
            "kaldi-native-fbank": metadata.version("kaldi-native-fbank")}


def _coefficients(samples: np.ndarray) -> np.ndarray:
    analysis = _library().OnlineMfcc(_options())
    analysis.accept_waveform(SAMPLING_RATE, samples.tolist())
    analysis.input_finished()
    frames = n_frames(len(samples))
    assert analysis.num_frames_ready == frames
    return np.stack([analysis.get_frame(i) for i in range(frames)])


def _library() -> Any:
    try:
        import kaldi_native_fbank
    except ImportError as error:
        raise MissingDependencyError(f"features of speech need kaldi-native-fbank: {EXTRA}"
                                     ) from error
    return kaldi_native_fbank


@lru_cache(maxsize=1)
def _options() -> Any:
    options = _library().MfccOptions()
    window = options.frame_opts
    window.samp_freq = SAMPLING_RATE
    window.frame_length_ms = 1000.0 * WINDOW / SAMPLING_RATE
    window.frame_shift_ms = 1000.0 * STEP / SAMPLING_RATE
    window.dither = 0.0             # it would be random
    window.preemph_coeff = PREEMPHASIS
    window.window_type = "hamming"
    window.snip_edges = True        # whole windows only
    options.mel_opts.num_bins = N_FILTERS
    options.mel_opts.low_freq = 0.0
    options.mel_opts.high_freq = SAMPLING_RATE / 2
    options.num_ceps = N_COEFFICIENTS
    options.use_energy = True
    options.cepstral_lifter = float(LIFTER)
    return options
