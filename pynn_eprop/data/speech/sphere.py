"""Sounds of TIMIT: NIST SPHERE files, or the same sounds as RIFF; checked against their headers."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.data.speech.features import EXTRA
from pynn_eprop.data.speech.segments import SAMPLING_RATE
from pynn_eprop.errors import DataError, MissingDependencyError

_MAGIC = b"NIST_1A\n"
_START = 16         # bytes before the fields: the mark and the header's length, a line each
_KINDS = {"i": int, "r": float}     # a number; -sN is a string of N bytes


def read_sound(path: Path) -> np.ndarray:
    """The samples of a file, as :func:`decode_sound`, and its errors."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    return decode_sound(data, path)


def decode_sound(data: bytes, file: object) -> np.ndarray:
    """Samples in [-1, 1], float32, of one channel at 16 kHz.

    Raises :class:`DataError` with the name of ``file`` for anything else, or one that is cut off;
    :class:`MissingDependencyError` without the library that decodes it.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:     # OSError: without its library in C
        raise MissingDependencyError(f"reading recorded speech needs soundfile with libsndfile: "
                                     f"{EXTRA}") from error
    try:
        header = sphere_header(data) if data.startswith(_MAGIC) else None
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            rate, channels = sound.samplerate, sound.channels
            samples = sound.read(dtype="float32")
    except (ValueError, RuntimeError) as error:
        raise DataError(f"{file} is not a sound in NIST SPHERE or RIFF format, uncompressed: "
                        f"{error}") from error
    if (rate, channels) != (SAMPLING_RATE, 1):
        raise DataError(f"{file} has {channels} channels at {rate} Hz; one at {SAMPLING_RATE} Hz "
                        "is needed")
    expected = len(samples) if header is None else header.get("sample_count")
    if len(samples) != expected:
        raise DataError(f"{file} is cut off: it has {len(samples)} samples, its header says "
                        f"{expected}")
    return np.asarray(samples)


def sphere_header(data: bytes) -> dict[str, Any]:
    """The fields of a SPHERE header. Raises :class:`ValueError` for one that is damaged.

    "NIST_1A", the header's length in bytes, then lines "name -type value" up to "end_head".
    """
    length = data[len(_MAGIC):_START].strip()
    if not data.startswith(_MAGIC) or not length.isdigit() \
            or not _START < int(length) <= len(data):
        raise ValueError("its header is cut off")
    fields: dict[str, Any] = {}
    for line in data[_START:int(length)].decode("latin-1").split("\n"):
        if line.strip() == "end_head":
            return fields
        if line.strip() and not line.startswith(";"):
            name, value = _field(line)
            fields[name] = value
    raise ValueError("its header has no end_head")


def _field(line: str) -> tuple[str, Any]:
    parts = re.fullmatch(r"(\S+)\s+-([irs])\d*(?:\s(.*))?", line)
    if parts is None:
        raise ValueError(f"its header has a line {line[:40]!r}")
    name, kind, value = parts.groups(default="")
    return name, _KINDS.get(kind, str)(value)
