"""Activation functions: closed forms, slopes by finite differences, and names."""

import math

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.activations import (
    ACTIVATIONS,
    Activation,
    ReLU,
    Sigmoid,
    Tanh,
    register_activation,
    resolve_activation,
)
from pynn_eprop.models.arrays import functions_of, sigmoid

FORMS = {"tanh": math.tanh, "sigmoid": lambda s: 1.0 / (1.0 + math.exp(-s)),
         "relu": lambda s: max(0.0, s)}


@given(s=st.floats(-30.0, 30.0), name=st.sampled_from(list(FORMS)))
def test_values_and_slopes(s, name):
    function, step = ACTIVATIONS[name](), 1e-5
    assert function(np.array(s)) == pytest.approx(FORMS[name](s), rel=1e-9, abs=1e-15)
    if abs(s) > step:
        slope = (FORMS[name](s + step) - FORMS[name](s - step)) / (2.0 * step)
        assert function.slope(np.array(s)) == pytest.approx(slope, rel=1e-5, abs=1e-10)


def test_limits():
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(sigmoid(np.array([-1e300, 0.0, 1e300])), [0.0, 0.5, 1.0])
    assert ReLU().slope(np.array(0.0)) == 0.0 and Tanh().slope(np.array(0.0)) == 1.0
    assert Sigmoid().slope(np.array(0.0)) == 0.25


def test_formulas_are_for_numpy_and_jax():
    s = np.linspace(-2.0, 2.0, 9)
    assert functions_of(s) is np and functions_of(0.5) is np
    for kind in (Tanh, Sigmoid, ReLU):
        for method in ("__call__", "slope"):
            found = getattr(kind(), method)(jnp.asarray(s, jnp.float32))
            assert found.dtype == jnp.float32
            np.testing.assert_allclose(found, getattr(kind(), method)(s), rtol=1e-5, atol=1e-6)


def test_names_and_objects():
    assert list(ACTIVATIONS) == ["tanh", "sigmoid", "relu"]
    assert resolve_activation("relu") == ReLU()
    assert resolve_activation(Tanh()) == Tanh()
    with pytest.raises(ParameterError, match="activation='step' is unknown; choose one of"):
        resolve_activation("step")


def test_one_without_a_slope_is_not_registered():
    class Half(Activation):
        name = "half"

        def __call__(self, s):
            return 0.5 * s

    with pytest.raises(ParameterError, match=r"activation function Half has no slope\(\)"):
        register_activation(Half)
    assert "half" not in ACTIVATIONS
