"""Refusals of trees of arrays that do not belong to a model."""

from collections.abc import Collection, Mapping
from typing import Any

import jax
import numpy as np

from pynn_eprop.errors import ParameterError, SetupError
from pynn_eprop.functional.blocks import Block
from pynn_eprop.functional.model import Model, Tree


def check_precision(model: Model) -> None:
    """Raise :class:`SetupError` for a model in float64 where JAX has 32 bits only."""
    if model.dtype == np.float64 and not jax.config.read("jax_enable_x64"):
        raise SetupError("a model in float64 needs 64 bits of JAX: call its functions within "
                         "'with jax.enable_x64(True):'")


def check_parameters(model: Model, parameters: Tree) -> None:
    """Raise :class:`ParameterError` unless weights and biases are as of ``model.parameters()``."""
    _names("parameters", parameters, ("weights", "biases"))
    check_weights(model, "parameters", parameters["weights"], range(len(model.blocks)))
    _shapes("parameters['biases']", parameters["biases"],
            {index: (each.size,) for index, each in model.readouts.items()})


def check_weights(model: Model, what: str, arrays: Any, needed: Collection[int]) -> None:
    """Raise :class:`ParameterError` unless there is one for each block, and those needed fit."""
    count = len(model.blocks)
    if not isinstance(arrays, (list, tuple)) or len(arrays) != count:
        found = len(arrays) if isinstance(arrays, (list, tuple)) else type(arrays).__name__
        raise ParameterError(f"{what}['weights'] has {found} arrays; it must be a list of one for "
                             f"each of the model's {count} blocks")
    for number in needed:
        _shape(f"{what}['weights'][{number}]", arrays[number], _shape_of(model.blocks[number]))


def check_gradients(model: Model, gradients: Tree) -> None:
    """Raise :class:`ParameterError` unless there is one for all that learns."""
    _names("gradients", gradients, ("weights", "biases"))
    check_weights(model, "gradients", gradients["weights"],
                  [number for number, _ in model.plastic()])
    _shapes("gradients['biases']", gradients["biases"], {
        index: (each.size,) for index, each in model.readouts.items()
        if each.bias_optimizer is not None})


def check_trial_inputs(model: Model, inputs: Tree) -> None:
    """Raise :class:`ParameterError` unless these are the inputs of one trial."""
    _names("inputs", inputs, ("step", "sources", "targets"))
    if np.ndim(inputs["step"]) != 1:
        raise ParameterError(f"inputs['step'] has shape {np.shape(inputs['step'])}; a trial has "
                             "(steps,), and many trials go through jax.vmap")
    steps, sizes = len(inputs["step"]), [each.size for each in model.network.populations]
    _shapes("inputs['sources']", inputs["sources"],
            {index: (model.depth(index) + steps, sizes[index]) for index in model.sources})
    _shapes("inputs['targets']", inputs["targets"],
            {index: (steps, each.size) for index, each in model.readouts.items()
             if each.loss is not None})
    given = inputs.get("currents", {})
    _shapes("inputs['currents']", given, {index: (steps, sizes[index]) for index, each in enumerate(
        model.network.populations) if each.takes_current and index in given})


def check_signals(signals: Mapping[int, Any], sizes: Mapping[int, int], steps: int) -> None:
    """Raise :class:`ParameterError` unless each population, of such a size, has its signals."""
    _shapes("signals", {index: signals[index] for index in signals if index in sizes} or signals,
            {index: (steps, size) for index, size in sizes.items()})


def _shape_of(block: Block) -> tuple[int, ...]:
    return block.shape if block.dense else (len(block.order),)


def _names(what: str, tree: Any, names: tuple[str, ...]) -> None:
    for name in names:
        if not isinstance(tree, Mapping) or name not in tree:
            found = sorted(map(str, tree)) if isinstance(tree, Mapping) else type(tree).__name__
            raise ParameterError(f"{what} has no {name!r}, but {found}; it must have "
                                 f"{list(names)}")


def _shapes(what: str, arrays: Any, shapes: Mapping[int, tuple[int, ...]]) -> None:
    """Raise :class:`ParameterError` unless arrays by population have these shapes."""
    if not isinstance(arrays, Mapping) or not set(shapes) <= set(arrays):
        found = sorted(arrays) if isinstance(arrays, Mapping) else type(arrays).__name__
        raise ParameterError(f"{what} has {found}; it must have an array for each of the "
                             f"populations {sorted(shapes)}")
    for index, shape in shapes.items():
        _shape(f"{what}[{index}]", arrays[index], shape)


def _shape(what: str, array: Any, shape: tuple[int, ...]) -> None:
    if np.shape(array) != shape:
        raise ParameterError(f"{what} has shape {np.shape(array)}; it must be {shape}")
