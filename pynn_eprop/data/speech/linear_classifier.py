"""A linear classifier of frames, the floor that a recurrent network has to be better than.

Multinomial logistic regression on each frame with its neighbours, as many to both sides. Features
are standardised, and continued beyond the ends of an utterance as 0, the training set's mean.
"""

from typing import Any

import numpy as np

from pynn_eprop.data.speech.corpus import TRAIN, Corpus, Utterance
from pynn_eprop.data.speech.scaling import SCALINGS, STANDARD
from pynn_eprop.errors import MissingDependencyError

CONTEXT = 5             # frames to each side
N_FRAMES = 150_000      # of the training set, drawn; more cost time and gain little
_STRENGTH = 1e-3        # of the squared regulariser, beside the mean cross-entropy
_STEPS = 300


def linear_floor(corpus: Corpus, context: int = CONTEXT, frames: int = N_FRAMES,
                 seed: int = 1) -> dict[str, float]:
    """Accuracy per frame in each set, also in training.

    corpus: with features as computed or mapped in any way; they are standardised here. frames:
    how many are drawn for training. Raises :class:`MissingDependencyError` without scikit-learn.
    """
    make = classifier_class()
    standardise = SCALINGS[STANDARD](np.concatenate([each.features for each in corpus[TRAIN]]))
    standard = corpus.with_features(STANDARD, [standardise(each.features) for each in corpus])
    inputs, labels = _drawn(standard[TRAIN], context, frames, np.random.default_rng(seed))
    classifier = make(C=1.0 / (_STRENGTH * len(labels)), max_iter=_STEPS)
    classifier.fit(inputs, labels)
    return {name: _accuracy(classifier, utterances, context)
            for name, utterances in standard.sets.items()}


def classifier_class() -> Any:
    """Scikit-learn's. Raises :class:`MissingDependencyError` without it."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise MissingDependencyError("a linear classifier needs scikit-learn: pip install "
                                     "'pynn_eprop[decode]'") from error
    return LogisticRegression


def with_context(features: np.ndarray, context: int) -> np.ndarray:
    """Each frame with its neighbours: (frames, (2 context + 1) channels), the earliest first."""
    padded = np.pad(features, ((context, context), (0, 0)))
    return np.concatenate([padded[k:k + len(features)] for k in range(2 * context + 1)], axis=1)


def _drawn(utterances: tuple[Utterance, ...], context: int, frames: int,
           rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    total = sum(each.n_frames for each in utterances)
    chosen = np.zeros(total, dtype=bool)
    chosen[rng.permutation(total)[:frames]] = True
    inputs, labels, at = [], [], 0
    for each in utterances:
        here = chosen[at:at + each.n_frames]
        inputs.append(with_context(each.features, context)[here])
        labels.append(each.labels[here])
        at += each.n_frames
    return np.concatenate(inputs), np.concatenate(labels)


def _accuracy(classifier: Any, utterances: tuple[Utterance, ...], context: int) -> float:
    hits = sum(int(np.count_nonzero(
        classifier.predict(with_context(each.features, context)) == each.labels))
        for each in utterances)
    return hits / sum(each.n_frames for each in utterances)
