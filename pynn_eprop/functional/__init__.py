"""The network description as pure functions, in JAX."""
