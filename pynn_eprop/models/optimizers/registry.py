"""Optimisers by name."""

from typing import TypeVar

from pynn_eprop.models.optimizers.optimizer import Optimizer
from pynn_eprop.models.registering import Registry

OPTIMIZERS: Registry[Optimizer] = Registry(
    Optimizer, "an optimizer", "optimizer", ("update",), optional=True,
    everywhere="setup(precision='float32') of the host backend")
"""All registered optimisers by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Optimizer])


def register_optimizer(kind: _Kind) -> _Kind:
    """Make an optimiser known by its name, in scripts and tasks; a class decorator.

    Raises :class:`ParameterError` for a class that is not an optimiser, is incomplete, or has no
    name or that of another.
    """
    return OPTIMIZERS.register(kind)


def resolve_optimizer(optimizer: "str | Optimizer | None") -> Optimizer | None:
    """The optimiser meant by a name, an object or None (do not learn).

    Raises :class:`ParameterError` for anything else.
    """
    return OPTIMIZERS.resolve(optimizer)
