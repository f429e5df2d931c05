"""Steps of optimisers on blocks of weights and on biases; see pynn_eprop.models.optimizers."""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.tree_checks import check_gradients, check_parameters
from pynn_eprop.models.optimizers import SGD, Adam, Optimizer, ScheduledOptimizer


def _rate(optimizer: ScheduledOptimizer, count: Any, dtype: Any, factor: Any) -> Any:
    """The learning rate of update ``count`` = 1, 2, ..., times a factor if there is one."""
    exponent = ((count - 1) // optimizer.schedule.every).astype(dtype)
    rate = optimizer.lr * jnp.asarray(optimizer.schedule.factor, dtype) ** exponent
    return rate if factor is None else rate * factor


def _complement(beta: float, count: Any, dtype: Any) -> Any:
    """1 - beta^count, accurate also for beta near 1 in single precision."""
    if beta == 0.0:
        return jnp.ones((), dtype)
    return -jnp.expm1(count.astype(dtype) * jnp.asarray(math.log(beta), dtype))


def _sgd(optimizer: SGD, gradient: Any, state: Tree, weight: Any, factor: Any = None
         ) -> tuple[Any, Tree]:
    count = state["u"] + 1
    return weight - _rate(optimizer, count, weight.dtype, factor) * gradient, {"u": count}


def _root(values: Any) -> Any:
    """Square roots with the derivative 0 at 0, where gradients are 0 that updates divide by."""
    positive = values > 0
    return jnp.where(positive, jnp.sqrt(jnp.where(positive, values, 1.0)), 0.0)


def _adam(optimizer: Adam, gradient: Any, state: Tree, weight: Any, factor: Any = None
          ) -> tuple[Any, Tree]:
    count, dtype = state["u"] + 1, weight.dtype
    rate = _rate(optimizer, count, dtype, factor)
    first = _complement(optimizer.beta1, count, dtype)
    second = _complement(optimizer.beta2, count, dtype)
    m = optimizer.beta1 * state["m"] + (1 - optimizer.beta1) * gradient
    v = optimizer.beta2 * state["v"] + (1 - optimizer.beta2) * gradient ** 2
    if optimizer.eps_hat:
        step = rate * jnp.sqrt(second) / first * m / (_root(v) + optimizer.eps)
    else:
        step = rate * (m / first) / (_root(v / second) + optimizer.eps)
    return weight - step, {"u": count, "m": m, "v": v}


STEPS: dict[type[Optimizer], Callable[..., tuple[Any, Tree]]] = {SGD: _sgd, Adam: _adam}
"""Steps of the optimisers that are known here; others make theirs outside, in NumPy.

Of an optimiser, gradient, state and weight, and perhaps a factor on the learning rate: the new
weight and state.
"""


def is_known(optimizer: Optimizer | None) -> bool:
    """Whether an optimiser's step is computed here."""
    return type(optimizer) in STEPS


def optimizer_start(model: Model, parameters: Tree) -> Tree:
    """The state of all known optimisers before the first update; see :func:`update`."""
    def of(optimizer: Optimizer | None, weight: Any) -> Tree:
        if not is_known(optimizer):
            return {}
        count = {"u": np.zeros((), np.int32)}
        if isinstance(optimizer, Adam):
            return {**count, "m": np.zeros(weight.shape, weight.dtype),
                    "v": np.zeros(weight.shape, weight.dtype)}
        return count

    return {"weights": [of(model.network.projections[block.projection].optimizer, weight)
                        for block, weight in zip(model.blocks, parameters["weights"],
                                                 strict=True)],
            "biases": {index: of(readouts.bias_optimizer, parameters["biases"][index])
                       for index, readouts in model.readouts.items()}}


def update(model: Model, parameters: Tree, gradients: Tree, state: Tree) -> tuple[Tree, Tree]:
    """Parameters and states of the optimisers after one step, within the projections' bounds.

    gradients: as of :func:`~pynn_eprop.functional.gradients.products`. What has no optimiser that
    is known here stays. Raises :class:`ParameterError` for trees that are not those of the model.
    """
    check_parameters(model, parameters)
    check_gradients(model, gradients)
    weights, states = list(parameters["weights"]), list(state["weights"])
    for number, block in model.plastic():
        projection = model.network.projections[block.projection]
        if projection.optimizer is not None and is_known(projection.optimizer):
            step = STEPS[type(projection.optimizer)]
            new, states[number] = step(projection.optimizer, gradients["weights"][number],
                                       states[number], weights[number])
            new = jnp.clip(new, projection.w_min, projection.w_max)
            weights[number] = new if block.mask is None else jnp.where(block.mask, new, 0.0)
    biases, of_biases = dict(parameters["biases"]), dict(state["biases"])
    for index, readouts in model.readouts.items():
        if readouts.bias_optimizer is not None and is_known(readouts.bias_optimizer):
            step = STEPS[type(readouts.bias_optimizer)]
            biases[index], of_biases[index] = step(
                readouts.bias_optimizer, gradients["biases"][index], of_biases[index],
                biases[index])
    return ({"weights": weights, "biases": biases},
            {"weights": states, "biases": of_biases})
