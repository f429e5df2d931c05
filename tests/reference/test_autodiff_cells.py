"""Kinds of cell in jax.numpy on the reference.

Witnesses: for copies of our cells the built-in ones; for cells from the literature the gradient of
a scalar whose derivative is e-prop's (tests/reference/autodiff.py), with the equations written out
once more here. A network is simulated with spikes detached on their way to other cells and in the
reset, the spike having the pseudo-derivative as its own, and differentiated backwards in time.
"""

import math
import sys
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.lax import stop_gradient

from pynn_eprop.errors import MissingDependencyError, ParameterError, SimulationError
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.cells import Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Inputs
from pynn_eprop.models.optimizers import Adam
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.models.rules import SimplifiedTraces, TruncatedTraces
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    alif,
    all_pairs,
    feedback,
    lif,
    network,
    readouts,
    record,
    synapses,
)
from tests.own_jax_cells import Izhikevich, JaxALIF, JaxLIF, ResonateAndFire, TwoCompartments

INPUTS, CELLS, T, TRIALS = 6, 4, 50, 2
RNG = np.random.default_rng(3)
SOURCES = RNG.random((T * TRIALS, INPUTS)) < 0.15       # at steps 0, 1, ...
SOURCES[::T] = False        # none at the boundaries, so that no spike's interval is in question
TARGET = np.cumsum(RNG.normal(0, 0.1, (2, T)), axis=1)
PAIRS = all_pairs(CELLS, CELLS, self_connections=False)
COMMON = {"f_target": np.full(CELLS, 10.0), "c_reg": np.full(CELLS, 0.01),
          "refractory_steps": np.array([0, 2, 3, 5]),
          "pseudo_derivative": PiecewiseLinear(0.4, 0.9)}


def built(cells, rule=None, lr=0.01, scale=1.0, **settings):
    rng = np.random.default_rng(5)
    options = {"optimizer": Adam(lr=lr), **({} if rule is None else {"rule": rule})}
    return network(
        [Sources("inputs", INPUTS), cells, readouts(2, loss=MSE(), target=TARGET, tau_m=12.0)],
        [synapses(0, 1, all_pairs(INPUTS, CELLS), rng.normal(0.25, 0.35, INPUTS * CELLS) * scale,
                  **options),
         synapses(1, 1, PAIRS, rng.normal(0, 0.2, len(PAIRS)) * scale, 2, **options),
         synapses(1, 2, all_pairs(CELLS, 2), rng.normal(0, 0.5, 2 * CELLS),
                  optimizer=Adam(lr=lr))],
        [feedback(2, 1, rng.normal(0, 0.7, (CELLS, 2)))], interval_steps=T, **settings)


def given(first, last):
    """The spikes of the inputs at steps first <= t < last."""
    times, cells = np.nonzero(SOURCES[first:last])
    return Inputs({0: (times + first, cells)})


def run(net, recordings=()):
    machine = ReferenceMachine(net)
    return machine, machine.run(T * TRIALS, given(0, T * TRIALS), recordings)


# --- copies of our cells --------------------------------------------------------------------------

OURS = {
    JaxLIF: lif(CELLS, v_thresh=0.35, c_reg=0.01, refractory_steps=2, v_initial=0.05,
                tau_m=np.linspace(12.0, 30.0, CELLS)),
    JaxALIF: alif(CELLS, v_thresh=0.35, beta=0.2, tau_a=60.0, c_reg=0.01, refractory_steps=2,
                  v_initial=0.05, a_initial=0.3),
}


def copied(kind):
    """The copy of one of our populations."""
    ours = vars(OURS[kind])
    names = (*kind.parameters(), *(f"{state}_initial" for state in kind.state_variables()),
             "refractory_steps", "pseudo_derivative")
    return kind("cells", CELLS, **{name: ours[name] for name in names if name != "tau_refrac"})


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("rule", [None, TruncatedTraces(), SimplifiedTraces()])
@pytest.mark.parametrize("kind", OURS)
def test_a_copy_of_our_cell_is_our_cell(kind, rule, boundary):
    everything = [record(1, name, *range(CELLS))
                  for name in (*kind.state_variables(), "h", "learning_signal", "spikes")]
    (expected, drawn), (found, again) = (run(built(cells, rule, boundary=boundary), everything)
                                         for cells in (OURS[kind], copied(kind)))
    assert expected.updates == TRIALS and len(drawn.entries[-1][0]) > 10
    for one, other in zip(drawn.entries, again.entries, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    for index in range(3):
        assert np.any(expected.gradient(index))
        for each in ("gradient", "weights"):
            ours = getattr(expected, each)(index)
            np.testing.assert_allclose(getattr(found, each)(index), ours, rtol=1e-12,
                                       atol=1e-12 * np.abs(ours).max())


def test_a_parameter_that_changes_between_updates_acts_at_once_in_both():
    kind, found = JaxLIF, []
    for cells in (OURS[kind], copied(kind)):
        net = built(cells)
        machine = ReferenceMachine(net)
        machine.run(T, given(0, T))
        machine.set_population(1, replace(net, populations=(
            net.populations[0], replace(cells, tau_m=np.full(CELLS, 9.0)), net.populations[2])))
        machine.run(T, given(T, 2 * T))
        found.append(machine.weights(0))
    np.testing.assert_allclose(found[1], found[0], rtol=1e-12)


# --- cells from the literature --------------------------------------------------------------------

def two_compartments(state, arriving, z, z_reset, p):
    d = math.e ** (-1 / p["tau_d"]) * state[0] + arriving
    plateau = 1 / (1 + jnp.exp(-(d - p["v_plateau"]) / p["slope"]))
    decay = math.e ** (-1 / p["tau_m"])
    return d, decay * state[1] + (1 - decay) * p["gain"] * plateau - p["v_thresh"] * z_reset


def izhikevich(state, arriving, z, z_reset, p):
    v, u = jnp.where(z_reset > 0, p["c"], state[0]), state[1] + p["d"] * z
    current = 140 - u + p["i_offset"] + p["gain"] * arriving     # per ms, over a step of 1 ms
    half = v + (0.04 * v ** 2 + 5 * v + current) / 2
    full = half + (0.04 * half ** 2 + 5 * half + current) / 2
    low, high = p["v_floor"], p["v_peak"] + (p["v_peak"] - p["v_floor"])
    kept = jnp.where(full < low, low, jnp.where(full > high, high, full))
    return kept, u + p["a"] * (p["b"] * v - u)


def resonate_and_fire(state, arriving, z, z_reset, p):
    """As one complex number, whose factor in a step is exp(-dt / tau + i omega dt)."""
    turn = jnp.exp(-1 / p["tau"] + 2j * jnp.pi * p["frequency"] / 1000)
    both = turn * jnp.where(z_reset > 0, 0, state[0] + 1j * state[1])
    return both.real + arriving, both.imag


# kind: equations, distance, unit of the width, parameters, factor on the weights
SPREAD = np.linspace(0.8, 1.2, CELLS)
LITERATURE = {
    TwoCompartments: (
        two_compartments, lambda state, p: state[1] - p["v_thresh"], lambda p: p["v_thresh"],
        {"tau_m": 16.0 * SPREAD, "tau_d": 7.0 * SPREAD, "v_plateau": 0.3 * SPREAD,
         "slope": 0.2 * SPREAD, "gain": 2.0 * SPREAD, "v_thresh": 0.3 * SPREAD,
         "d_initial": 0.1 * SPREAD, "v_initial": 0.05 * SPREAD}, 1.0),
    Izhikevich: (
        izhikevich, lambda state, p: state[0] - p["v_peak"],
        lambda p: p["v_peak"] - p["v_floor"],
        {"a": 0.02 * SPREAD, "b": 0.2 * SPREAD, "c": -60.0 * SPREAD, "d": 8.0 * SPREAD,
         "v_peak": 30.0 * SPREAD, "v_floor": -80.0 * SPREAD, "gain": 30.0 * SPREAD,
         "i_offset": 2.0 * SPREAD, "v_initial": -68.0 * SPREAD, "u_initial": -14.0 * SPREAD}, 1.5),
    ResonateAndFire: (
        resonate_and_fire, lambda state, p: state[1] - p["v_thresh"], lambda p: p["v_thresh"],
        {"tau": 30.0 * SPREAD, "frequency": 12.0 * SPREAD, "v_thresh": 0.25 * SPREAD,
         "x_initial": 0.1 * SPREAD, "y_initial": 0.05 * SPREAD}, 1.0),
}


def objective(weights, kind, signal, rate_term, intervals):
    """sum_t L^t zf^t + sum_t C z^t, whose derivative is sum_t L^t ebar^t + C sum_t e^t.

    weights: (inputs, cells) and (cells, cells). signal: L, (steps, cells). intervals: stretches of
    steps that begin from the initial state. Also gives the spikes and h, (steps, cells).
    """
    advance, distance, unit, p, _ = LITERATURE[kind]
    total, drawn, kappa = 0.0, [], math.exp(-1 / 12)
    for steps in intervals:
        state = tuple(jnp.asarray(p[f"{name}_initial"]) for name in kind.state_variables())
        filtered, silent, sent = 0.0, jnp.zeros(CELLS), [jnp.zeros(CELLS)] * 2
        for t in steps:     # from t to t + 1
            z = sent[-1]
            arriving = SOURCES[t].astype(float) @ weights[0] \
                + stop_gradient(sent[-2]) @ weights[1]
            state = advance(state, arriving, z, stop_gradient(z), p)
            above = distance(state, p)
            h = jnp.where(silent > 0, 0.0, stop_gradient(
                0.4 * jnp.maximum(0.0, 1 - jnp.abs(above) / (0.9 * unit(p)))))
            hard = jnp.where((silent > 0) | (above < 0), 0.0, 1.0)
            z = hard + h * (above - stop_gradient(above))
            silent = jnp.where(hard > 0, COMMON["refractory_steps"], silent - 1)
            filtered = kappa * filtered + z
            total += jnp.sum(signal[t] * filtered + rate_term * z)
            sent.append(z)
            drawn.append((hard, h))
    return total, drawn


@pytest.mark.parametrize("boundary", ["reset", "continuous"])
@pytest.mark.parametrize("kind", LITERATURE)
def test_gradients_of_cells_from_the_literature_by_automatic_differentiation(kind, boundary):
    *_, parameters, scale = LITERATURE[kind]
    net = built(kind("cells", CELLS, **COMMON, **parameters), scale=scale, boundary=boundary,
                trials_per_update=TRIALS)
    every = tuple(range(CELLS))
    machine, recorded = run(net, [record(1, "spikes", *every), record(1, "h", *every),
                                  record(1, "learning_signal", *every)])
    (steps, spiking), h, signal = recorded.entries
    z = np.zeros((T * TRIALS, CELLS))
    z[np.asarray(steps) - 1, spiking] = 1.0
    assert np.count_nonzero(z.any(axis=0)) >= 3 and z.sum() > 15 and np.count_nonzero(h) > 50
    rate_term = 0.01 * (1000.0 * z.sum(axis=0) / len(z) - 10.0)
    every_step = range(T * TRIALS)
    intervals = [every_step] if boundary == "continuous" else [
        every_step[T * trial:T * (trial + 1)] for trial in range(TRIALS)]
    with jax.enable_x64(True):
        recurrent = np.zeros((CELLS, CELLS))
        recurrent[tuple(np.transpose(PAIRS))] = net.projections[1].weight
        found, (of_inputs, of_cells), drawn = _differentiated(
            (net.projections[0].weight.reshape(INPUTS, CELLS), recurrent), kind, signal, rate_term,
            intervals)
    assert np.isfinite(found)
    np.testing.assert_array_equal([each[0] for each in drawn], z)
    np.testing.assert_allclose([each[1] for each in drawn], h, atol=1e-11)
    for index, expected in ((0, of_inputs.ravel()), (1, of_cells[tuple(np.transpose(PAIRS))])):
        assert np.count_nonzero(expected) > 0.7 * expected.size
        np.testing.assert_allclose(machine.gradient(index), expected, rtol=1e-10,
                                   atol=1e-10 * np.abs(expected).max())


def _differentiated(weights, *rest):
    """The objective, its derivatives by the weights, and what was drawn."""
    both = tuple(jnp.asarray(each) for each in weights)
    (value, drawn), slopes = jax.value_and_grad(objective, has_aux=True)(both, *rest)
    return value, tuple(np.asarray(each) for each in slopes), jax.device_get(drawn)


@pytest.mark.parametrize("kind", LITERATURE)
def test_a_run_in_parts_with_saved_state_is_the_run_in_one(kind):
    """Cut within an interval, after a step on which a cell spiked: `before` is of one step only."""
    cells = kind("cells", CELLS, **COMMON, **LITERATURE[kind][3])
    whole, recorded = run(built(cells), [record(1, "spikes", *range(CELLS))])
    times = recorded.entries[0][0]
    cut = int(times[times > T + 5][0])
    first = ReferenceMachine(built(cells))
    first.run(cut, given(0, cut + 1))
    second = ReferenceMachine(built(cells))
    second.restore(first.state())
    second.run(T * TRIALS - cut, given(cut, T * TRIALS))
    for index in range(3):
        np.testing.assert_array_equal(whole.weights(index), second.weights(index))


def test_the_activity_of_another_machine_lacks_the_state():
    with pytest.raises(SimulationError, match=r"state 'v' .*: the derivatives of JaxLIF read it"):
        ReferenceMachine(built(copied(JaxLIF))).learn(Activity())


def test_without_jax_the_machine_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "jax", None)       # as if it were not installed
    with pytest.raises(MissingDependencyError, match=r"pip install 'pynn_eprop\[jax\]'"):
        ReferenceMachine(built(copied(JaxLIF)))


# --- what is refused before anything runs ---------------------------------------------------------

def with_if(self, cells, arriving):
    return {"v": cells.v if cells.v[0] > 0 else arriving}


def with_callback(self, cells, arriving):
    shape = jax.ShapeDtypeStruct(cells.v.shape, cells.v.dtype)
    return {"v": jax.pure_callback(lambda v: v, shape, cells.v) + arriving}


@pytest.mark.parametrize(("method", "answer", "error", "message"), [
    ("step", lambda self, cells, arriving: {"v": np.exp(cells.v)}, ParameterError,
     r"cannot be followed by JAX \(TracerArrayConversionError\); compute with jax.numpy instead"),
    ("step", lambda self, cells, arriving: {"v": math.exp(cells.v[0]) + arriving}, ParameterError,
     r"cannot be followed by JAX \(ConcretizationTypeError\)"),
    ("step", with_if, ParameterError, r"\(TracerBoolConversionError\).* jnp.where\(\) instead of"),
    ("step", with_callback, SimulationError, "failed: ValueError: Pure callbacks do not support"),
    ("step", lambda self, cells, arriving: {"v": jnp.sqrt(cells.v) + arriving}, ParameterError,
     "the derivative of 'v' by 'v' is inf at the start of an interval; it must be finite"),
    ("step", lambda self, cells, arriving: {"v": cells.v * arriving.mean()}, ParameterError,
     "'v' of one cell depends on 'arriving' of another"),
    ("step", lambda self, cells, arriving: {"v": cells.v[::-1] + arriving}, ParameterError,
     "'v' of one cell depends on 'v' of another; it may depend on the cell itself only"),
    ("step", lambda self, cells, arriving: {"v": jnp.concatenate([cells.v, arriving])},
     ParameterError, r"'v' is float64 of shape \(8,\); it must be real numbers, which have deri"),
    ("step", lambda self, cells, arriving: {"v": (cells.v + arriving > 0).astype(int)},
     ParameterError, r"'v' is int64 of shape \(4,\).* \(not integers\)"),
    ("step", lambda self, cells, arriving: {"v": cells.v > 0}, ParameterError, "'v' is bool of"),
    ("step", lambda self, cells, arriving: {"v": "much"}, ParameterError, "'v' is str; it must be"),
    ("step", lambda self, cells, arriving: {}, ParameterError,
     r"gives \[\]; it must give all state variables, \['v'\]"),
    ("step", lambda self, cells, arriving: {"v": cells.v, "u": arriving}, ParameterError,
     r"gives \['u', 'v'\]; it must give all state variables, \['v'\]"),
    ("step", lambda self, cells, arriving: cells.v, ParameterError, "it must give a dict of numb"),
    ("step", lambda self, cells, arriving: {"v": cells.h * cells.v}, SimulationError,
     "AttributeError: it has no 'h' to read; it has .*'v', 'v_thresh', 'z', 'z_reset'"),
    ("step", lambda self, cells, arriving: 1 / 0, SimulationError, "failed: ZeroDivisionError"),
    ("distance", lambda self, cells: np.minimum(cells.v, 1.0), ParameterError,
     r"cannot be followed by JAX \(TracerArrayConversionError\)"),
    ("distance", lambda self, cells: cells.v - cells.z, SimulationError, "it has no 'z' to read"),
    ("distance", lambda self, cells: cells.v - cells.v.max(), ParameterError,
     "'distance' of one cell depends on 'v' of another"),
    ("distance", lambda self, cells: cells.v > 0, ParameterError, "is bool of shape"),
])
def test_what_jax_cannot_follow_or_differentiate_is_refused_by_name(method, answer, error, message):
    kind = type("Failing", (JaxLIF,), {"name": "Failing", method: answer})
    values = {**vars(copied(JaxLIF)), "v_initial": np.zeros(CELLS)}
    with pytest.raises(error, match=rf"cells: {method}\(\) of cell 'Failing'.*{message}"):
        ReferenceMachine(built(kind(**values)))


def test_one_cell_alone_may_do_anything_with_itself():
    """No other is there that it could depend on."""
    kind = type("Alone", (JaxLIF,), {"name": "Alone", "step": lambda self, cells, arriving: {
        "v": cells.v + arriving.sum()}})
    values = {name: np.resize(value, 1) for name, value in vars(copied(JaxLIF)).items()
              if name not in ("label", "size", "pseudo_derivative", "refractory_steps")}
    machine = ReferenceMachine(network([kind(
        "cells", 1, refractory_steps=np.zeros(1, int), pseudo_derivative=PiecewiseLinear(),
        **values)]))
    machine.run(3, Inputs())
    assert machine.sample(0, "v") == pytest.approx(0.05)
