"""Weights and biases of a machine, their last gradients, and the optimisers that change them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.optimizers import is_known, optimizer_start, update
from pynn_eprop.functional.own_steps import OwnSteps

Call = Callable[..., Any]
"""Calls a function of this package, compiled: (what in words, function, arguments)."""


class Learned:
    """All that updates change. Arrays are replaced, never written to.

    parameters, states: as of :func:`~pynn_eprop.functional.optimizers.update`. gradients: of the
    last update, by block; bias_gradients: (size,), by population of readouts, 0 for biases that do
    not learn. updates: how many there were.
    """

    def __init__(self, model: Model) -> None:
        self.parameters: Tree = model.parameters()
        self.states: Tree = optimizer_start(model, self.parameters)
        self.own = OwnSteps(model.network)
        self.gradients: list[Any] = [np.zeros(weight.shape, weight.dtype)
                                     for weight in self.parameters["weights"]]
        self.bias_gradients = {index: np.zeros(each.size)
                               for index, each in model.readouts.items()}
        self.updates = 0

    @staticmethod
    def of_projection(model: Model, projection: int, arrays: Sequence[Any]) -> np.ndarray:
        """Values of the synapses of a projection, from arrays by block."""
        out = np.zeros(len(model.network.projections[projection].weight))
        for block, array in zip(model.blocks, arrays, strict=True):
            if block.projection == projection:
                block.unpack(array, out)
        return out

    def weights(self, model: Model, projection: int) -> np.ndarray:
        """Current weights, (synapses,)."""
        return self.of_projection(model, projection, self.parameters["weights"])

    def set_weights(self, model: Model, projection: int, weight: np.ndarray) -> None:
        """Replace weights, (synapses,) or one for all."""
        self.parameters = {**self.parameters, "weights": _replaced(
            model, projection, self.parameters["weights"], weight)}

    def set_bias(self, model: Model, population: int, bias: np.ndarray) -> None:
        """Replace biases, (size,)."""
        self.parameters = {**self.parameters, "biases": {
            **self.parameters["biases"], population: model.array(bias)}}

    def set_gradients(self, model: Model, gradients: Mapping[int, np.ndarray],
                      bias_gradients: Mapping[int, np.ndarray]) -> None:
        """Replace gradients of projections, (synapses,), and of biases."""
        for projection, values in gradients.items():
            self.gradients = _replaced(model, projection, self.gradients, values)
        self.bias_gradients = {**self.bias_gradients, **{
            index: np.array(values, dtype=float) for index, values in bias_gradients.items()}}

    def keep(self, model: Model, gradients: Tree) -> None:
        """Keep the gradients of an update, as of ``products``; None leaves those before."""
        self.gradients = [before if new is None else new for before, new in zip(
            self.gradients, gradients["weights"], strict=True)]
        learning = {index for index, each in model.readouts.items()
                    if each.bias_optimizer is not None}
        self.bias_gradients = {
            index: np.asarray(gradients["biases"][index], dtype=float)
            if index in learning and index in gradients["biases"] else before
            for index, before in self.bias_gradients.items()}

    def step(self, model: Model, call: Call) -> None:
        """Let weights and biases follow their gradients, within the bounds of projections."""
        projections, readouts = model.network.projections, model.readouts
        if any(is_known(each.optimizer) for each in projections) \
                or any(is_known(each.bias_optimizer) for each in readouts.values()):
            biases = {index: model.array(values) for index, values in self.bias_gradients.items()}
            self.parameters, self.states = call(
                "an update", update, self.parameters,
                {"weights": self.gradients, "biases": biases}, self.states)
        for index in self.own.projections():
            described = projections[index]
            weight = self.own.step_projection(
                index, described.optimizer, self.weights(model, index),
                self.of_projection(model, index, self.gradients))
            self.set_weights(model, index, np.clip(weight, described.w_min, described.w_max))
        for index in self.own.populations():
            self.set_bias(model, index, self.own.step_population(
                index, readouts[index].bias_optimizer,
                np.array(self.parameters["biases"][index], dtype=float),
                self.bias_gradients[index]))
        self.updates += 1


def _replaced(model: Model, projection: int, arrays: Sequence[Any], values: np.ndarray
              ) -> list[Any]:
    """Arrays by block, with other values of one projection."""
    spread = np.broadcast_to(np.asarray(values, dtype=float),
                             model.network.projections[projection].weight.shape)
    return [model.array(block.pack(spread)) if block.projection == projection else before
            for block, before in zip(model.blocks, arrays, strict=True)]
