"""Phones of an utterance, one after another in time, and the labels of frames."""

from dataclasses import dataclass

import numpy as np

SAMPLING_RATE = 16000       # Hz
WINDOW = 400                # samples of a frame: 25 ms
STEP = 160                  # samples from one frame to the next: 10 ms


@dataclass(frozen=True)
class Segments:
    """Phones and the samples at which they start, in order; the first starts at 0 or before.

    Each lasts until the next one starts, the last one to the end of the sound.
    """

    starts: tuple[float, ...]
    phones: tuple[str, ...]


def n_frames(n_samples: int) -> int:
    """Number of whole windows in a sound."""
    return max(0, 1 + (n_samples - WINDOW) // STEP)


def frame_labels(segments: Segments, phones: tuple[str, ...], frames: int) -> np.ndarray:
    """The phone at the centre of each window, as its index in ``phones``, uint8.

    Frame i covers samples 160 i to 160 i + 400, so that nothing drifts: its centre is at sample
    160 i + 200.
    """
    centres = STEP * np.arange(frames) + WINDOW / 2
    place = np.searchsorted(np.asarray(segments.starts), centres, side="right") - 1
    index = np.array([phones.index(phone) for phone in segments.phones], dtype=np.uint8)
    return index[np.maximum(place, 0)]
