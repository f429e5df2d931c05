"""Lines of PHN files, drawn and damaged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech.phn import PHONES, parse_phn
from pynn_eprop.errors import DataError

LENGTHS = st.lists(st.integers(1, 5000), min_size=1, max_size=30)


@given(LENGTHS, st.integers(0, 2000), st.sampled_from(["\n", "\r\n", "\n\n"]), st.data())
def test_lines_that_follow_each_other_are_read_back(lengths, rest, ending, data):
    phones = data.draw(st.lists(st.sampled_from(PHONES), min_size=len(lengths),
                                max_size=len(lengths)))
    ends = [sum(lengths[:i + 1]) for i in range(len(lengths))]
    starts = [0, *ends[:-1]]
    text = "".join(f"{start} {end} {phone}{ending}"
                   for start, end, phone in zip(starts, ends, phones, strict=True))
    segments = parse_phn(text, ends[-1] + rest, "a.phn")
    assert segments.starts == tuple(starts) and segments.phones == tuple(phones)


@given(st.text())
def test_any_other_text_is_refused_with_the_files_name(text):
    """Whatever is read satisfies what a PHN file promises, and all else is an error of ours."""
    try:
        segments = parse_phn(text, 1000, "a.phn")
    except DataError as error:
        assert str(error).startswith("a.phn")
    else:
        assert segments.starts[0] == 0 and list(segments.starts) == sorted(set(segments.starts))


@given(LENGTHS.filter(lambda lengths: len(lengths) > 1), st.data())
def test_an_overlap_is_refused_with_its_line(lengths, data):
    ends = [sum(lengths[:i + 1]) for i in range(len(lengths))]
    starts = [0, *ends[:-1]]
    line = data.draw(st.integers(1, len(lengths) - 1))
    starts[line] -= data.draw(st.integers(1, starts[line]))
    text = "".join(f"{start} {end} s\n" for start, end in zip(starts, ends, strict=True))
    with pytest.raises(DataError, match=rf"line {line + 1}: .* starts before the phone above"):
        parse_phn(text, ends[-1], "a.phn")


@pytest.mark.parametrize(("text", "message"), [
    ("", "a.phn has no phones"),
    ("\n \n", "a.phn has no phones"),
    ("10 20 h#", "line 1: '10 20 h#' is the first phone and does not start at 0"),
    ("0 10 h#\n\n10 x iy", "line 3: '10 x iy' is not of the form"),
    ("0 10 h#\n10 20", "line 2: '10 20' is not of the form"),
    ("0 10 h# h#", "is not of the form"),
    ("-1 10 h#", "is not of the form"),
    ("0 10.0 h#", "is not of the form"),
    ("0 ١٠ h#", "is not of the form"),
    ("0 10 H#", "has a phone that is not one of TIMIT's 61"),
    ("0 0 h#", "does not end between its start and the end of the sound, at 100"),
    ("0 101 h#", "does not end between its start and the end of the sound, at 100"),
])
def test_what_is_refused(text, message):
    with pytest.raises(DataError) as caught:
        parse_phn(text, 100, "a.phn")
    assert message in str(caught.value)


def test_a_gap_belongs_to_the_phone_before_it():
    assert parse_phn("0 10 h#\n15 20 s\n", 30, "a.phn").starts == (0, 15)
