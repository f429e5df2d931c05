"""Stretches of text."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech.sentences import choose_sentences
from pynn_eprop.errors import DataError
from tests.data.speech.tools import TEXT


@given(st.integers(0, 2**31))
def test_each_is_4_to_8_words_that_follow_each_other_in_a_sentence(seed):
    found = choose_sentences(TEXT, 15, seed)
    assert len(set(found)) == 15
    sentences = [" ".join(re.findall("[a-z]+", part))
                 for part in re.split(r'[.!?;,"]', TEXT.lower().replace("mr.", "mr"))]
    for stretch in found:
        assert 4 <= len(stretch.split()) <= 8
        assert any(stretch in sentence for sentence in sentences), stretch


def test_no_word_of_the_text_is_in_two_stretches():
    words = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen"
    found = choose_sentences(words, 2, 1)
    used = " ".join(found).split()
    assert len(used) == len(set(used))


def test_the_seed_decides_and_more_begin_with_the_same():
    assert choose_sentences(TEXT, 15, 3) == choose_sentences(TEXT, 15, 3)
    assert choose_sentences(TEXT, 15, 3) != choose_sentences(TEXT, 15, 4)
    assert choose_sentences(TEXT, 9, 3) == choose_sentences(TEXT, 15, 3)[:9]


def test_a_text_that_is_too_short():
    with pytest.raises(DataError, match=r"the text has \d different stretches of 4 to 8 English "
                                        r"words; 10 utterances need a longer one"):
        choose_sentences("A few words are not enough for all of that.", 10, 1)
    with pytest.raises(DataError, match="the text has 0 different"):
        choose_sentences("Слова", 1, 1)
