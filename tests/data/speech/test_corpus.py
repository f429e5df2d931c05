"""A corpus in memory: what it holds, what it refuses."""

import numpy as np
import pytest

from pynn_eprop.data.speech import Corpus, Utterance
from pynn_eprop.errors import DataError
from tests.data.speech.corpora import PHONES, small_corpus, utterance

RNG = np.random.default_rng(1)


def test_it_cannot_be_written_to():
    corpus = small_corpus()
    first = corpus["train"][0]
    for array in (first.features, first.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    with pytest.raises(AttributeError):
        first.name = "other"
    with pytest.raises(AttributeError):
        corpus.phones = ()
    with pytest.raises(TypeError):
        corpus.sets["train"] = ()
    with pytest.raises(TypeError):
        corpus.origin["seed"] = 2


def test_arrays_given_stay_their_owners():
    """What is given is viewed, and stays writeable for whoever made it."""
    labels = np.zeros(3, dtype=np.uint8)
    Utterance("a", "one", np.zeros((3, 2), dtype=np.float32), labels)
    labels[0] = 1


def test_its_numbers():
    corpus = small_corpus()
    assert list(corpus.sets) == ["train", "validation", "test"]
    assert len(corpus) == len(list(corpus)) == 10
    assert corpus.n_channels == 4
    assert corpus.longest == max(len(each.labels) for each in corpus)
    assert corpus["train"][0].n_frames == len(corpus["train"][0].labels)


def test_a_set_that_is_not_there():
    with pytest.raises(DataError, match=r"drawn numbers has no set 'recorded'; its sets are "
                                        r"\['train', 'validation', 'test'\]"):
        small_corpus()["recorded"]


def test_the_checksum_is_that_of_all_contents():
    corpus = small_corpus()
    assert small_corpus().checksum == corpus.checksum and len(corpus.checksum) == 64
    sets = dict(corpus.sets)
    first = corpus["train"][0]
    features, labels = first.features.copy(), first.labels.copy()
    features[-1, -1] += 1e-6
    labels[-1] = (labels[-1] + 1) % 3
    others = [
        small_corpus(2),
        Corpus(corpus.source, ("a", "b", "d"), sets),
        Corpus(corpus.source, PHONES, {**sets, "test": sets["test"][::-1]}),
        Corpus(corpus.source, PHONES, {**sets, "test": sets["validation"],
                                       "validation": sets["test"]}),
        *(Corpus(corpus.source, PHONES, {**sets, "train": (changed, *sets["train"][1:])})
          for changed in (Utterance(first.name, first.speaker, features, first.labels),
                          Utterance(first.name, first.speaker, first.features, labels),
                          Utterance("other", first.speaker, first.features, first.labels),
                          Utterance(first.name, "other", first.features, first.labels)))]
    assert len({corpus.checksum, *(each.checksum for each in others)}) == 1 + len(others)
    assert Corpus(corpus.source, PHONES, sets, {"other": "origin"}).checksum == corpus.checksum


def test_one_more_set():
    corpus = small_corpus()
    more = corpus.with_set("recorded", (utterance("r", RNG),), {"reader": "me"})
    assert list(more.sets) == [*corpus.sets, "recorded"]
    assert dict(more.origin) == {"seed": 1, "reader": "me"}
    assert more.checksum != corpus.checksum


@pytest.mark.parametrize(("features", "labels"), [
    (np.zeros((3, 2)), np.zeros(3, np.uint8)),
    (np.zeros((3, 2), np.float32), np.zeros(3, int)),
    (np.zeros((3, 2), np.float32), np.zeros(4, np.uint8)),
    (np.zeros(3, np.float32), np.zeros(3, np.uint8)),
    (np.zeros((0, 2), np.float32), np.zeros(0, np.uint8)),
])
def test_arrays_that_are_no_utterance(features, labels):
    with pytest.raises(DataError, match="utterance a: features"):
        Utterance("a", "one", features, labels)


@pytest.mark.parametrize(("sets", "message"), [
    ({}, "needs utterances in its training set"),
    ({"train": ()}, "needs utterances in its training set"),
    ({"train": (utterance("a", RNG),), "extra": ()}, "no set 'extra'; sets are"),
    ({"train": (utterance("a", RNG),), "test": (utterance("a", RNG),)}, "a is there twice"),
    ({"train": (utterance("a", RNG), utterance("b", RNG, channels=5))}, "b has 5 channels"),
])
def test_sets_that_do_not_fit_together(sets, message):
    with pytest.raises(DataError, match=message):
        Corpus("drawn", PHONES, sets)


def test_a_label_without_a_phone():
    with pytest.raises(DataError, match="there are 1 phones"):
        Corpus("drawn", PHONES[:1], {"train": (utterance("a", RNG, frames=20),)})
