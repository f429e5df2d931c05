"""Learning in intervals for networks of any cells, as pure functions in JAX (eq. 62 to 70).

    model = Model.of(network)           # of pynn_eprop.functional, boundary "continuous"
    now, carry = model.start(), first_traces(model, rule, parameters)
    for piece in pieces_of(model, inputs, 20):
        found = interval_gradients(model, rule, parameters, now, carry, piece, boundary)
        now, carry = found.end, found.carry

Rules are those of :mod:`pynn_eprop.intervals.rules`. Needs JAX:
``pip install 'pynn_eprop[jax]'``.
"""

from pynn_eprop.intervals.functional.boundaries import (
    first_module,
    module_loss,
    synthetic_boundary,
)
from pynn_eprop.intervals.functional.gradients import (
    DETACHED_RESET,
    NetworkGradients,
    first_traces,
    interval_gradients,
    pieces_of,
)

__all__ = ["DETACHED_RESET", "NetworkGradients", "first_module", "first_traces",
           "interval_gradients", "module_loss", "pieces_of", "synthetic_boundary"]
