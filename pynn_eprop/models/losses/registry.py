"""Losses by name."""

from typing import TypeVar

from pynn_eprop.models.losses.loss import Loss
from pynn_eprop.models.registering import Registry

LOSSES: Registry[Loss] = Registry(Loss, "a loss", "loss", ("error", "value"), optional=True)
"""All registered losses by name, in the order of their registration."""

_Kind = TypeVar("_Kind", bound=type[Loss])


def register_loss(kind: _Kind) -> _Kind:
    """Make a loss known by its name, in scripts and tasks; a class decorator.

    Raises :class:`ParameterError` for a class that is not a loss, is incomplete, or has no name or
    that of another.
    """
    return LOSSES.register(kind)


def resolve_loss(loss: "str | Loss | None") -> Loss | None:
    """The loss meant by a name, an object or None (no loss).

    Raises :class:`ParameterError` for anything else.
    """
    return LOSSES.resolve(loss)
