"""Mappings of features, fitted to the training set alone."""

from collections.abc import Callable

import numpy as np

from pynn_eprop.data.speech.corpus import TRAIN, Corpus
from pynn_eprop.errors import DataError

Mapping = Callable[[np.ndarray], np.ndarray]

NONE, RANGE, STANDARD = "none", "range", "standard"


def scale(corpus: Corpus, scaling: str) -> Corpus:
    """The corpus with its features mapped.

    scaling: "range" maps the smallest and largest value of each channel in the training set to 0
    and 1, as in the paper, and cuts what lies outside in other sets; "standard" maps mean and
    standard deviation of each channel there to 0 and 1; "none" leaves them.
    Raises :class:`DataError` for another name, or a corpus that was mapped before.
    """
    if scaling not in SCALINGS:
        raise DataError(f"scaling={scaling!r} is unknown; choose one of {list(SCALINGS)}")
    if corpus.scaling != NONE:
        raise DataError(f"the features were mapped before (scaling {corpus.scaling!r})")
    if scaling == NONE:
        return corpus
    mapping = SCALINGS[scaling](np.concatenate([each.features for each in corpus[TRAIN]]))
    return corpus.with_features(scaling, [mapping(utterance.features) for utterance in corpus])


def _to_range(training: np.ndarray) -> Mapping:
    low, high = training.min(axis=0), training.max(axis=0)
    span = _not_zero(high - low)
    return lambda features: np.clip((features - low) / span, 0.0, 1.0)


def _to_standard(training: np.ndarray) -> Mapping:
    mean = training.mean(axis=0, dtype=np.float64)
    deviation = _not_zero(training.std(axis=0, dtype=np.float64))
    return lambda features: ((features - mean) / deviation).astype(np.float32)


def _not_zero(span: np.ndarray) -> np.ndarray:
    """A channel that never changes stays constant."""
    return np.where(span > 0.0, span, 1.0).astype(span.dtype)


SCALINGS: dict[str, Callable[[np.ndarray], Mapping]] = {
    RANGE: _to_range, STANDARD: _to_standard, NONE: lambda training: lambda features: features}
"""Names of mappings, the paper's first."""
