"""Optimisers by name."""

from typing import TypeVar

from pynn_eprop.models.optimizers.optimizer import Optimizer
from pynn_eprop.models.registering import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    Optimizer, "an optimizer", "optimizer", ("update",), optional=True,
    everywhere="setup(precision='float32') of the host backend")
"""All optimisers that a name stands for, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Optimizer])


def register_optimizer(kind: _Kind) -> _Kind:
    """Let the optimiser's name stand for it, in scripts and tasks; a class decorator.

    Raises :class:`ParameterError` for what is not an optimiser or is not complete, or has no name
    or the name of another.
    """
    return OPTIMIZERS.register(kind)


def resolve_optimizer(optimizer: "str | Optimizer | None") -> Optimizer | None:
    """The optimiser meant by a name, an object or None (do not learn).

    Raises :class:`ParameterError` for anything else.
    """
    return OPTIMIZERS.resolve(optimizer)
