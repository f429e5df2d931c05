"""The cells, rules, losses, optimisers and pseudo-derivatives that JAX computes."""

from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.rules import (
    ClopathRule,
    EProp,
    PostsynapticFactor,
    Rule,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
)

RULES = (EProp, TruncatedTraces, TruncatedAdaptation, SimplifiedTraces, ClopathRule)


def jax_kinds() -> KnownKinds:
    """The kinds that JAX knows.

    Every cell, loss and pseudo-derivative is tried: one of a user's own has to be written in
    jax.numpy, which shows when a network is built. So is every rule that is a postsynaptic factor.
    Optimisers of one's own make their steps in NumPy.
    """
    return KnownKinds("JAX", None, RULES, None, None, None, _is_factor, backwards=True,
                      short_trials=True)


def _is_factor(rule: Rule) -> bool:
    return isinstance(rule, PostsynapticFactor) \
        and type(rule).eligibility is PostsynapticFactor.eligibility
