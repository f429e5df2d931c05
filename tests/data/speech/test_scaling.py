"""Mappings of features, fitted to the training set."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.data.speech import scale
from pynn_eprop.errors import DataError
from tests.data.speech.corpora import small_corpus


@given(st.integers(0, 2**31))
def test_range_maps_the_training_set_onto_0_to_1(seed):
    corpus = small_corpus(seed)
    found = scale(corpus, "range")
    training = np.concatenate([each.features for each in found["train"]])
    np.testing.assert_array_equal(training.min(axis=0), 0.0)
    np.testing.assert_array_equal(training.max(axis=0), 1.0)
    raw = np.concatenate([each.features for each in corpus["train"]])
    low, high = raw.min(axis=0), raw.max(axis=0)
    for before, after in zip(corpus, found, strict=True):
        expected = np.clip((before.features - low) / (high - low), 0.0, 1.0)
        np.testing.assert_allclose(after.features, expected, atol=1e-6)


def test_what_lies_outside_in_other_sets_is_cut():
    found = scale(small_corpus(spread=5.0), "range")
    others = np.concatenate([each.features for each in found["test"]])
    assert others.min() == 0.0 and others.max() == 1.0


@given(st.integers(0, 2**31))
def test_standard_gives_the_training_set_mean_0_and_deviation_1(seed):
    found = scale(small_corpus(seed), "standard")
    training = np.concatenate([each.features for each in found["train"]]).astype(float)
    np.testing.assert_allclose(training.mean(axis=0), 0.0, atol=1e-5)
    np.testing.assert_allclose(training.std(axis=0), 1.0, atol=1e-5)
    assert all(each.features.dtype == np.float32 for each in found)


@pytest.mark.parametrize("scaling", ["range", "standard"])
def test_a_channel_that_never_changes_stays_finite(scaling):
    found = scale(small_corpus(constant_channel=True), scaling)
    assert all(np.all(np.isfinite(each.features)) for each in found)
    assert all(not each.features[:, 0].any() for each in found["train"])


def test_checksum_and_labels_stay():
    corpus = small_corpus()
    found = scale(corpus, "range")
    assert (found.scaling, corpus.scaling, found.checksum) == ("range", "none", corpus.checksum)
    assert scale(corpus, "none") is corpus
    for before, after in zip(corpus, found, strict=True):
        np.testing.assert_array_equal(before.labels, after.labels)
        assert (before.name, before.speaker) == (after.name, after.speaker)


def test_what_is_refused():
    with pytest.raises(DataError, match=r"scaling='log' is unknown; choose one of \['range', "):
        scale(small_corpus(), "log")
    with pytest.raises(DataError, match="mapped before"):
        scale(scale(small_corpus(), "range"), "standard")
