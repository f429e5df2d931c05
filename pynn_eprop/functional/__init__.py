"""The network description in JAX: what the machine of ``pynn_eprop.jax`` computes with."""
