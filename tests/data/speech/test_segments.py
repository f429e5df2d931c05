"""Labels at the centres of windows."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech.segments import Segments, frame_labels, n_frames

PHONES = ("a", "b", "c")


@given(st.integers(0, 5000))
def test_only_whole_windows_count(n_samples):
    """Windows start at 0, 160, ... and have 400 samples."""
    assert n_frames(n_samples) == sum(160 * i + 400 <= n_samples for i in range(50))


@given(st.lists(st.integers(1, 900), min_size=1, max_size=20), st.data())
def test_a_label_is_the_phone_at_the_windows_centre(lengths, data):
    """Against a sound that has the phone's number in every sample."""
    numbers = data.draw(st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths)))
    sound = np.repeat(numbers, lengths)
    frames = n_frames(len(sound))
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    segments = Segments(tuple(map(float, starts)), tuple(PHONES[i] for i in numbers))
    labels = frame_labels(segments, PHONES, frames)
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(labels, [sound[160 * i + 200] for i in range(frames)])


def test_nothing_drifts_in_a_long_utterance():
    """Phones of exactly ten frames: after a minute they still change at every tenth."""
    starts = tuple(200.0 + 1600.0 * i for i in range(600))
    labels = frame_labels(Segments(starts, ("a", "b") * 300), PHONES, 6000)
    np.testing.assert_array_equal(labels.reshape(600, 10), np.tile([[0], [1]], (300, 10)))


def test_the_last_phone_lasts_to_the_end():
    np.testing.assert_array_equal(frame_labels(Segments((0.0, 250.0), ("a", "c")), PHONES, 5),
                                  [0, 2, 2, 2, 2])
