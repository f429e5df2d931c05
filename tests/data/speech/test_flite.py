"""What flite says, and what it prints."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech import flite
from pynn_eprop.data.speech.flite import PHONES, PITCH, flite_version, parse_durations, speak
from pynn_eprop.errors import DataError, MissingDependencyError
from tests.data.speech.tools import needs_flite

WORDS = "she saw six small ships"


@given(st.lists(st.tuples(st.sampled_from(PHONES), st.integers(1, 900)), min_size=1, max_size=20))
def test_printed_durations_are_read(spoken):
    ends = np.cumsum([length for _, length in spoken])
    printed = " ".join(f"{phone}:{end / 1000:.3f}"
                       for (phone, _), end in zip(spoken, ends, strict=True))
    segments = parse_durations(printed + "\n", "text")
    assert segments.phones == tuple(phone for phone, _ in spoken)
    np.testing.assert_allclose(segments.starts, 16.0 * np.concatenate([[0], ends[:-1]]))


@pytest.mark.parametrize("printed", ["", "pau", "pau:0.2 s:0.1", "pau:0.2 xx:0.4", "pau:-1",
                                     "pau:nan", "pau:0.2 s", "error: no voice"])
def test_anything_else_is_refused(printed):
    with pytest.raises(DataError, match=r"flite printed .* for 'text', not"):
        parse_durations(printed, "text")


@needs_flite
@pytest.mark.parametrize("voice", PITCH)
def test_labels_lie_where_the_sound_is(voice, tmp_path):
    """Hiss is above 3 kHz: the phone "s" has more of its power there than vowels have."""
    sound = speak(WORDS, voice, 1.0, 1.0, tmp_path)
    starts = [*map(int, sound.segments.starts), len(sound.samples)]
    share = {"s": [], "vowel": [], "pau": []}
    for phone, start, end in zip(sound.segments.phones, starts[:-1], starts[1:], strict=True):
        kind = "vowel" if phone[0] in "aeiou" else phone
        if kind in share:
            power = np.abs(np.fft.rfft(sound.samples[start:end])) ** 2
            high = power[int(len(power) * 3 / 8):].sum()
            share[kind].append((high / power.sum(), power.sum() / (end - start) ** 2))
    assert len(share["s"]) >= 4 and len(share["vowel"]) == 5
    assert min(high for high, _ in share["s"]) > 2 * max(high for high, _ in share["vowel"])
    assert max(power for _, power in share["pau"]) < 0.02 * min(
        power for _, power in share["vowel"])


@needs_flite
@pytest.mark.parametrize("voice", PITCH)
def test_the_labels_are_as_long_as_the_sound(voice, tmp_path):
    """But for the last pause of kal16, which is 0.1 s shorter in the sound."""
    short, long = (speak(WORDS, voice, tempo, 1.0, tmp_path) for tempo in (0.8, 1.2))
    for sound in (short, long):
        assert sound.segments.phones[0] == sound.segments.phones[-1] == "pau"
        assert sound.segments.starts[-1] < len(sound.samples)
        assert np.abs(sound.samples).max() <= 1.0
    assert len(long.samples) / len(short.samples) == pytest.approx(1.5, rel=0.05)
    assert long.segments.starts[-1] / short.segments.starts[-1] == pytest.approx(1.5, rel=0.05)


def pitch_of(sound):
    """Median over windows of the shift with the highest autocorrelation, Hz."""
    found = []
    for start in range(0, len(sound.samples) - 800, 160):
        window = sound.samples[start:start + 800]
        shifted = np.correlate(window, window, "full")[799:]
        best = int(np.argmax(shifted[50:270])) + 50
        if shifted[0] > 0.1 and shifted[best] > 0.6 * shifted[0]:
            found.append(16000 / best)
    return np.median(found)


@needs_flite
@pytest.mark.parametrize(("voice", "expected"), [
    ("kal16", 1.5), ("awb", 1.5), ("slt", 1.5), ("rms", 1.0)])
def test_pitch_follows_the_factor_but_for_one_voice(voice, expected, tmp_path):
    low, high = (pitch_of(speak("all our old aunts are away now", voice, 1.0, pitch, tmp_path))
                 for pitch in (0.8, 1.2))
    assert high / low == pytest.approx(expected, rel=0.08)


@needs_flite
def test_the_same_words_are_the_same_sound(tmp_path):
    first, second = (speak(WORDS, "slt", 0.9, 1.1, tmp_path) for _ in range(2))
    np.testing.assert_array_equal(first.samples, second.samples)
    assert first.segments == second.segments


@needs_flite
def test_version_and_a_word_on_its_own():
    assert flite_version()[0].isdigit()
    assert flite.pronounce("ship") == ["sh", "ih", "p"]


def program(folder, monkeypatch, script):
    """Put a program in the place of flite."""
    path = folder / "flite"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_without_flite(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="apt-get install flite"):
        flite_version()


def test_without_a_voice(monkeypatch, tmp_path):
    program(tmp_path, monkeypatch, "echo Voices available: kal awb slt")
    with pytest.raises(MissingDependencyError, match="kal16, rms is missing"):
        flite_version()


@pytest.mark.parametrize(("script", "message"), [
    ("echo no memory >&2; exit 3", "failed with status 3: no memory"),
    ("echo pau:0.1 s:0.2", "flite left no sound for 'words'"),
    ("kill -9 $$", "failed with status -9"),
])
def test_a_flite_that_fails(monkeypatch, tmp_path, script, message):
    program(tmp_path, monkeypatch, script)
    with pytest.raises(DataError) as caught:
        speak("words", "slt", 1.0, 1.0, tmp_path)
    assert message in str(caught.value)
