"""The spike, and its pseudo-derivatives (eq. 24)."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from pynn_eprop.models.pseudo_derivatives import (
    Arctan,
    Exponential,
    FastSigmoid,
    PiecewiseLinear,
    PseudoDerivative,
)

SHAPES: dict[type[PseudoDerivative], Callable[[Any], Any]] = {
    PiecewiseLinear: lambda u: jnp.maximum(0.0, 1.0 - jnp.abs(u)),
    Exponential: lambda u: jnp.exp(-jnp.abs(u)),
    FastSigmoid: lambda u: 1.0 / (1.0 + jnp.abs(u)) ** 2,
    Arctan: lambda u: 1.0 / (1.0 + (jnp.pi * u) ** 2),
}
"""The pseudo-derivatives of height 1 as functions of u = (v - A) / width."""


def slope_function(shape: PseudoDerivative) -> Callable[[Any, Any], Any]:
    """h as a function of u and the height; of a user's own class, its call, in jax.numpy."""
    known = SHAPES.get(type(shape))
    if known is None:
        return lambda u, height: shape(u)
    return lambda u, height: height * known(u)


@jax.custom_jvp
def spike(distance: Any, slope: Any) -> Any:
    """1 from ``distance`` 0 on, else 0 (eq. 21); its derivative by the distance is ``slope``."""
    del slope
    return (distance >= 0).astype(distance.dtype)


@spike.defjvp
def _(primals: tuple[Any, Any], tangents: tuple[Any, Any]) -> tuple[Any, Any]:
    distance, slope = primals
    return spike(distance, slope), slope * tangents[0]
