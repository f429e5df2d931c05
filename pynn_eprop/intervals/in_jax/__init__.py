"""Learning in intervals in JAX: the witness of the compiled machine, and the way to a GPU.

Gradients come from automatic differentiation (:mod:`~pynn_eprop.intervals.in_jax.gradients`), and
share no formula of a backward pass with the compiled machine. Needs JAX:
``pip install 'pynn_eprop[jax]'``.
"""

import pynn_eprop.functional  # noqa: F401  (raises MissingDependencyError without JAX)
