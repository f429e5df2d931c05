"""Gradients of intervals against differentiation of the whole sequence, written out in plain.py."""

import warnings
from dataclasses import replace
from functools import cache

import autograd.numpy as np
import jax
import jax.numpy as jnp
import pytest
from autograd import grad
from autograd.tracer import getval
from numpy.testing import assert_allclose

from pynn_eprop.intervals import INTERVAL_RULES, IntervalRule, Signal, Traces
from pynn_eprop.intervals.in_jax.gradients import (
    first_state,
    interval_gradients,
    no_boundary,
    steps_of,
)
from tests.intervals.cases import NETWORKS, first_weights, sequences
from tests.intervals.in_jax import plain

STEPS, BATCH, INTERVAL = 7, 2, 3        # the last interval is shorter


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@cache
def of_kind(network, traces, signal):
    """The gradients of an interval as a compiled function; its last argument: boundary values."""
    def found(parameters, start, steps, beyond):
        return interval_gradients(network, IntervalRule("own", "", traces, signal), parameters,
                                  start, steps, lambda end: beyond)

    return jax.jit(found)


def compiled(network, rule):
    """The function of a rule: some differ in their boundary values alone."""
    return of_kind(network, rule.traces, rule.signal)


def in_intervals(network, rule, parameters, case, interval=INTERVAL, boundary=None):
    """Gradients summed over intervals without updates, and the state at the end.

    Intervals are filled to the length of the sequence, so that one function does for all lengths.
    boundary: gives from the steps done and (state, h) the derivatives beyond them.
    """
    now, total = first_state(network, rule, BATCH), None
    for first in range(0, STEPS, interval):
        last = min(first + interval, STEPS)
        steps = steps_of(network, *(values[first:last] for values in case.values()),
                         length=STEPS)
        beyond = no_boundary(now)
        if boundary is not None:
            _, end = plain.run(network, parameters, {"inputs": case["inputs"][:last]}, first,
                               (np.array(now["state"]), np.array(now["output"])))
            beyond = boundary(last, end)
        found = compiled(network, rule)(parameters, now, steps, beyond)
        now = found.end
        total = found.gradients if total is None else jax.tree.map(jnp.add, total, found.gradients)
    return total, now


def case_of(name):
    network = NETWORKS[name]
    return network, first_weights(network), sequences(network, STEPS, BATCH)


def assert_same(found, expected):
    """Equal to 1e-12 of the largest value of each array."""
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        largest = np.abs(values).max()
        assert largest > 1e-4, name
        assert_allclose(found[name], values, rtol=0, atol=1e-12 * largest)


def exact_boundary(network, parameters, case):
    """Derivatives of the errors after an end, by differentiation of the rest of the sequence."""
    def boundary(done, end):
        if done == STEPS:
            return {name: np.zeros_like(end[0]) for name in ("state", "output")}
        found = grad(lambda end: plain.error(network, parameters, case, done, end))(end)
        return dict(zip(("state", "output"), found, strict=True))

    return boundary


@pytest.mark.parametrize(("rule", "name"), [
    *(("eprop3", name) for name in NETWORKS),
    ("truncated-bptt-sg", "LSTM"), ("truncated-bptt-sg", "ReLU, words")])
def test_with_exact_boundary_values_all_of_the_gradient_is_found(rule, name):
    """Correctness of synthetic gradients and of e-prop 3 with optimal ones (below eq. 66, 70)."""
    network, parameters, case = case_of(name)
    expected = plain.full_gradient(network, parameters, case)
    boundary = exact_boundary(network, parameters, case)
    found, _ = in_intervals(network, INTERVAL_RULES[rule], parameters, case, boundary=boundary)
    assert_same(found, expected)


@pytest.mark.parametrize("name", ["LSTM", "ReLU, words"])
def test_without_boundary_values_some_of_the_gradient_is_missing(name):
    """So that the test above has something to find; traces bring a part of it."""
    network, parameters, case = case_of(name)
    expected = plain.full_gradient(network, parameters, case)["weights"]
    off = []
    for rule in ("truncated-bptt", "traces"):
        found, _ = in_intervals(network, INTERVAL_RULES[rule], parameters, case)
        off.append(np.abs(found["weights"] - expected).max() / np.abs(expected).max())
    assert off[1] > 1e-2
    assert off[0] != pytest.approx(off[1], rel=1e-2)


@pytest.mark.parametrize("name", ["LSTM", "ReLU, words"])
def test_one_interval_as_long_as_the_sequence_is_bptt(name):
    network, parameters, case = case_of(name)
    expected = plain.full_gradient(network, parameters, case)
    for rule in ("bptt", "traces"):
        found, _ = in_intervals(network, INTERVAL_RULES[rule], parameters, case, interval=STEPS)
        assert_same(found, expected)


@pytest.mark.parametrize("name", ["LSTM", "LSTM, tanh, classes of words", "tanh"])
def test_eprop_1_in_intervals_is_detached_differentiation_of_the_sequence(name):
    """Also of the readouts. The embedding's gradient is of each interval alone, see below."""
    network, parameters, case = case_of(name)
    expected = plain.detached_gradient(network, parameters, case)
    found, _ = in_intervals(network, INTERVAL_RULES["eprop1"], parameters, case)
    expected.pop("embedding", None)
    found.pop("embedding", None)
    assert_same(found, expected)


def test_the_embedding_learns_within_an_interval():
    """One interval is the whole sequence; in shorter ones states at their starts are given."""
    network, parameters, case = case_of("LSTM, tanh, classes of words")
    rule = INTERVAL_RULES["eprop1"]
    found, _ = in_intervals(network, rule, parameters, case, interval=STEPS)
    assert_same(found, plain.detached_gradient(network, parameters, case))
    found, _ = in_intervals(network, rule, parameters, case)

    def cut(weights):
        total, start = 0.0, None
        for first in range(0, STEPS, INTERVAL):
            piece = {**case, "inputs": case["inputs"][:first + INTERVAL]}
            rows, end = plain.run(network, weights, piece, first, start,
                                  keep=getval)
            total = total + plain.error_of(network, weights, rows, case, first)
            start = tuple(map(getval, end))
        return total / BATCH

    assert_same({"embedding": found["embedding"]},
                {"embedding": grad(cut)(parameters)["embedding"]})


def signals_of(network, parameters, case):
    """dE/dh^t of every step, with all ways forward, (steps, batch, units)."""
    none = np.zeros((STEPS, BATCH, network.units))
    return grad(lambda added: plain.error(network, parameters, case, added=added))(none)


def of_steps_alone(network, parameters, case, signals):
    """sum_t signals^t dh^t/dtheta with everything before the step given."""
    def summed(weights):
        total, state, h = 0.0, *(np.zeros((BATCH, network.units)),) * 2
        for step in range(STEPS):
            one = {"inputs": case["inputs"][step:step + 1]}
            _, (state, h) = plain.run(network, weights, one,
                                      start=(getval(state), getval(h)))
            total = total + np.sum(signals[step] * h)
        return total / BATCH

    return grad(summed)(parameters)["weights"]


@pytest.mark.parametrize("name", ["LSTM", "tanh"])
def test_truncated_traces_are_those_of_the_step_itself(name):
    """eps^t = ds^t/dtheta, with the learning signals that exact boundary values give."""
    network, parameters, case = case_of(name)
    found, _ = in_intervals(network, INTERVAL_RULES["truncated-traces"], parameters, case,
                            boundary=exact_boundary(network, parameters, case))
    expected = of_steps_alone(network, parameters, case, signals_of(network, parameters, case))
    assert_same({"weights": found["weights"]}, {"weights": expected})


def test_truncated_traces_go_with_signals_from_readouts():
    network, parameters, case = case_of("LSTM")
    rule = IntervalRule("own", "", Traces.TRUNCATED, Signal.SYMMETRIC)
    found, _ = in_intervals(network, rule, parameters, case)
    rows, _ = plain.run(network, parameters, case)
    signals = grad(lambda h: plain.error_of(network, parameters, h, case))(rows)
    expected = of_steps_alone(network, parameters, case, signals)
    assert_same({"weights": found["weights"]}, {"weights": expected})


def test_random_feedback_takes_the_place_of_readouts():
    """With B = W_out^T it is symmetric; W_out then has to be the random weights."""
    network, parameters, case = case_of("LSTM")
    parameters = {**parameters, "readout": network.random_feedback().T}
    found, _ = in_intervals(network, INTERVAL_RULES["eprop1-random"], parameters, case)
    expected, _ = in_intervals(network, INTERVAL_RULES["eprop1"], parameters, case)
    assert_same(found, expected)
    other = replace(network, feedback_seed=2)
    found, _ = in_intervals(other, INTERVAL_RULES["eprop1-random"], parameters, case)
    assert_same({name: found[name] for name in ("readout", "readout_bias")},
                {name: expected[name] for name in ("readout", "readout_bias")})
    assert np.abs(found["weights"] - expected["weights"]).max() > 1e-2


def explicit_traces(network, parameters, case):
    """Eligibility vectors of each synapse, step by step, with the derivatives of eq. 31 to 37."""
    n, rows = network.units, network.units + network.inputs + 1
    state, h = (np.zeros((BATCH, n)) for _ in range(2))
    eps = np.zeros((BATCH, network.traced_gates, n, rows))
    for step in range(STEPS):
        u = np.concatenate([h, case["inputs"][step], np.ones((BATCH, 1))], axis=1)
        a = u @ parameters["weights"]
        if network.kind == "lstm":
            i, f, o = (1 / (1 + np.exp(-a[:, k * n:(k + 1) * n])) for k in (0, 1, 3))
            c = np.tanh(a[:, 2 * n:3 * n])
            local = np.stack([c * i * (1 - i), state * f * (1 - f), i * (1 - c ** 2)], axis=1)
            state = f * state + i * c
            h = o * state
        else:
            f, local = np.full((BATCH, n), network.leak), np.ones((BATCH, 1, n))
            state = network.leak * state + a
            h = np.tanh(state)
        eps = f[:, None, :, None] * eps + local[..., None] * u[:, None, None, :]
    return eps


@pytest.mark.parametrize("name", ["LSTM", "tanh"])
def test_eligibility_vectors_are_those_of_the_recursion(name):
    network, parameters, case = case_of(name)
    _, end = in_intervals(network, INTERVAL_RULES["traces"], parameters, case)
    expected = explicit_traces(network, parameters, case)
    found = np.asarray(end["traces"])
    if network.kind != "lstm":      # those of artificial units are the same for all of them
        found = np.broadcast_to(found[:, None, None, :], expected.shape)
    assert_allclose(found, expected, rtol=0, atol=1e-13)


def test_derivatives_by_the_start_are_those_of_the_rest():
    """What synthetic gradients learn: with the exact values at the end they are exact, too."""
    network, parameters, case = case_of("LSTM")
    boundary = exact_boundary(network, parameters, case)
    rule = INTERVAL_RULES["eprop3"]
    start = plain.run(network, parameters, {"inputs": case["inputs"][:INTERVAL]})[1]
    middle = plain.run(network, parameters, {"inputs": case["inputs"][:2 * INTERVAL]})[1]
    now = {**first_state(network, rule, BATCH), "state": start[0], "output": start[1]}
    steps = steps_of(network, *(values[INTERVAL:2 * INTERVAL] for values in case.values()))
    found = compiled(network, rule)(parameters, now, steps, boundary(2 * INTERVAL, middle))
    assert_same(found.by_start, boundary(INTERVAL, start))
    assert_same({"signals": found.signals},
                {"signals": signals_of(network, parameters, case)[INTERVAL:2 * INTERVAL]})


def test_an_error_of_the_state_at_the_end_reaches_eligibility_vectors():
    """"own" of boundary values, for dE_SG/dtheta: all of its gradient in one interval."""
    network, parameters, case = case_of("LSTM")
    weight = np.random.default_rng(3).normal(size=(BATCH, network.units))
    beyond = {"state": np.zeros_like(weight), "output": np.zeros_like(weight), "own": weight}
    steps = steps_of(network, *case.values())

    def both(weights):
        rows, (state, _) = plain.run(network, weights, case)
        return (plain.error_of(network, weights, rows, case) + np.sum(weight * state)) / BATCH

    expected = grad(both)(parameters)["weights"]
    for rule in ("bptt", "traces"):
        rule = INTERVAL_RULES[rule]
        found = compiled(network, rule)(parameters, first_state(network, rule, BATCH), steps,
                                        beyond)
        assert_same({"weights": found.gradients["weights"]}, {"weights": expected})


def test_weights_in_float64_bring_no_warning_when_jax_has_float32_alone():
    """`first_parameters()` and `first_state()` give float64, and JAX begins with float32."""
    network = NETWORKS["LSTM"]
    case = sequences(network, STEPS, BATCH, seed=1)
    with jax.enable_x64(False), warnings.catch_warnings():
        warnings.simplefilter("error")
        found = interval_gradients(network, INTERVAL_RULES["eprop3"], first_weights(network, 1),
                                   first_state(network, INTERVAL_RULES["eprop3"], BATCH),
                                   steps_of(network, *case.values()))
    assert found.signals.dtype == jnp.float32
