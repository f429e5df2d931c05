"""The cells, rules, losses, optimisers and pseudo-derivatives that JAX computes."""

from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.rules import EProp, SimplifiedTraces, TruncatedTraces

RULES = (EProp, TruncatedTraces, SimplifiedTraces)


def jax_kinds() -> KnownKinds:
    """The kinds that JAX knows.

    Every cell, loss and pseudo-derivative is tried: one of a user's own has to be written in
    jax.numpy, which shows when a network is built. Optimisers of one's own make their steps in
    NumPy.
    """
    return KnownKinds("JAX", None, RULES, None, None, None)
