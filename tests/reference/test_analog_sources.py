"""Sources of values: closed forms, whole values as spikes, and automatic differentiation."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pynn_eprop.engine import HostEngine
from pynn_eprop.errors import NetworkError, SimulationError
from pynn_eprop.functional.machine import JaxMachine
from pynn_eprop.functional.options import JaxOptions
from pynn_eprop.models.activity import Activity
from pynn_eprop.models.cells import AnalogSources, Sources
from pynn_eprop.models.losses import MSE
from pynn_eprop.models.network import Boundary, Inputs
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.models.rules import TruncatedTraces
from pynn_eprop.reference import ReferenceMachine
from tests.descriptions import (
    alif,
    all_pairs,
    analog,
    current_based,
    feedback,
    lif,
    network,
    readouts,
    record,
    synapses,
    values,
)
from tests.own_jax_cells import JaxALIF, TwoCompartments
from tests.reference.autodiff import gradients, true_gradients
from tests.reference.test_automatic_differentiation import (
    CELLS,
    SOURCES,
    STEPS,
    assert_equal,
    build,
)

DOUBLE, BPTT = JaxOptions("float64"), JaxOptions("float64", "bptt")
MACHINES = {
    "reference": ReferenceMachine, "float64": lambda net: HostEngine(net, "float64"),
    "float32": HostEngine, "fixed": lambda net: HostEngine(net, "fixed"),
    "jax": lambda net: JaxMachine(net, DOUBLE)}


# --- closed forms ---

@pytest.mark.parametrize("name", ["reference", "float64", "jax"])
@pytest.mark.parametrize("delay", [1, 3])
def test_a_value_arrives_after_the_delay_and_decays(name, delay):
    """v^t = sum_u alpha^(t - u) W x^(u - d), of a cell that never spikes."""
    x, alpha, weight = np.random.default_rng(1).normal(size=11), np.exp(-1 / 20), 0.7
    net = network([analog(), lif(v_thresh=1e3)], [synapses(0, 1, [(0, 0)], weight, delay)])
    (v,) = MACHINES[name](net).run(10, values(0, *x[:, np.newaxis]), [record(1, "v")]).entries
    expected = [sum(alpha ** (t - u) * weight * x[u - delay] for u in range(delay, t + 1))
                for t in range(1, 11)]
    np.testing.assert_allclose(v[:, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["reference", "float64", "jax"])
def test_a_readout_gets_the_value_of_its_own_step_and_none_of_the_next_interval(name):
    """y^s = kappa y^(s - 1) + W x^(s - d + 1), with x^s = 0 at the last step of an interval."""
    x, kappa = np.arange(1.0, 10.0), np.exp(-1 / 20)
    for delay in (1, 2):
        net = network([analog(), readouts()], [synapses(0, 1, [(0, 0)], 1.0, delay)],
                      interval_steps=4)
        (y,) = MACHINES[name](net).run(8, values(0, *x[:, np.newaxis]), [record(1, "y")]).entries
        expected = []
        for k in range(2):
            now = 0.0
            for s in range(1, 5):
                emitted = s - delay + 1
                now = kappa * now + (x[4 * k + emitted] if 0 <= emitted < 4 else 0.0)
                expected.append(now)
        np.testing.assert_allclose(y[:, 0], expected, rtol=1e-13)


@pytest.mark.parametrize("name", ["reference", "float64", "jax"])
def test_the_gradient_is_the_sum_of_signals_and_values(name):
    """dE/dW_ji = sum_t G_j^t h_j^t x_i^(t-1) with traces of the present input alone."""
    rng, T, kappa = np.random.default_rng(3), 25, np.exp(-1 / 20)
    x = rng.normal(0.3, 0.5, (T + 1, 3))
    net = network(
        [analog(3), lif(4), readouts(2, loss=MSE(), target=rng.normal(size=(2, T)))],
        [synapses(0, 1, all_pairs(3, 4), rng.normal(0.2, 0.4, 12), optimizer=SGD(lr=0.0),
                  rule=TruncatedTraces()),
         synapses(1, 2, all_pairs(4, 2), 0.5)],
        [feedback(2, 1, rng.normal(size=(4, 2)))], interval_steps=T)
    machine = MACHINES[name](net)
    h, L = machine.run(T, values(0, *x), [record(1, "h", *range(4)),
                                          record(1, "learning_signal", *range(4))]).entries
    G = np.array([sum(kappa ** (u - t) * L[u] for u in range(t, T)) for t in range(T)])
    expected = np.einsum("ti,tj,tj->ij", x[:T], h, G)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(machine.gradient(0).reshape(3, 4), expected, rtol=1e-11)


# --- whole values are so many spikes ---

def both(kind, counts, boundary, delay, rule=None, trials=1, interval=12):
    """A network from sources of a kind, and the inputs that say the same: counts (steps + 1, n)."""
    rng, size = np.random.default_rng(7), counts.shape[1]
    target = rng.normal(size=(2, interval))
    plastic = {"optimizer": SGD(lr=0.01), **({} if rule is None else {"rule": rule})}
    net = network(
        [kind("source", size), alif(5, refractory_steps=1),
         readouts(2, loss=MSE(), target=target)],
        [synapses(0, 1, all_pairs(size, 5), rng.normal(0.2, 0.3, 5 * size),
                  rng.integers(1, delay + 1, 5 * size), **plastic),
         synapses(0, 2, all_pairs(size, 2), rng.normal(0.0, 0.3, 2 * size),
                  rng.integers(1, delay + 1, 2 * size), **plastic),
         synapses(1, 2, all_pairs(5, 2), rng.normal(0.0, 0.5, 10), **plastic)],
        [feedback(2, 1, rng.normal(size=(5, 2)))], interval_steps=interval, boundary=boundary,
        trials_per_update=trials)
    if kind is AnalogSources:
        net = replace(net, populations=(AnalogSources("source", size, 2.0), *net.populations[1:]))
        return net, Inputs(values={0: counts})
    step, cell = np.nonzero(counts)
    number = counts[step, cell].astype(int)
    return net, Inputs({0: (np.repeat(step, number), np.repeat(cell, number))})


@pytest.mark.parametrize("name", MACHINES)
@settings(max_examples=settings().max_examples // 2)
@given(seed=st.integers(0, 1000), delay=st.integers(1, 4), trials=st.integers(1, 2),
       continuous=st.booleans())
def test_whole_values_do_what_as_many_spikes_do(name, seed, delay, trials, continuous):
    """In fixed point to the bit, as sums of whole values are exact there, too."""
    boundary = Boundary.CONTINUOUS if continuous and name != "fixed" else Boundary.RESET
    counts = np.random.default_rng(seed).choice(3, (48 + 1, 3), p=[0.7, 0.2, 0.1]).astype(float)
    found = []
    for kind in (AnalogSources, Sources):
        net, inputs = both(kind, counts, boundary, delay, trials=trials)
        machine = MACHINES[name](net)
        recorded = machine.run(24 if name == "float32" else 48, inputs if name != "float32" else
                               replace(inputs, values={i: v[:25] for i, v in inputs.values.items()},
                                       spikes={i: (s[s <= 24], c[s <= 24])
                                               for i, (s, c) in inputs.spikes.items()}),
                               [record(1, "v", *range(5)), record(2, "y", 0, 1)])
        found.append([*recorded.entries, *(machine.gradient(index) for index in range(3)),
                      *(machine.weights(index) for index in range(3))])
    for ours, expected in zip(*found, strict=True):
        if name == "fixed":
            np.testing.assert_array_equal(ours, expected)
        else:
            np.testing.assert_allclose(ours, expected, rtol=0, atol=(
                1e-5 if name == "float32" else 1e-11) * max(1.0, np.abs(expected).max()))


# --- automatic differentiation ---

def analog_values(trials, seed=2):
    return np.random.default_rng(seed).normal(0.1, 0.4, (trials * STEPS + 1, SOURCES))


def of_trials(x):
    """The values of each trial; those at its end are the next one's."""
    none = np.zeros((1, SOURCES))
    return [{0: np.concatenate([x[start:start + STEPS], none])}
            for start in range(0, len(x) - 1, STEPS)]


@pytest.mark.parametrize("name", ["reference", "float64", "jax"])
@pytest.mark.parametrize("model", [lif, alif])
@pytest.mark.parametrize("trials", [1, 3])
def test_gradient_with_spike_transmission_detached(name, model, trials):
    net = build(model(CELLS, refractory_steps=2, c_reg=0.05), "mse", "symmetric", delay=3,
                sources=AnalogSources("sources", SOURCES), trials_per_update=trials)
    x = analog_values(trials)
    machine = MACHINES[name](net)
    machine.run(trials * STEPS, values(0, *x))
    assert_equal(machine, gradients(net, of_trials(x), exact=True))


@pytest.mark.parametrize("model", [lif, alif])
@pytest.mark.parametrize("parts", [(60,), (13, 47)])
def test_gradient_of_backpropagation_through_time(model, parts):
    net = build(model(CELLS, refractory_steps=2), "mse", "random", delay=3,
                sources=AnalogSources("sources", SOURCES))
    x = analog_values(1)
    machine = JaxMachine(net, BPTT)
    for steps in parts:
        now = machine.step
        machine.run(steps, values(0, *x[now:now + steps + 1]))
    assert_equal(machine, true_gradients(net, of_trials(x)))


# --- cells of one's own ---

def own_cells(kind, **parameters):
    """Four cells of a kind whose derivatives JAX takes."""
    given = {"f_target": np.full(4, 10.0), "c_reg": np.zeros(4),
             "refractory_steps": np.full(4, 2), **parameters}
    names = {row.name for row in fields(kind)}
    return kind("own", 4, pseudo_derivative=PiecewiseLinear(),
                **{name: value for name, value in given.items() if name in names})


@pytest.mark.parametrize("kind", [JaxALIF, TwoCompartments])
def test_cells_of_ones_own_take_values(kind):
    """On the reference and in JAX alike; a copy of our adaptive cell as that does."""
    rng, T = np.random.default_rng(11), 30
    of_kind = {name: np.full(4, row.default) for name, row in kind.parameters().items()
               if row.name not in ("f_target", "c_reg", "tau_refrac")}
    states = {f"{name}_initial": np.full(4, value) for name, value in kind.initial_values().items()}
    if kind is JaxALIF:
        of_kind |= {"v_thresh": np.full(4, 0.61), "beta": np.full(4, 0.3),
                    "tau_a": np.full(4, 100.0)}
    cells = [own_cells(kind, **of_kind, **states)]
    cells += [alif(4, refractory_steps=2)] if kind is JaxALIF else []
    x, weight = rng.normal(0.2, 0.6, (T + 1, 3)), rng.normal(0.3, 0.5, 12)
    target, B = rng.normal(size=(1, T)), rng.normal(size=(4, 1))
    found = []
    for each in cells:
        for name in ("reference", "jax"):
            machine = MACHINES[name](network(
                [analog(3), each, readouts(loss=MSE(), target=target)],
                [synapses(0, 1, all_pairs(3, 4), weight, optimizer=SGD(lr=0.0)),
                 synapses(1, 2, all_pairs(4, 1), 0.5)], [feedback(2, 1, B)], interval_steps=T))
            (h,) = machine.run(T, values(0, *x), [record(1, "h", *range(4))]).entries
            assert h.max() > 0.1
            found.append(machine.gradient(0))
    assert np.abs(found[0]).max() > 1e-3
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-10, atol=1e-12)


# --- recording and refusals ---

@pytest.mark.parametrize("name", MACHINES)
def test_values_are_recorded(name):
    net = network([analog(2), lif()], [synapses(0, 1, [(0, 0)])])
    x = np.arange(22.0).reshape(11, 2) / 100
    found = MACHINES[name](net).run(10, values(0, *x), [record(0, "value", 1, 0, every=3)]).entries
    np.testing.assert_array_equal(found[0], x[[3, 6, 9]][:, ::-1])


@pytest.mark.parametrize("name", MACHINES)
def test_sources_without_values_have_0(name):
    net = network([analog(2), lif()], [synapses(0, 1, [(0, 0), (1, 0)])])
    (v,) = MACHINES[name](net).run(5, Inputs(), [record(1, "v")]).entries
    np.testing.assert_array_equal(v, np.zeros((5, 1)))


@pytest.mark.parametrize("name", MACHINES)
@pytest.mark.parametrize(("rows", "message"), [
    (np.zeros((5, 2)), r"analog: values have shape \(5, 2\); this run needs \(6, 2\), those of"),
    (np.full((6, 2), np.nan), "analog: a value is not finite")])
def test_values_that_do_not_fit_are_refused(name, rows, message):
    machine = MACHINES[name](network([analog(2), lif()], [synapses(0, 1, [(0, 0)])]))
    with pytest.raises(SimulationError, match=message):
        machine.run(5, Inputs(values={0: rows}))
    with pytest.raises(SimulationError, match="cells takes no values from outside"):
        machine.run(5, Inputs(values={1: np.zeros((6, 1))}))
    assert machine.step == 0


@pytest.mark.parametrize("name", ["reference", "float64", "jax"])
def test_cells_that_do_not_learn_are_refused(name):
    net = network([analog(), current_based()], [synapses(0, 1, [(0, 0)])])
    with pytest.raises(NetworkError, match=r"IF_curr_delta \(never learning\) takes spikes only"):
        MACHINES[name](net)


def test_values_of_a_trial_from_elsewhere_are_checked():
    net = build(lif(CELLS), "mse", "symmetric", sources=AnalogSources("sources", SOURCES))
    trial = Activity(slope={1: np.zeros((STEPS, CELLS))}, error={2: np.zeros((STEPS, 3))})
    machine = ReferenceMachine(net)
    for wrong, message in (({0: np.zeros((STEPS, 2))}, "sources: values must be finite, of shape"),
                           ({1: np.zeros((STEPS, CELLS))}, "cells: only sources of values")):
        with pytest.raises(SimulationError, match=message):
            machine.learn(replace(trial, values=wrong))
    machine.learn(trial)


def test_fixed_point_refuses_values_beyond_its_format_before_the_run():
    """Of 16 bits with 14 after the point, as 1.0 needs unless something else is said."""
    net = network([analog(), lif()], [synapses(0, 1, [(0, 0)])])
    machine = HostEngine(net, "fixed")
    with pytest.raises(NetworkError, match=r"analog: the value 3.5 does not fit 16 bits with 14 "
                                           r"after the point \(up to 1.99994\).*'analog': 13"):
        machine.run(2, values(0, [0.0], [0.0], [-3.5]))
    assert machine.step == 0
    with pytest.raises(NetworkError, match="scale the values down"):
        HostEngine(replace(net, populations=(AnalogSources("analog", 1, 1e5),
                                             net.populations[1])), "fixed")


