"""Functions of the kernels against the standard library's, over all arguments that matter."""

import numpy as np
import pytest

from pynn_eprop.intervals.compiled._intervals import ffi, lib
from tests.intervals.compiled.machines import BUILDS, choose_build

PRECISIONS = {"float32": lib.IV_FLOAT32, "float64": lib.IV_FLOAT64}
#: number, function in extended precision, largest relative error in epsilons, largest value
FUNCTIONS = {
    "exp": (0, np.exp, 1, 0.0),
    "sigmoid": (1, lambda x: 1 / (1 + np.exp(-x)), 2, np.inf),
    "tanh": (2, np.tanh, 2, np.inf),
    "log1p": (3, np.log1p, 2, 1.0)}


def compute(function: str, values: np.ndarray) -> np.ndarray:
    found = values.copy()
    lib.iv_function(PRECISIONS[str(values.dtype)], FUNCTIONS[function][0], len(found),
                    ffi.from_buffer(found))
    return found


def arguments(function: str, precision: str) -> np.ndarray:
    """Dense where the functions bend, and every power of ten down to the smallest."""
    kind = np.dtype(precision)
    dense = np.linspace(-30, 30, 200_001)
    sizes = np.geomspace(np.finfo(kind).tiny * 4, 90 if precision == "float32" else 750, 100_001)
    x = np.concatenate([dense, sizes, -sizes]).astype(kind)
    if function == "log1p":
        return np.abs(x[np.abs(x) <= 1])
    return x[x <= FUNCTIONS[function][3]]


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_error_is_less_than_the_header_says(function, precision, build, monkeypatch) -> None:
    choose_build(build, monkeypatch)
    _, exact, limit, _ = FUNCTIONS[function]
    x = arguments(function, precision)
    expected = exact(x.astype(np.longdouble))
    found = compute(function, x)
    least = np.exp(np.longdouble(-87 if precision == "float32" else -708))
    small = np.abs(expected) < least
    assert np.all(np.abs(found[small]) <= 1.01 * least)
    errors = np.abs(found / expected - 1)[~small] / np.finfo(precision).eps
    assert errors.max() <= limit


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("precision", PRECISIONS)
def test_ends(precision, build, monkeypatch) -> None:
    choose_build(build, monkeypatch)
    ends = np.array([-np.inf, np.inf, 0.0, -1e30, 1e30], precision)
    assert compute("sigmoid", ends).tolist() == pytest.approx([0, 1, 0.5, 0, 1])
    assert compute("tanh", ends).tolist() == [-1, 1, 0, -1, 1]
    assert compute("exp", ends[[0, 2, 3]]).tolist() == [0, 1, 0]
    assert compute("log1p", np.array([0, 1], precision)).tolist() == pytest.approx([0, np.log(2)])


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_not_a_number_stays_so(function, precision, build, monkeypatch) -> None:
    choose_build(build, monkeypatch)
    assert np.isnan(compute(function, np.full(37, np.nan, precision))).all()
