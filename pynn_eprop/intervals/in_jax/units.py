"""Recurrent units in JAX (eq. 30 to 36), and their eligibility vectors (eq. 37)."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.intervals.network import LSTM, UnitNetwork

ACTIVATIONS = {"tanh": jnp.tanh, "sigmoid": jax.nn.sigmoid, "relu": jax.nn.relu}


def step(network: UnitNetwork, state: Any, arriving: Any) -> tuple[Any, Any]:
    """The new state and the output of units, (..., units) each.

    state: before the step. arriving: pre-activations a, (..., gates * units), gate after gate.
    """
    if network.kind == LSTM:
        i, f, c, o = jnp.split(arriving, network.gates, axis=-1)
        state = jax.nn.sigmoid(f) * state + jax.nn.sigmoid(i) * jnp.tanh(c)     # eq. 35
        seen = jnp.tanh(state) if network.tanh_output else state
        return state, jax.nn.sigmoid(o) * seen                                  # eq. 36
    state = network.leak * state + arriving                                     # eq. 30
    return state, ACTIVATIONS[network.kind](state)


def local_derivatives(network: UnitNetwork, state: Any, arriving: Any) -> tuple[Any, Any]:
    """ds^t/ds^{t-1}, (..., units), and ds^t/da^t, (..., traced gates, units), of each unit.

    A unit's state depends on its own state and pre-activations alone, so that a derivative in the
    direction of ones has all of them.
    """
    def state_of(state: Any, arriving: Any) -> Any:
        return step(network, state, arriving)[0]

    def by_gate(gate: Any) -> Any:
        """The derivative by the pre-activations of one gate; gate: (gates,), 1 for that."""
        along = jnp.broadcast_to(jnp.repeat(gate, network.units), arriving.shape)
        return jax.jvp(lambda a: state_of(state, a), (arriving,), (along,))[1]

    carried = jax.jvp(lambda s: state_of(s, arriving), (state,), (jnp.ones_like(state),))[1]
    gates = np.eye(network.traced_gates, network.gates, dtype=arriving.dtype)
    return carried, jnp.stack([by_gate(gate) for gate in gates], axis=-2)


def trace_shape(network: UnitNetwork, batch: int) -> tuple[int, ...]:
    """Shape of the eligibility vectors, (batch, gates, units, rows of the weights).

    Those of artificial units do not depend on the unit, (batch, rows): their state keeps ``leak``
    of itself and adds its pre-activation, so that eps_ji is a filtered input (eq. 30).
    """
    rows = network.units + network.inputs + 1
    if network.kind != LSTM:
        return (batch, rows)
    return (batch, network.traced_gates, network.units, rows)


def carried_traces(network: UnitNetwork, traces: Any, derivatives: tuple[Any, Any], rows: Any
                   ) -> Any:
    """Eligibility vectors after an interval, eps^t = ds^t/ds^{t-1} eps^{t-1} + ds^t/da^t u^t.

    Unrolled over the steps of the interval, so that the tensor is read and written once. traces:
    before it. derivatives: of :func:`local_derivatives`, (steps, batch, ...). rows: u.
    """
    carried, local = derivatives
    # what the states after a step keep until the end, and the whole interval
    after = jnp.concatenate([jnp.cumprod(carried[::-1], axis=0)[::-1], jnp.ones_like(carried[:1])])
    if network.kind != LSTM:    # the same for all units
        after, local = after[..., 0], local[..., 0, 0]
        return after[0][:, np.newaxis] * traces + jnp.einsum("tb,tbi->bi", local * after[1:], rows)
    return after[0][:, np.newaxis, :, np.newaxis] * traces + jnp.einsum(
        "tbgj,tbi->bgji", local * after[1:, :, np.newaxis], rows)


def by_traces(network: UnitNetwork, weights: Any, traces: Any) -> Any:
    """sum over the batch of lambda_j eps_ji, as of all weights, (rows, gates * units).

    weights: lambda, what multiplies the eligibility vectors of the start, (batch, units).
    """
    if network.kind != LSTM:
        return jnp.einsum("bj,bi->ij", weights, traces)
    found = jnp.einsum("bj,bgji->igj", weights, traces)
    missing = network.gates - network.traced_gates      # the output gate has no traces (eq. 40)
    found = jnp.pad(found, ((0, 0), (0, missing), (0, 0)))
    return found.reshape(found.shape[0], -1)
