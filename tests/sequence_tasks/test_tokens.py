"""Words of a text, and the vocabulary."""

import string
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.errors import TaskError
from pynn_eprop.sequence_tasks.word_prediction.tokens import (
    make_vocabulary,
    numbers_of,
    words_of_lines,
    words_of_prose,
)

TEXT = """CHAPTER I.

"_Indeed_, Mr. Bennet!" -- 'tis  Lizzy's
to-morrow; aunt’s café, 1811.
\t
* * *

The end"""


def test_words_of_prose():
    """Lower case, apostrophes inside a word, one mark after each paragraph that has words."""
    assert " ".join(words_of_prose(TEXT)) == (
        "chapter i <eop> indeed mr bennet tis lizzy's to morrow aunt's café <eop> the end <eop>")
    assert words_of_prose("") == words_of_prose(" \n\n 12 -- \n\n") == []


def test_words_of_lines():
    """As the Penn Treebank files are: cut with spaces, <unk> and N among the words."""
    assert words_of_lines(" mr. <unk> is N years old \n he 's\n") == [
        "mr.", "<unk>", "is", "N", "years", "old", "<eos>", "he", "'s", "<eos>"]
    assert words_of_lines("one\r\n\ntwo") == ["one", "<eos>", "<eos>", "two", "<eos>"]


WORD = st.text(string.ascii_lowercase, min_size=1, max_size=4)
PARAGRAPHS = st.lists(st.lists(WORD, min_size=1, max_size=5), min_size=1, max_size=5)


@given(PARAGRAPHS, st.sampled_from([" ", "  ", "\n", ", ", "--"]),
       st.sampled_from(["\n\n", "\n \n", "\n\n\n\n"]))
def test_prose_is_the_words_between_what_separates_them(paragraphs, between, blank):
    text = blank.join(between.join(words) for words in paragraphs)
    assert words_of_prose(text) == words_of_prose(text.upper()) == [
        word for words in paragraphs for word in [*words, "<eop>"]]


@given(st.lists(st.lists(WORD, max_size=5), max_size=5))
def test_lines_are_their_words_and_an_end_each(lines):
    text = "".join(" ".join(words) + "\n" for words in lines)
    assert words_of_lines(text) == [word for words in lines for word in [*words, "<eos>"]]


WORDS = st.lists(st.sampled_from(["a", "b", "c", "d", "e", "<unk>"]), min_size=1, max_size=40)


@given(WORDS, st.integers(2, 6))
def test_the_vocabulary_has_the_most_frequent_words(words, size):
    counts = Counter(word for word in words if word != "<unk>")
    if size > len(counts) + 1:
        with pytest.raises(TaskError, match=f"choose at most {len(counts) + 1}$"):
            make_vocabulary(words, size)
        return
    found = make_vocabulary(words, size)
    assert found[0] == "<unk>" and len(set(found)) == len(found) == size
    least = min(counts[word] for word in found[1:])
    assert all(counts[word] <= least for word in counts.keys() - set(found))
    kept = [counts[word] for word in found[1:]]
    assert kept == sorted(kept, reverse=True)
    numbers = numbers_of(words, found)
    assert numbers.dtype == "int32"
    assert [found[number] for number in numbers] == [
        word if word in found else "<unk>" for word in words]


def test_ties_are_broken_by_the_alphabet():
    assert make_vocabulary(["b", "a", "c", "c", "d"], 4) == ("<unk>", "c", "a", "b")


def test_a_vocabulary_of_all_words_of_the_treebank_is_whole():
    """Its 10,000 words have <unk> among them; with a vocabulary of 10,000 none is lost."""
    words = [f"w{number}" for number in range(9)] + ["<unk>"]
    assert set(make_vocabulary(words, 10)) == set(words)
    with pytest.raises(TaskError, match="vocabulary=11 is more than the 9 different words of the"):
        make_vocabulary(words, 11)
