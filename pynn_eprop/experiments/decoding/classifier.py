"""Linear classifiers of a label from eligibility traces: logistic regression, squared regulariser.

One for each window of time. The regulariser counts the weights of standardised features, divided
by the square root of their number, so that its strength means the same for any number of synapses.
The classifiers work on the inner products of trials, which gives the same classifier as the
features themselves, with one number for each trial instead of one for each synapse.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from pynn_eprop.errors import MissingDependencyError

INVERSE_STRENGTHS = (1.0, 10.0, 100.0, 1000.0, 10_000.0)
"""scikit-learn's C, from which cross-validation chooses one for all windows."""
FOLDS = 5
_WINDOWS_OF_CHOICE = 24     # about so many take part in that
_NEWTON_STEPS = 100
_CONSTANT = 1e-6            # features that vary by less, relative to their size, are constant


def check_installed() -> None:
    """Raise :class:`MissingDependencyError` without scikit-learn."""
    try:
        import sklearn.linear_model  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            f"decode needs scikit-learn ({error}); install it with "
            "pip install 'pynn_eprop[decode]'") from error


@contextmanager
def one_thread() -> Iterator[None]:
    """A context in which linear algebra keeps to one thread: the matrices are small.

    Nor does scikit-learn check parameters, which are all from here, at each of thousands of fits.
    """
    from sklearn import config_context
    from threadpoolctl import threadpool_limits
    with threadpool_limits(1), config_context(skip_parameter_validation=True):
        yield


def accuracies(features: np.ndarray, labels: np.ndarray, n_fit: int, seed: int
               ) -> tuple[np.ndarray, float]:
    """The fraction of right answers in each window, (windows,), and the chosen C.

    features: (trials, windows, synapses), the first ``n_fit`` trials to fit to, the others to
    test on. seed: of the folds of the cross-validation.
    """
    with one_thread():
        windows = features.shape[1]
        coordinates = [_coordinates(features[:, window], n_fit) for window in range(windows)]
        C = _chosen(coordinates, labels, n_fit, seed)
        fit, test = slice(0, n_fit), slice(n_fit, None)
        right = [_right(each, labels, fit, test, C) for each in coordinates]
    return np.array(right), C


def _coordinates(features: np.ndarray, n_fit: int) -> np.ndarray:
    """Trials in the space that the standardised trials to fit to span, (trials, dimensions)."""
    values = features.astype(float)
    mean, deviation = values[:n_fit].mean(axis=0), values[:n_fit].std(axis=0)
    varying = deviation > _CONSTANT * np.abs(mean)
    if not varying.any():
        return np.zeros((len(values), 1))
    values = (values[:, varying] - mean[varying]) / deviation[varying]
    inner = values @ values[:n_fit].T / values.shape[1]
    size, vectors = np.linalg.eigh(inner[:n_fit])
    kept = size > 1e-10 * size[-1]
    return np.asarray(inner @ vectors[:, kept] / np.sqrt(size[kept]))


def _right(coordinates: np.ndarray, labels: np.ndarray, fit: slice | np.ndarray,
           test: slice | np.ndarray, C: float) -> float:
    """The fraction of right answers of a classifier fitted to some trials, on others."""
    from sklearn.linear_model import LogisticRegression
    if len(set(labels[fit].tolist())) == 1:
        return float(np.mean(labels[test] == labels[fit][0]))
    classifier = LogisticRegression(C=C, solver="newton-cholesky", max_iter=_NEWTON_STEPS)
    classifier.fit(coordinates[fit], labels[fit])
    return float(np.mean(classifier.predict(coordinates[test]) == labels[test]))


def _chosen(coordinates: list[np.ndarray], labels: np.ndarray, n_fit: int, seed: int) -> float:
    """The C with the highest accuracy in cross-validation, over windows spread over all."""
    fold = np.random.default_rng(seed).permutation(np.arange(n_fit) % FOLDS)
    some = coordinates[::max(len(coordinates) // _WINDOWS_OF_CHOICE, 1)]

    def score(C: float) -> float:
        return float(np.mean([_right(each, labels[:n_fit], np.flatnonzero(fold != number),
                                     np.flatnonzero(fold == number), C)
                              for each in some for number in range(FOLDS)]))

    return max(INVERSE_STRENGTHS, key=score)
