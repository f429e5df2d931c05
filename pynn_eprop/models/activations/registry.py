"""Activation functions by name."""

from typing import TypeVar

from pynn_eprop.models.activations.activation import Activation
from pynn_eprop.models.registering import Registry

ACTIVATIONS: Registry[Activation] = Registry(
    Activation, "an activation function", "activation", ("__call__", "slope"))
"""All registered activation functions by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Activation])


def register_activation(kind: _Kind) -> _Kind:
    """Make an activation function known by its name, in scripts; a class decorator.

    Raises :class:`ParameterError` for a class that is not an activation function, is incomplete,
    or has no name or that of another.
    """
    return ACTIVATIONS.register(kind)


def resolve_activation(function: "str | Activation") -> Activation:
    """The activation function meant by a name or an object.

    Raises :class:`ParameterError` for anything else.
    """
    found = ACTIVATIONS.resolve(function)
    assert found is not None
    return found
