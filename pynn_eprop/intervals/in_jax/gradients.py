"""Gradients of an interval, by each rule, from automatic differentiation.

    start = first_state(network, rule, batch)
    steps = steps_of(network, inputs, targets, active)
    found = interval_gradients(network, rule, parameters, start, steps)
    found.gradients["weights"], found.end

They are pure functions of trees of arrays, for ``jax.jit`` and ``jax.vmap``, in float32 unless
JAX has float64 enabled.

The learning signal dE/dh^t is the derivative with respect to something added to h^t when it is
sent (eq. 67): it has all paths to the errors but the one through the unit's own state. The units
are then differentiated alone, with their pre-activations as independent inputs and this signal at
their outputs: the derivatives by pre-activations, and by the state at the start, are the factors
that eligibility vectors are multiplied with.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional import synthetic_gradients
from pynn_eprop.intervals.in_jax.units import (
    by_traces,
    carried_traces,
    local_derivatives,
    step,
    trace_shape,
)
from pynn_eprop.intervals.network import SOFTMAX, UnitNetwork
from pynn_eprop.intervals.rules import IntervalRule, Signal, Traces

Tree = Any


class IntervalGradients(NamedTuple):
    """Error, gradients and end of an interval.

    error: summed over active steps, mean of the batch, in bits or nats. gradients: of this error,
    by name, of the shapes of :meth:`UnitNetwork.shapes`. end: state and output after it, (batch,
    units), and traces. by_start: derivatives of each sequence's error by "state" and "output"
    before the interval, (batch, units). signals: dE/dh^t of each sequence, (steps, batch, units).
    """

    error: Any
    gradients: Tree
    end: Tree
    by_start: Tree
    signals: Any


def first_state(network: UnitNetwork, rule: IntervalRule, batch: int,
                precision: str = "float64") -> Tree:
    """State and output of units, (batch, units), and traces of rules that carry them: all 0."""
    found = {name: np.zeros((batch, network.units), precision) for name in ("state", "output")}
    if rule.traces is Traces.CARRIED:
        found["traces"] = np.zeros(trace_shape(network, batch), precision)
    return found


def steps_of(network: UnitNetwork, inputs: np.ndarray, targets: np.ndarray, active: np.ndarray,
             length: int | None = None, precision: str = "float64") -> Tree:
    """Steps for :func:`interval_gradients`, from arrays as :meth:`IntervalMachine.train` has them.

    length: steps to pad to; padded steps change nothing.
    """
    count = len(inputs)
    length = count if length is None else length
    return {"inputs": inputs_of(network, inputs, length, precision),
            "targets": _rows(targets, length, np.int32 if network.loss == SOFTMAX else precision),
            "active": _rows(active, length, bool), "present": np.arange(length) < count}


def inputs_of(network: UnitNetwork, inputs: np.ndarray, length: int, precision: str) -> np.ndarray:
    """Rows of inputs, x or words, filled with 0 up to a length."""
    return _rows(inputs, length, precision if network.words is None else np.int32)


def _rows(values: np.ndarray, length: int, dtype: Any) -> np.ndarray:
    found = np.zeros((length, *np.shape(values)[1:]), dtype)
    found[:len(values)] = values
    return found


def activity(network: UnitNetwork, parameters: Tree, start: Tree, inputs: Any, present: Any,
             added: Any) -> tuple[Tree, Tree]:
    """State and output at the end, (batch, units), and rows of the steps (eq. 30 to 36).

    Rows, (steps, batch, ...): u, pre-activations ("arriving"), the state before the step, and h
    ("output"). added: to h when it is sent, (steps, batch, units).
    """
    x = inputs if network.words is None else parameters["embedding"][inputs]

    def one(now: tuple[Any, Any], row: Any) -> tuple[tuple[Any, Any], Tree]:
        (state, output), (x, present, added) = now, row
        u = jnp.concatenate([output, x, jnp.ones_like(x[:, :1])], axis=-1)
        arriving = u @ parameters["weights"]
        after, h = step(network, state, arriving)
        kept = (jnp.where(present, after, state), jnp.where(present, h + added, output))
        return kept, {"u": u, "arriving": arriving, "state": state, "output": kept[1]}

    (state, output), rows = jax.lax.scan(one, (start["state"], start["output"]),
                                         (x, present, added))
    return {"state": state, "output": output}, rows


def outputs_of(parameters: Tree, h: Any) -> Any:
    """y of readouts, (..., outputs), from outputs of units."""
    return h @ parameters["readout"] + parameters["readout_bias"]


def errors(network: UnitNetwork, y: Any, steps: Tree) -> Any:
    """The error of each sequence in bits or nats, summed over the active steps, (batch,)."""
    if network.loss == SOFTMAX:
        wanted = jnp.take_along_axis(y, steps["targets"][..., np.newaxis], axis=-1)[..., 0]
        each = jax.nn.logsumexp(y, axis=-1) - wanted
    else:
        each = jnp.sum(jax.nn.softplus(y) - steps["targets"] * y, axis=-1) / np.log(2.0)
    counted = steps["active"] & steps["present"]
    return jnp.sum(jnp.where(counted[:, np.newaxis], each, 0.0), axis=0)


def no_boundary(end: Tree) -> Tree:
    """Derivatives of 0 by state and output at the end."""
    return {name: jnp.zeros_like(end[name]) for name in ("state", "output")}


def synthetic_boundary(weights: Tree, factor: float, sees_state: bool) -> Callable[[Tree], Tree]:
    """Derivatives that the error module predicts, times ``factor`` (eta_SG of eq. 64).

    weights: of the shapes of :meth:`SyntheticGradients.shapes`.
    """
    def boundary(end: Tree) -> Tree:
        found = synthetic_gradients.predict(weights, what_is_seen(end, sees_state))
        state, output = jnp.split(factor * found, 2, axis=-1)
        return {"state": state, "output": output}

    return boundary


def what_is_seen(end: Tree, sees_state: bool) -> Any:
    """Inputs of the error module, (batch, units), or twice as many."""
    return jnp.concatenate([end["output"], end["state"]], -1) if sees_state else end["output"]


def interval_gradients(network: UnitNetwork, rule: IntervalRule, parameters: Tree, start: Tree,
                       steps: Tree, boundary: Callable[[Tree], Tree] = no_boundary
                       ) -> IntervalGradients:
    """The gradients of an interval, by a rule (eq. 62 to 70).

    parameters: of the shapes of :meth:`UnitNetwork.shapes`. start: of :func:`first_state`, or the
    end of the interval before. steps: of :func:`steps_of`. boundary: from state and output at the
    end, the derivatives of each sequence's later errors, (batch, units): by "state", through the
    units' own next states, and by "output"; optionally, as "own", the derivatives by the state of
    an error at the end itself, which no later interval passes back. Learning signals that come
    from readouts alone do not use it.
    """
    batch = start["state"].shape[0]
    whole = {name: start[name] for name in ("state", "output")}

    def summed(parameters: Tree, start: Tree, added: Any) -> tuple[Any, Tree]:
        end, rows = activity(network, parameters, start, steps["inputs"], steps["present"], added)
        each = errors(network, outputs_of(parameters, rows["output"]), steps)
        return (jnp.sum(each), end), rows

    none = jnp.zeros_like(start["output"], shape=(len(steps["present"]), *start["output"].shape))
    (error, end), pull, rows = jax.vjp(summed, parameters, whole, none, has_aux=True)
    one = jnp.ones_like(error)
    if rule.signal is Signal.PROPAGATED:
        beyond = boundary(end)
        own = beyond.get("own", jnp.zeros_like(end["state"]))
        gradients, by_start, signals = pull((one, {"state": beyond["state"] + own,
                                                   "output": beyond["output"]}))
    else:
        own = jnp.zeros_like(end["state"])
        by_start = no_boundary(start)
        gradients, signals = _from_readouts(network, rule, parameters, rows, steps)
    if rule.traces is not Traces.NONE:
        def direct(truncated: bool) -> tuple[Any, Any]:
            return _direct(network, truncated, start["state"], rows, steps, signals, own)

        arriving, by_state = direct(rule.traces is Traces.TRUNCATED)
        weights = jnp.einsum("tbi,tbk->ik", rows["u"], arriving)
        if rule.traces is Traces.CARRIED:
            weights = weights + by_traces(network, by_state, start["traces"])
            end = {**end, "traces": carried_traces(
                network, start["traces"], _derivatives(network, rows, steps), rows["u"])}
        gradients = {**gradients, "weights": weights}
        if network.words is not None and rule.signal is not Signal.PROPAGATED:
            gradients["embedding"] = _of_words(network, parameters, direct(False)[0], steps)
    return IntervalGradients(error / batch, jax.tree.map(lambda sum_: sum_ / batch, gradients), end,
                             by_start, signals)


def _from_readouts(network: UnitNetwork, rule: IntervalRule, parameters: Tree, rows: Tree,
                   steps: Tree) -> tuple[Tree, Any]:
    """Gradients of readouts, and dE/dh^t by readouts of the same step, or as random weights say."""
    def of_outputs(y: Any) -> Any:
        return jnp.sum(errors(network, y, steps))

    readout = {name: parameters[name] for name in ("readout", "readout_bias")}
    y, pull = jax.vjp(outputs_of, readout, rows["output"])
    error = jax.grad(of_outputs)(y)
    gradients, signals = pull(error)
    if rule.signal is Signal.RANDOM:
        signals = error @ jnp.asarray(network.random_feedback(), error.dtype)
    return gradients, signals


def _direct(network: UnitNetwork, truncated: bool, state: Any, rows: Tree, steps: Tree,
            signals: Any, own: Any) -> tuple[Any, Any]:
    """Derivatives by pre-activations, (steps, batch, ...), and by the state at the start.

    Of sum_t signals^t h^t + own state^T, without recurrence: pre-activations are given.
    truncated: so is the state before each step.
    """
    present = steps["present"][:, np.newaxis, np.newaxis]

    def alone(arriving: Any, state: Any) -> tuple[Any, Any]:
        def one(state: Any, row: Any) -> tuple[Any, Any]:
            arriving, present, given = row
            before = given if truncated else state
            after, h = step(network, before, arriving)
            return jnp.where(present, after, state), h

        state, h = jax.lax.scan(one, state, (arriving, steps["present"], rows["state"]))
        return state, jnp.where(present, h, 0.0)

    _, pull = jax.vjp(alone, rows["arriving"], state)
    return pull((own, signals))


def _derivatives(network: UnitNetwork, rows: Tree, steps: Tree) -> tuple[Any, Any]:
    """Local derivatives at each step; of one that does not happen, that nothing changes."""
    carried, local = local_derivatives(network, rows["state"], rows["arriving"])
    present = steps["present"][:, np.newaxis, np.newaxis]
    return jnp.where(present, carried, 1.0), jnp.where(present[..., np.newaxis], local, 0.0)


def _of_words(network: UnitNetwork, parameters: Tree, arriving: Any, steps: Tree) -> Any:
    """The embedding's gradient from derivatives by pre-activations."""
    by_x = arriving @ parameters["weights"][network.units:network.units + network.inputs].T
    return jnp.zeros_like(parameters["embedding"]).at[steps["inputs"]].add(by_x)
