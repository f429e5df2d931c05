"""Numbers about a corpus."""

import numpy as np
import pytest

from pynn_eprop.data.speech import Corpus, Utterance, describe
from pynn_eprop.data.speech.statistics import lines


def labelled(name, labels, speaker="one"):
    return Utterance(name, speaker, np.zeros((len(labels), 39), np.float32),
                     np.array(labels, np.uint8))


CORPUS = Corpus("counted by hand", ("a", "b", "c"), {
    "train": (labelled("1", [1, 1, 1, 0]), labelled("2", [2, 2, 1, 0, 1, 1], "two")),
    "test": (labelled("3", [1, 0, 0, 2]),)})


def test_counted_by_hand():
    """Training has 6 frames of b, 2 of a and 2 of c; b is 1 of 4 in the test set."""
    found = describe(CORPUS)
    assert found.phones == {"b": 0.6, "a": 0.2, "c": 0.2}
    train = found.sets["train"]
    assert (train.utterances, train.speakers, train.frames) == (2, 2, 10)
    assert (train.shortest, train.median, train.longest) == (4, 5.0, 6)
    assert train.majority == pytest.approx(0.6)
    assert found.sets["test"].majority == pytest.approx(0.25)
    assert list(found.sets) == ["train", "test"]


def test_as_text():
    text = lines(CORPUS)
    assert text[0] == ("counted by hand: 3 utterances, 3 phones, 39 channels, checksum "
                       + CORPUS.checksum[:16])
    assert "2 utterances of 2 speakers, 10 frames (4 to 6, median 5), majority 0.600" in text[1]
    assert "1 utterances of 1 speaker, 4 frames (4 to 4, median 4), majority 0.250" in text[2]
    assert text[3].endswith("b 60.0, a 20.0, c 20.0")
