"""The speech synthesiser flite: sound and phones of a text, with a voice, tempo and pitch."""

import re
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pynn_eprop.data.speech.segments import SAMPLING_RATE, Segments
from pynn_eprop.errors import DataError, MissingDependencyError

PITCH = {"kal16": 105.0, "awb": 130.0, "slt": 170.0, "rms": 100.0}
"""Voices at 16 kHz, and about which pitch in Hz each is asked to speak (rms does not listen)."""

PHONES = ("aa", "ae", "ah", "ao", "aw", "ax", "ay", "b", "ch", "d", "dh", "eh", "er", "ey", "f",
          "g", "hh", "ih", "iy", "jh", "k", "l", "m", "n", "ng", "ow", "oy", "p", "pau", "r", "s",
          "sh", "t", "th", "uh", "uw", "v", "w", "y", "z", "zh")
PAUSE = "pau"

_FULL_SCALE = 32768.0


@dataclass(frozen=True)
class Sound:
    """Samples in [-1, 1], float64, with the phones in them."""

    samples: np.ndarray
    segments: Segments


def flite_version() -> str:
    """The version of flite, with its voices checked.

    Raises :class:`MissingDependencyError` if it is not installed or lacks one of the voices.
    """
    if shutil.which("flite") is None:
        raise MissingDependencyError("making speech needs the program flite; on Debian or Ubuntu: "
                                     "apt-get install flite (as root)")
    voices = _call(["-lv"]).partition(":")[2].split()
    missing = [voice for voice in PITCH if voice not in voices]
    if missing:
        raise MissingDependencyError(f"this flite has the voices {voices}; {', '.join(missing)} "
                                     "is missing; on Debian or Ubuntu: apt-get install flite")
    version = re.search(r"version: flite-(\S+)", _call(["--version"], (0, 1)))
    return version[1] if version else "of unknown version"


def speak(text: str, voice: str, tempo: float, pitch: float, folder: Path) -> Sound:
    """What flite says.

    tempo: factor on the duration of phones. pitch: factor on the voice's. folder: for the sound's
    file. Raises :class:`DataError` if flite fails or says something else than expected.
    """
    file = folder / "speech.wav"
    file.unlink(missing_ok=True)
    printed = _call(["-voice", voice, "--setf", f"duration_stretch={tempo:.6f}",
                     "--setf", f"int_f0_target_mean={PITCH[voice] * pitch:.3f}",
                     "-psdur", "-t", text, "-o", str(file)])
    try:
        with wave.open(str(file)) as sound:
            rate, form = sound.getframerate(), (sound.getnchannels(), sound.getsampwidth())
            samples = np.frombuffer(sound.readframes(sound.getnframes()), dtype="<i2")
    except (OSError, EOFError, wave.Error, ValueError) as error:
        raise DataError(f"flite left no sound for {text!r}: {error}") from error
    if rate != SAMPLING_RATE or form != (1, 2):
        raise DataError(f"voice {voice} speaks at {rate} Hz, channels and bytes {form}; "
                        f"{SAMPLING_RATE} Hz and (1, 2) are needed")
    return Sound(samples / _FULL_SCALE, parse_durations(printed, text))


def pronounce(word: str) -> list[str]:
    """The phones of a word on its own, without pauses."""
    printed = _call(["-voice", "kal16", "-ps", "-t", word, "-o", "none"])
    return [phone for phone in printed.split() if phone != PAUSE]


def parse_durations(printed: str, text: str) -> Segments:
    """Phones from ``flite -psdur``: "phone:end" with ends in seconds.

    Raises :class:`DataError` for anything else.
    """
    phones, ends = [], []
    for word in printed.split():
        phone, colon, end = word.partition(":")
        if not colon or phone not in PHONES or not re.fullmatch(r"\d+(\.\d+)?", end):
            raise DataError(f"flite printed {word!r} for {text!r}, not a known phone and its end")
        phones.append(phone)
        ends.append(float(end) * SAMPLING_RATE)
    if not phones or ends != sorted(ends):
        raise DataError(f"flite printed {printed.strip()!r} for {text!r}, not phones in order")
    return Segments((0.0, *ends[:-1]), tuple(phones))


def _call(arguments: list[str], statuses: tuple[int, ...] = (0,)) -> str:
    # a process group of its own: Ctrl-C is for us, and what is being said is finished
    done = subprocess.run(["flite", *arguments], capture_output=True, stdin=subprocess.DEVNULL,
                          text=True, errors="replace", process_group=0)
    if done.returncode not in statuses:
        raise DataError(f"flite {' '.join(arguments)} failed with status {done.returncode}: "
                        f"{done.stderr.strip()}")
    return done.stdout
