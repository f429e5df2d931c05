"""Trials, gradients and updates as functions of trees of arrays.

    model = Model.of(network)                 # from pynn_eprop.models.network
    parameters = model.parameters()           # weights by block, biases
    inputs = trial_inputs(model, Inputs({0: (steps, cells)}))
    activity = trial(model, parameters, inputs)
    slope = gradients(model, parameters, activity)
    parameters, state = update(model, parameters, slope, optimizer_start(model, parameters))

Each is a pure function of its trees, for ``jax.jit``, ``jax.vmap`` and ``jax.grad``; ``model``
holds the wiring, for which they are compiled. A derivative of :func:`trial` passes through spikes,
with the pseudo-derivative, and through h; one of :func:`gradients` through both factors of its
sums. Numbers of cells (``constants``) are those of the network unless others are given.
"""

from typing import Any

import jax.numpy as jnp

from pynn_eprop.functional.forward import ATTACHED, Flow, forward
from pynn_eprop.functional.gradients import (
    bptt_factors,
    detached_factors,
    eprop_factors,
    products,
    rate_terms,
    rules_onto_cells,
    spike_counts,
    steps_of,
    weights_of_traces,
)
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.tree_checks import (
    check_parameters,
    check_precision,
    check_signals,
    check_trial_inputs,
)


def trial(model: Model, parameters: Tree, inputs: Tree, constants: Tree | None = None,
          start: Tree | None = None, flow: Flow = ATTACHED) -> Tree:
    """The activity of a trial; see :mod:`pynn_eprop.functional.forward`.

    inputs: of :func:`~pynn_eprop.functional.inputs.trial_inputs`. start: the state before it,
    None: that of the network. flow: the paths of its derivatives. Raises :class:`ParameterError`
    for trees that are not those of the model, and :class:`SetupError` for a model in float64 where
    JAX has 32 bits only.
    """
    check_precision(model)
    check_parameters(model, parameters)
    check_trial_inputs(model, inputs)
    return forward(model, parameters, _or(constants, model.constants),
                   _or(start, model.start), inputs, flow)[1]


def gradients(model: Model, parameters: Tree, activity: Tree, signals: Tree | None = None,
              constants: Tree | None = None) -> Tree:
    """e-prop's gradients of a trial: "weights", a list by block, and "biases" by population.

    signals: what multiplies the eligibility trace e_j^t of each step, (steps, size), by population
    of cells (eq. 58); None: the network's learning signals, summed over the future as eq. 1 and 49
    have it, and the firing-rate term of this trial. Raises as :func:`trial`.
    """
    check_precision(model)
    check_parameters(model, parameters)
    constants = _or(constants, model.constants)
    if signals is not None:
        sizes = {index: model.learning[index].size
                 for index, _, _ in rules_onto_cells(model).values()}
        check_signals(signals, sizes, max((steps_of(model, activity, index)
                                           for index in model.learning), default=0))
    else:
        signals = weights_of_traces(model, parameters, constants, activity,
                                    _rates(model, constants, activity))
    return products(model, activity, eprop_factors(model, constants, activity, signals))


def gradients_by_differentiation(model: Model, parameters: Tree, inputs: Tree,
                                 constants: Tree | None = None) -> Tree:
    """As :func:`gradients` of a trial, with the eligibility traces from automatic differentiation.

    Spikes, and values, are detached on their way to other cells and in the reset (eq. 43). It is a
    check, and for complete traces only.
    """
    constants = _or(constants, model.constants)
    activity = trial(model, parameters, inputs, constants)
    factors = detached_factors(model, parameters, constants, model.start(), inputs,
                               _rates(model, constants, activity))
    return products(model, activity, factors)


def bptt_gradients(model: Model, parameters: Tree, inputs: Tree, constants: Tree | None = None,
                   flow: Flow = ATTACHED) -> Tree:
    """The gradients of a trial's losses and firing-rate term by backpropagation through time."""
    constants = _or(constants, model.constants)
    rates = _rates(model, constants, trial(model, parameters, inputs, constants))
    factors, _, activity = bptt_factors(model, parameters, constants, model.start(), inputs, rates,
                                        flow)
    return products(model, activity, factors)


def _rates(model: Model, constants: Tree, activity: Tree) -> Tree:
    steps: Any = next(iter(activity["h"].values())).shape[0] if activity["h"] else jnp.ones(())
    steps = jnp.sum(activity["active"]) if "active" in activity else steps
    return rate_terms(model, constants, spike_counts(model, activity), steps)


def _or(given: Any, default: Any) -> Any:
    return default() if given is None else given
