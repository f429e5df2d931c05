"""The kinds that the machine in JAX knows."""

from pynn_eprop.models.known_kinds import KnownKinds


def jax_kinds() -> KnownKinds:
    """All of them."""
    return KnownKinds("JAX")
