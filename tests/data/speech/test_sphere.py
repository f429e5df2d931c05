"""SPHERE files: headers drawn and damaged, samples."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech.sphere import decode_sound, read_sound, sphere_header
from pynn_eprop.errors import DataError
from tests.data.speech.timit_copy import noise, sphere

NAMES = st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=20).filter(
    lambda name: name != "end_head")
WORDS = st.text("abcxyz0123. ", min_size=1, max_size=20).map(str.strip).filter(bool)
FIELDS = st.dictionaries(NAMES, st.one_of(
    st.integers(-2**31, 2**31), WORDS,
    st.floats(allow_nan=False, allow_infinity=False)), max_size=12)


def written(fields):
    lines = [f"{name} -{'i' if isinstance(value, int) else 'r'} {value!r}"
             if not isinstance(value, str) else f"{name} -s{len(value)} {value}"
             for name, value in fields.items()]
    return "\n".join(["NIST_1A", "   2048", *lines, "end_head\n"]).encode().ljust(2048)


@given(FIELDS)
def test_fields_are_read_back(fields):
    assert sphere_header(written(fields) + b"\0\1" * 10) == fields


@given(FIELDS, st.integers(0, 2047))
def test_a_header_that_is_cut_off_is_refused(fields, length):
    with pytest.raises(ValueError, match="its header"):
        sphere_header(written(fields)[:length])


@given(st.binary(max_size=100))
def test_other_bytes_are_no_sound(data):
    for start in (b"", b"NIST_1A\n", b"NIST_1A\n   1024\n"):
        with pytest.raises(DataError, match=r"^here is not a sound in NIST SPHERE or RIFF format"):
            decode_sound(start + data, "here")


def test_a_header_like_timits():
    """Lines end with or without spaces; a string may be empty."""
    lines = ["NIST_1A", "   1024", "database_id -s5 TIMIT", "note -s0", "sample_count -i 46797 ",
             "end_head"]
    found = sphere_header("\n".join(lines).encode().ljust(1024))
    assert found == {"database_id": "TIMIT", "note": "", "sample_count": 46797}


def test_a_line_that_is_no_field():
    data = b"NIST_1A\n   1024\nsample_rate 16000\nend_head\n".ljust(1024)
    with pytest.raises(ValueError, match="its header has a line 'sample_rate 16000'"):
        sphere_header(data)


def test_samples_are_fractions_of_the_full_scale(tmp_path):
    """16 bits: -32768 is -1."""
    samples = np.array([-32768, 0, 16384, *noise(length=500)], dtype=np.int16)
    (tmp_path / "a.wav").write_bytes(sphere(samples))
    read = read_sound(tmp_path / "a.wav")
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read * 32768, samples)


def test_compressed_speech_is_refused():
    """Files of later distributions are compressed by "shorten", which has to be undone first."""
    with pytest.raises(DataError, match="here is not a sound in NIST SPHERE or RIFF format, "
                                        "uncompressed"):
        decode_sound(sphere(noise(), coding="pcm,embedded-shorten-v2.00"), "here")


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(DataError, match=r"a.wav cannot be read: No such file"):
        read_sound(tmp_path / "a.wav")
