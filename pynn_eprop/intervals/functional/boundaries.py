"""What passes the end of an interval of a network, and synthetic gradients of it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree

from pynn_eprop.functional import Model, synthetic_gradients

Tree = Any


def crossing(model: Model, state: Tree) -> Tree:
    """The part of a state that errors after it can be differentiated by.

    cells: state variables and, of those that spike, z, by population; y: of readouts; past: spikes,
    or values, on their way.
    """
    return {"cells": {index: {name: cells[name] for name in ("state", "z") if name in cells}
                      for index, cells in state["cells"].items()},
            "y": state["y"],
            "past": {index: state["past"][index] for index in model.learning}}


def with_crossing(state: Tree, part: Tree) -> Tree:
    """A state with another such part."""
    return {**state, "y": part["y"], "past": {**state["past"], **part["past"]},
            "cells": {index: {**cells, **part["cells"][index]}
                      for index, cells in state["cells"].items()}}


def no_boundary(passing: Tree) -> Tree:
    """Derivatives of 0 by what passes an end: errors after the interval are not seen."""
    return jax.tree.map(jnp.zeros_like, passing)


def what_is_seen(passing: Tree) -> Any:
    """Inputs of the error module: state variables of all cells, what they sent last, and y."""
    last = {index: rows[-1] for index, rows in passing["past"].items()}
    states = {index: cells["state"] for index, cells in passing["cells"].items()}
    return ravel_pytree({"states": states, "last": last, "y": passing["y"]})[0]


def first_module(model: Model, hidden: int, seed: int) -> Tree:
    """Weights of the error module before learning; it predicts 0.

    hidden: rectified linear units of its hidden layer.
    """
    start = crossing(model, model.start())
    inputs, outputs = (int(values.size)
                       for values in (what_is_seen(start), ravel_pytree(start)[0]))
    return {name: np.asarray(values, model.dtype) for name, values in
            synthetic_gradients.first_weights(inputs, hidden, outputs, seed).items()}


def synthetic_boundary(module: Tree, factor: float = 0.1) -> Callable[[Tree], Tree]:
    """Derivatives that the error module predicts, times ``factor`` (eta_SG of eq. 64).

    As ``boundary`` of :func:`~pynn_eprop.intervals.functional.interval_gradients`.
    """
    def boundary(passing: Tree) -> Tree:
        predicted = factor * synthetic_gradients.predict(module, what_is_seen(passing))
        return ravel_pytree(passing)[1](predicted)

    return boundary


def module_loss(model: Model, module: Tree, end: Tree, by_start: Tree) -> Any:
    """E_SG of one trial, half the squared error (eq. 66), for ``jax.grad`` by ``module``.

    end: the state at the end of an interval. by_start: the derivatives there, ``by_start`` of the
    interval after it.
    """
    return synthetic_gradients.loss(module, what_is_seen(crossing(model, end)),
                                    ravel_pytree(by_start)[0])
