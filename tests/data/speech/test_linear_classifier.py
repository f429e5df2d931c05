"""The linear classifier on classes whose best accuracy is known."""

import sys

import numpy as np
import pytest

from pynn_eprop.data.speech import Corpus, Utterance, linear_floor, scale
from pynn_eprop.data.speech.linear_classifier import with_context
from pynn_eprop.errors import MissingDependencyError
from tests.data.speech.corpora import PHONES, small_corpus

pytest.importorskip("sklearn")


def test_neighbours_of_each_frame():
    found = with_context(np.array([[1.0], [2.0], [3.0]]), 2)
    np.testing.assert_array_equal(found, [[0, 0, 1, 2, 3], [0, 1, 2, 3, 0], [1, 2, 3, 0, 0]])


def delayed_corpus(delay):
    """Frames whose label is the pattern of the frame ``delay`` later."""
    rng = np.random.default_rng(1)

    def utterance(name):
        labels = rng.integers(0, 3, 60)
        features = np.eye(3)[np.roll(labels, delay)] + 0.05 * rng.standard_normal((60, 3))
        return Utterance(name, "one", features.astype(np.float32), labels.astype(np.uint8))

    return Corpus("delayed", PHONES, {"train": tuple(utterance(f"a{i}") for i in range(20)),
                                      "test": tuple(utterance(f"b{i}") for i in range(10))})


def test_it_sees_as_far_as_its_context():
    """Labels are drawn evenly of three, so that frames that are not seen leave a third."""
    corpus = delayed_corpus(2)
    assert linear_floor(corpus, context=2)["test"] > 0.95
    assert linear_floor(corpus, context=1)["test"] == pytest.approx(1 / 3, abs=0.1)


def test_scaling_hardly_matters():
    """Features are standardised; the mapping is linear but for cut values of other sets."""
    corpus = small_corpus(training=60, noise=0.3)
    expected = linear_floor(corpus)
    assert expected.keys() == corpus.sets.keys() and expected["train"] > 0.9
    for scaling in ("range", "standard"):
        assert linear_floor(scale(corpus, scaling))["train"] == \
            pytest.approx(expected["train"], abs=0.02)


def test_frames_are_drawn_by_the_seed():
    corpus = small_corpus(training=60, noise=0.8)
    first, again, other = (linear_floor(corpus, frames=60, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'pynn_eprop\[decode\]'"):
        linear_floor(small_corpus())
