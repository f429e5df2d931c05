"""Refusals of networks that JAX cannot compute."""

from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.errors import EPropError, ParameterError, SetupError, UnsupportedError
from pynn_eprop.functional import losses
from pynn_eprop.functional.model import Model
from pynn_eprop.functional.options import GRADIENTS, PRECISIONS, JaxOptions
from pynn_eprop.functional.spikes import slope_function
from pynn_eprop.models.answers import called
from pynn_eprop.models.cells import (
    AnalogCells,
    LearningCells,
    Readouts,
    SpikingCells,
    fixed_values,
)
from pynn_eprop.models.losses import Loss
from pynn_eprop.models.network import Network
from pynn_eprop.models.rules import EProp, PostsynapticFactor


def check_options(options: JaxOptions) -> None:
    """Raise :class:`SetupError` for options that are unknown or do not go together."""
    for name, value, known in (("precision", options.precision, PRECISIONS),
                               ("gradient", options.gradient, GRADIENTS)):
        if value not in known:
            raise SetupError(f"{name}={value!r} is unknown; choose one of {list(known)}")
    for name, steps in (("trials_at_once", options.trials_at_once),
                        ("truncation_steps", options.truncation_steps),
                        ("rematerialize_steps", options.rematerialize_steps)):
        if steps is not None and steps < 1:
            raise SetupError(f"{name}={steps!r} must be a whole number >= 1, or None")
    for name in ("truncation_steps", "rematerialize_steps"):
        if getattr(options, name) is not None and options.gradient != "bptt":
            raise SetupError(f"{name}={getattr(options, name)!r} goes with gradient='bptt' only; "
                             "e-prop differentiates nothing over time")


def check_gradient(network: Network, options: JaxOptions) -> None:
    """Raise :class:`UnsupportedError` for what backpropagation through time has no use for."""
    if options.gradient != "bptt":
        return
    if options.truncation_steps is not None and network.backwards:
        label = network.populations[min(network.backwards)].label
        raise UnsupportedError(f"{label}: truncation_steps={options.truncation_steps!r} is for "
                               "networks that run forwards; leave it out, or backwards=True")
    for projection in network.projections:
        if projection.optimizer is not None and projection.post in network.of_kind(LearningCells) \
                and type(projection.rule) is not EProp:
            raise UnsupportedError(
                f"{projection.label}: rule {projection.rule.name!r} has no part in "
                "gradient='bptt', which follows the true gradient; leave it out, or use "
                "gradient='eprop'")
    for signal in network.learning_signals:
        if network.of_kind(Readouts)[signal.source].loss is None:
            raise UnsupportedError(
                f"{signal.label}: a learning signal of readouts without a loss has no part in "
                "gradient='bptt', which follows the gradient of losses; use gradient='eprop'")


def check_traceable(model: Model, backward: bool) -> None:
    """Raise the errors of cells, rules, losses and pseudo-derivatives that JAX cannot compute.

    backward: cells are differentiated from the end of a trial to its start, as BPTT does.
    :class:`UnsupportedError` for what is not in jax.numpy, :class:`ParameterError` for answers that
    are not those of a cell or a rule.
    """
    for cells in model.spiking.values():
        _check_cells(model, cells, backward)
    for analog in model.analog.values():
        _check_analog(model, analog, backward)
    for projection in model.network.projections:
        if projection.optimizer is not None and projection.post in model.spiking \
                and isinstance(projection.rule, PostsynapticFactor):
            _check_factor(model, projection.label, projection.rule,
                          model.spiking[projection.post])
    for readouts in model.readouts.values():
        if readouts.loss is not None:
            rows = jnp.zeros((1, readouts.size), model.dtype)
            for method, function in (("error", losses.error), ("value", losses.value)):
                _traced(readouts.label, "loss", readouts.loss, method,
                        partial(_of_loss, function, readouts.loss), rows)


def _of_loss(function: Callable[..., Any], loss: Loss, y: Any) -> Any:
    return function(loss, y, y)


def _check_cells(model: Model, cells: SpikingCells, backward: bool) -> None:
    numbers = model.constants_of(cells)
    state = {name: model.array(value) for name, value in cells.initial_state().items()}
    zero = jnp.zeros(cells.size, model.dtype)
    start = {"state": {name: jnp.broadcast_to(value, zero.shape)
                       for name, value in state.items()}, "z": zero, "h": zero}

    def seen(given: Mapping[str, Any]) -> SimpleNamespace:
        values = {**numbers, **given["state"], "timestep": model.network.settings.timestep,
                  "z": given["z"], "z_reset": given["z"], "h": given["h"]}
        return SimpleNamespace(**values, arriving=given["z"], before=SimpleNamespace(**values))

    def ask(method: str, function: Callable[[Any], Any]) -> Any:
        return _traced(cells.label, "cell", cells, method, function, start)

    with cells.double_precision():
        cells.check_step(_plain(model, cells))
    made = ask("step", lambda given: cells.step(seen(given), given["z"]))
    what = called(cells.label, "cell", cells, "step")
    if not isinstance(made, Mapping) or set(made) != set(cells.state_variables()):
        given = sorted(made) if isinstance(made, Mapping) else type(made).__name__
        raise ParameterError(f"{what} gives {given}; it must give all state variables, "
                             f"{sorted(state)}")
    for name, value in made.items():
        if value.shape not in ((), zero.shape):
            raise ParameterError(f"{what}: {name!r} has shape {value.shape}; it must be "
                                 f"{zero.shape}, or one number for all")
    distance = ask("distance", lambda given: jnp.asarray(cells.distance(seen(given))))
    if distance.shape not in ((), zero.shape):
        raise ParameterError(f"{called(cells.label, 'cell', cells, 'distance')} has shape "
                             f"{distance.shape}; it must be {zero.shape}, or one number for all")

    def derivatives(method: str, given: Any) -> Any:
        return {str(key): jnp.asarray(value)
                for key, value in getattr(cells, method)(seen(given)).items()}

    for method in ("transition", "drive", "distance_gradient"):
        ask(method, partial(derivatives, method))
    if backward:
        ask("step", _backward(lambda given: cells.step(seen(given), given["z"])))
        ask("distance", _backward(lambda given: cells.distance(seen(given))))
    shape = cells.pseudo_derivative
    _traced(cells.label, "pseudo-derivative", shape, "__call__",
            lambda u: slope_function(shape)(u, 1.0), zero)


def _check_analog(model: Model, cells: AnalogCells, backward: bool) -> None:
    zero = jnp.zeros(cells.size, model.dtype)
    numbers = {**model.constants_of(cells), "timestep": model.network.settings.timestep}
    state = {name: jnp.broadcast_to(model.array(value), zero.shape)
             for name, value in cells.initial_state().items()}
    start = {"state": state, "arriving": dict.fromkeys(cells.ports(), zero),
             "gates": dict.fromkeys(cells.gates, zero)}

    def seen(given: Mapping[str, Any]) -> SimpleNamespace:
        before = {**numbers, **given["state"]}
        return SimpleNamespace(**before, **given["gates"], before=SimpleNamespace(**before))

    def ask(method: str, function: Callable[[Any], Any]) -> Any:
        return _traced(cells.label, "cell", cells, method, function, start)

    def step(given: Mapping[str, Any]) -> Any:
        return cells.step(SimpleNamespace(**numbers, **given["state"]), given["arriving"])

    def output(given: Mapping[str, Any]) -> Any:
        return jnp.asarray(cells.output(seen(given)))

    def derivatives(method: str, given: Any) -> Any:
        return {str(key): jnp.asarray(value)
                for key, value in getattr(cells, method)(seen(given)).items()}

    with cells.double_precision():
        cells.check_step(SimpleNamespace(
            **fixed_values(cells, model.network.settings.timestep), **cells.initial_state(),
            timestep=model.network.settings.timestep))
    made, what = ask("step", step), called(cells.label, "cell", cells, "step")
    needed = {*cells.state_variables(), *cells.gates}
    if not isinstance(made, Mapping) or set(made) != needed:
        given = sorted(made) if isinstance(made, Mapping) else type(made).__name__
        raise ParameterError(f"{what} gives {given}; it must give all state variables and gates, "
                             f"{sorted(needed)}")
    answers = {"step": made, "output": {"value": ask("output", output)}, **{
        method: ask(method, partial(derivatives, method))
        for method in ("transition", "drive", "output_gradient", "output_drive")}}
    for method, values in answers.items():
        for name, value in values.items():
            if value.shape not in ((), zero.shape):
                raise ParameterError(f"{called(cells.label, 'cell', cells, method)}: {name!r} has "
                                     f"shape {value.shape}; it must be {zero.shape}, or one number "
                                     "for all")
    if backward:
        ask("step", _backward(step))
        ask("output", _backward(output))


class _SeenCells(SimpleNamespace):
    """Cells as a rule may see them: constants, and the variables that it needs."""

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"{name!r} is neither one of the cells' constants nor named in needs")


def _check_factor(model: Model, label: str, rule: PostsynapticFactor, cells: SpikingCells) -> None:
    numbers, zero = model.constants_of(cells), jnp.zeros(cells.size, model.dtype)
    missing = sorted(set(rule.needs) - {"spikes", "h", *cells.state_variables()})
    if missing:
        raise UnsupportedError(f"{label}: rule {rule.name!r} needs {missing[0]!r}, which JAX does "
                               f"not keep of {cells.name} cells")
    seen = {"z" if name == "spikes" else name: zero for name in rule.needs}
    start = {name: zero for name in rule.memory}

    def factor(given: Any) -> Any:
        timestep = model.network.settings.timestep
        made = rule.factor(given[0], _SeenCells(**{**numbers, **given[1], "timestep": timestep}))
        if not isinstance(made, tuple) or len(made) != 2 or not isinstance(made[1], Mapping):
            raise ParameterError(f"{what} gives {type(made).__name__}; it must give P and a dict "
                                 f"of its memory, {list(rule.memory)}")
        absent = [name for name in rule.memory if name not in made[1]]
        if absent:
            raise ParameterError(f"{what} gives no {absent[0]!r}; it must give all of its memory, "
                                 f"{list(rule.memory)}")
        return {f"{name!r}": jnp.asarray(value) for name, value in (
            ("P", made[0]), *((name, made[1][name]) for name in rule.memory))}

    what = called(label, "rule", rule, "factor")
    for name, value in _traced(label, "rule", rule, "factor", factor, (start, seen)).items():
        if value.shape not in ((), zero.shape) or value.dtype.kind not in "biuf":
            raise ParameterError(f"{what}: {name} is {value.dtype} of shape {value.shape}; it must "
                                 f"be real numbers of shape {zero.shape}, or one for all")


def _backward(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The derivative of the sum of all that a function gives, by all that it is given."""
    def summed(given: Any) -> Any:
        dtype = jax.tree.leaves(given)[0].dtype
        return sum(jnp.sum(jnp.asarray(value, dtype))
                   for value in jax.tree.leaves(function(given)))

    return jax.grad(summed)


def _plain(model: Model, cells: SpikingCells) -> SimpleNamespace:
    """The cells at the start of an interval, in NumPy."""
    timestep = model.network.settings.timestep
    none = np.zeros(cells.size)
    return SimpleNamespace(**fixed_values(cells, timestep), **{
        name: np.broadcast_to(value, (cells.size,))
        for name, value in cells.initial_state().items()},
        timestep=timestep, z=none, z_reset=none, h=none)


def _traced(owner: str, word: str, kind: Any, method: str, function: Callable[[Any], Any],
            argument: Any) -> Any:
    """Shapes of what a method of a kind gives under JAX's tracing."""
    try:
        return jax.eval_shape(function, argument)
    except EPropError:
        raise
    except Exception as failure:
        raise UnsupportedError(
            f"{called(owner, word, kind, method)} cannot be computed by JAX: "
            f"{type(failure).__name__}: {str(failure).splitlines()[0]}; write it with jax.numpy in "
            "the place of numpy, without branches on values, or use setup(machine='reference') of "
            "the host backend") from failure
