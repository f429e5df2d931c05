"""The backends of experiments: a row for each, by name; no simulator is imported here.

A row is a :class:`Backend`: the PyNN module to import, number systems, machines, keywords of
``setup()``, what it is held against in comparisons. Users' own modules register theirs.
"""

from pynn_eprop.backends.backend import (
    BPTT,
    EPROP,
    FIXED,
    FLOAT,
    GRADIENTS,
    PRECISIONS,
    Backend,
    Compared,
)
from pynn_eprop.backends.built_in import BRAINSCALES, BRIAN2, EMULATOR, HOST, JAX, NEST, SPINNAKER
from pynn_eprop.backends.registry import (
    BACKENDS,
    find_backend,
    has,
    load_backend,
    register_backend,
)

for _backend in (HOST, JAX, NEST, BRIAN2, SPINNAKER, EMULATOR, BRAINSCALES):
    register_backend(_backend)

__all__ = ["BACKENDS", "BPTT", "EPROP", "FIXED", "FLOAT", "GRADIENTS", "PRECISIONS", "Backend",
           "Compared", "find_backend", "has", "load_backend", "register_backend"]
