"""What makes one voice sound like many in many rooms: pauses, size of the speaker, level, noise."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from pynn_eprop.data.speech.flite import PAUSE, Sound
from pynn_eprop.data.speech.segments import SAMPLING_RATE, Segments

TEMPO = (0.75, 1.2)             # factor on durations
PITCH = (0.8, 1.25)             # factor
PAUSES = (0.05, 0.12)           # s, what is left of the pauses at both ends
WARP = 1.15                     # largest factor of resampling, either way
LEVEL = 10.0                    # dB, largest change either way
NOISE_EXPONENT = (0.0, 1.5)     # of 1 / f^b in the noise's power
NOISE_RATIO = (5.0, 25.0)       # dB of the speech over the noise

_COARSE = 256       # lengths of resampled sounds are multiples of it


@dataclass(frozen=True)
class Variation:
    """How one utterance is spoken and recorded.

    tempo, pitch: factors for the synthesiser. pauses: seconds left at both ends. warp: factor of
    resampling; above 1 all frequencies and the tempo rise, as of a smaller speaker. gain: factor.
    noise_exponent: b of noise with power 1 / f^b. noise_ratio: dB of speech over noise.
    """

    tempo: float
    pitch: float
    pauses: tuple[float, float]
    warp: float
    gain: float
    noise_exponent: float
    noise_ratio: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """One of the ranges above, evenly."""
        return cls(rng.uniform(*TEMPO), rng.uniform(*PITCH),
                   (rng.uniform(*PAUSES), rng.uniform(*PAUSES)), WARP ** rng.uniform(-1.0, 1.0),
                   10.0 ** (rng.uniform(-LEVEL, LEVEL) / 20.0), rng.uniform(*NOISE_EXPONENT),
                   rng.uniform(*NOISE_RATIO))

    def of(self, sound: Sound, rng: np.random.Generator) -> Sound:
        """The sound after all but tempo and pitch; ``rng`` draws the noise."""
        sound = resample(shorten_pauses(sound, *self.pauses), self.warp)
        speech = sound.samples * self.gain
        noise = coloured_noise(len(speech), self.noise_exponent, rng)
        noise *= speech.std() * 10.0 ** (-self.noise_ratio / 20.0)
        return Sound(speech + noise, sound.segments)


def shorten_pauses(sound: Sound, before: float, after: float) -> Sound:
    """The sound with at most ``before`` and ``after`` seconds of its outer pauses."""
    starts, phones = np.asarray(sound.segments.starts), sound.segments.phones
    first, last = 0, len(sound.samples)
    if phones[0] == PAUSE and len(phones) > 1:
        first = max(0, round(starts[1] - before * SAMPLING_RATE))
    if phones[-1] == PAUSE and len(phones) > 1:
        last = min(last, round(starts[-1] + after * SAMPLING_RATE))
    shifted = tuple(float(start) for start in np.maximum(starts - first, 0.0))
    return Sound(sound.samples[first:last], Segments(shifted, phones))


def resample(sound: Sound, factor: float) -> Sound:
    """The sound with all frequencies times ``factor``, shorter by it, as an ideal filter does.

    The factor is rounded to lengths whose Fourier transforms are fast, by less than 0.5%.
    """
    n = len(sound.samples)
    length = _fast_length(n)
    new_length = _COARSE * round(length / (factor * _COARSE))
    change = new_length / length
    spectrum = np.fft.rfft(sound.samples, length)[:new_length // 2 + 1]
    samples = np.fft.irfft(spectrum, new_length) * change
    return Sound(samples[:round(n * change)],
                 Segments(tuple(start * change for start in sound.segments.starts),
                          sound.segments.phones))


def coloured_noise(n: int, exponent: float, rng: np.random.Generator) -> np.ndarray:
    """Noise whose power falls as 1 / f^exponent, of mean 0 and standard deviation 1."""
    spectrum = np.fft.rfft(rng.standard_normal(_fast_length(n)))
    spectrum[1:] /= np.arange(1, len(spectrum)) ** (exponent / 2.0)
    noise = np.fft.irfft(spectrum)[:n]
    return np.asarray((noise - noise.mean()) / noise.std())


def _fast_length(n: int) -> int:
    """The power of two that is not smaller than n, nor than 128 of the coarse steps."""
    return max(128 * _COARSE, 1 << (n - 1).bit_length())
