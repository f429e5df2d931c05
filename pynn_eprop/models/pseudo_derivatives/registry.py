"""Pseudo-derivatives by name."""

from typing import TypeVar

from pynn_eprop.models.pseudo_derivatives.pseudo_derivative import PseudoDerivative
from pynn_eprop.models.registering import Registry

PSEUDO_DERIVATIVES: Registry[PseudoDerivative] = Registry(
    PseudoDerivative, "a pseudo-derivative", "pseudo_derivative", ("__call__",))
"""All registered pseudo-derivatives by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[PseudoDerivative])


def register_pseudo_derivative(kind: _Kind) -> _Kind:
    """Make a pseudo-derivative known by its name, in scripts and tasks; a class decorator.

    Raises :class:`ParameterError` for a class that is not a pseudo-derivative, is incomplete, or
    has no name or that of another.
    """
    return PSEUDO_DERIVATIVES.register(kind)


def resolve_pseudo_derivative(shape: "str | PseudoDerivative") -> PseudoDerivative:
    """The pseudo-derivative meant by a name or an object.

    Raises :class:`ParameterError` for anything else.
    """
    found = PSEUDO_DERIVATIVES.resolve(shape)
    assert found is not None
    return found
