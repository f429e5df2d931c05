"""Linear classifiers of eligibility traces, against scikit-learn on the features themselves."""

import sys

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from pynn_eprop.errors import MissingDependencyError
from pynn_eprop.experiments.decoding import classifier

FIT, TEST, WINDOWS, SYNAPSES = 60, 200, 4, 30


def data(seed=1, strength=1.0):
    """Features, of which window w tells the label apart with w times the strength."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 2, FIT + TEST)
    features = rng.normal(size=(FIT + TEST, WINDOWS, SYNAPSES)) * rng.uniform(0.1, 100, SYNAPSES)
    direction = rng.normal(size=SYNAPSES) * features.std(axis=(0, 1))
    for window in range(WINDOWS):
        features[:, window] += strength * window * np.outer(labels - 0.5, direction)
    return features, labels


def test_accuracies_are_those_of_a_logistic_regression_on_standardised_features():
    features, labels = data(strength=0.3)
    found, C = classifier.accuracies(features, labels, FIT, seed=3)
    assert C in classifier.INVERSE_STRENGTHS
    for window in range(WINDOWS):
        values = features[:, window]
        values = (values - values[:FIT].mean(axis=0)) / values[:FIT].std(axis=0)
        # its penalty counts weights of features that are not divided by the root of their number
        expected = LogisticRegression(C=C / SYNAPSES, max_iter=10_000, tol=1e-10).fit(
            values[:FIT], labels[:FIT])
        assert found[window] == expected.score(values[FIT:], labels[FIT:])
    assert found[-1] > 0.8


def test_without_information_the_answers_are_at_chance_and_with_it_they_are_right():
    features, labels = data(strength=3.0)
    found, _ = classifier.accuracies(features, labels, FIT, seed=3)
    assert abs(found[0] - 0.5) < 4 * 0.5 / np.sqrt(TEST)       # four standard deviations
    assert found[-1] > 0.99
    shuffled = np.random.default_rng(0).permutation(labels)
    found, _ = classifier.accuracies(features, shuffled, FIT, seed=3)
    assert np.all(np.abs(found - 0.5) < 4 * 0.5 / np.sqrt(TEST))


def test_traces_that_are_all_0_give_the_more_frequent_label():
    labels = np.array([0, 1, 1] * 20 + [1, 0, 0, 0])
    found, _ = classifier.accuracies(np.zeros((64, 2, 5), np.float32), labels, 60, seed=1)
    assert found.tolist() == [0.25, 0.25]


def test_the_strength_is_the_best_in_cross_validation():
    # many synapses of noise and one of signal, so that strengths differ much
    rng = np.random.default_rng(2)
    labels = rng.integers(0, 2, FIT + TEST)
    features = rng.normal(size=(FIT + TEST, 1, SYNAPSES))
    features[:, 0, 0] += 2.5 * (labels - 0.5)
    _, C = classifier.accuracies(features, labels, FIT, seed=3)

    def score(C):
        values = features[:FIT, 0]
        values = (values - values.mean(axis=0)) / values.std(axis=0)
        folds = StratifiedKFold(5, shuffle=True, random_state=0).split(values, labels[:FIT])
        return np.mean([LogisticRegression(C=C / SYNAPSES, max_iter=10_000).fit(
            values[fit], labels[fit]).score(values[test], labels[test]) for fit, test in folds])

    scores = {each: score(each) for each in classifier.INVERSE_STRENGTHS}
    assert scores[C] > max(scores.values()) - 0.05


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.linear_model", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'pynn_eprop\[decode\]'"):
        classifier.check_installed()
