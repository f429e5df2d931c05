"""Pseudo-derivatives by name."""

from typing import TypeVar

from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative
from pynn_eprop.models.registering import Registry

PSEUDO_DERIVATIVES: Registry[PseudoDerivative] = Registry(
    PseudoDerivative, "a pseudo-derivative", "pseudo_derivative", ("__call__",))
"""All pseudo-derivatives that a name stands for, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[PseudoDerivative])


def register_pseudo_derivative(kind: _Kind) -> _Kind:
    """Let the pseudo-derivative's name stand for it, in scripts and tasks; a class decorator.

    Raises :class:`ParameterError` for what is not a pseudo-derivative or is not complete, or has no
    name or the name of another.
    """
    return PSEUDO_DERIVATIVES.register(kind)


def resolve_pseudo_derivative(shape: "str | PseudoDerivative") -> PseudoDerivative:
    """The pseudo-derivative meant by a name or an object.

    Raises :class:`ParameterError` for anything else.
    """
    found = PSEUDO_DERIVATIVES.resolve(shape)
    assert found is not None
    return found
