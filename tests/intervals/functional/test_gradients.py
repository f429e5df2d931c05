"""Gradients of intervals of spiking networks, against differentiation of the whole trial."""

from dataclasses import replace
from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.functional import Flow, Model, bptt_gradients, gradients, trial, trial_inputs
from pynn_eprop.functional.forward import forward
from pynn_eprop.intervals import INTERVAL_RULES
from pynn_eprop.intervals.functional import (
    DETACHED_RESET,
    first_module,
    first_traces,
    interval_gradients,
    module_loss,
    pieces_of,
    synthetic_boundary,
)
from pynn_eprop.intervals.functional.boundaries import crossing, no_boundary, with_crossing
from pynn_eprop.models.network import Boundary
from pynn_eprop.models.rules import TruncatedTraces
from tests.random_networks import CellPlan, Plan, ReadoutPlan, make_case

INTERVAL, STEPS = 5, 20
LSNN = Plan(seed=0, boundary=Boundary.CONTINUOUS, interval_steps=STEPS,
            cells=(CellPlan(5, refractory=2), CellPlan(4, adaptive=True, varied=True,
                                                       refractory=3)),
            readouts=(ReadoutPlan(3, "cross_entropy", bias_optimizer="sgd"),
                      ReadoutPlan(2, bias_optimizer="sgd")),
            delays=("constant",), wirings=("sparse", "all"), feedbacks=("symmetric",),
            currents=True, stretches=((STEPS, True),))


@pytest.fixture(autouse=True)
def double_precision():
    with jax.enable_x64(True):
        yield


@cache
def lsnn():
    """A model, its parameters, and the inputs of a trial, whole and in intervals."""
    with jax.enable_x64(True):
        case = make_case(LSNN)
        model = Model.of(case.network, "float64")
        inputs = trial_inputs(model, case.inputs(0, STEPS))
        return model, model.parameters(), inputs, pieces_of(model, inputs, INTERVAL)


@cache
def by_differentiation(reset=False):
    """Derivatives of all losses: by weights, biases, what passes each start, and sent spikes.

    The intervals run one after the other, as one function. reset: through resets as well.
    """
    model, parameters, _, pieces = lsnn()
    flow = Flow() if reset else DETACHED_RESET

    def total(given):
        state, loss, count = model.start(), 0.0, 0
        for piece, added, sent in zip(pieces, given["added"], given["sent"], strict=True):
            state = with_crossing(state, jax.tree.map(jnp.add, crossing(model, state), added))
            state, activity = forward(model, given["parameters"], model.constants(), state, piece,
                                      flow, sent=sent)
            loss += sum(jnp.sum(rows) for rows in activity["loss"].values())
            count += sum(jnp.sum(rows) for rows in activity["z"].values())
        return loss, count

    none = jax.tree.map(np.zeros_like, crossing(model, model.start()))
    sent = {index: np.zeros((INTERVAL, cells.size)) for index, cells in model.spiking.items()}
    with jax.enable_x64(True):
        found, count = jax.jit(jax.grad(total, has_aux=True))({
            "parameters": parameters, "added": [none] * 4, "sent": [sent] * 4})
    assert count > 30       # spikes, so that there is something to find
    return found


@cache
def compiled(rule, flow=DETACHED_RESET):
    model, _, _, _ = lsnn()
    rule = INTERVAL_RULES[rule]

    def found(parameters, start, carry, inputs, beyond):
        return interval_gradients(model, rule, parameters, start, carry, inputs,
                                  lambda end: beyond, flow=flow)

    return jax.jit(found)


def in_intervals(rule, exact, flow=DETACHED_RESET, reset=False):
    """Gradients summed over intervals, and what each of them gave."""
    model, parameters, _, pieces = lsnn()
    now, carry = model.start(), first_traces(model, INTERVAL_RULES[rule], parameters)
    beyond = by_differentiation(reset)["added"][1:] if exact else []
    none, each = no_boundary(crossing(model, now)), []
    for number, piece in enumerate(pieces):
        each.append(compiled(rule, flow)(parameters, now, carry, piece,
                                         beyond[number] if number < len(beyond) else none))
        now, carry = each[-1].end, each[-1].carry
    total = each[0].gradients
    for found in each[1:]:
        total = jax.tree.map(jnp.add, total, found.gradients)
    return total, each


def assert_same(found, expected, bound=1e-12):
    """Equal but for rounding; pairs without a synapse do not count."""
    model, _, _, _ = lsnn()
    for number, block in model.plastic():
        values = np.where(True if block.mask is None else block.mask,
                          expected["weights"][number], 0.0)
        largest = np.abs(values).max()
        assert largest > 1e-6, number
        np.testing.assert_allclose(found["weights"][number], values, rtol=0,
                                   atol=bound * largest, err_msg=str(model.blocks[number].lag))
    for index, values in expected["biases"].items():
        np.testing.assert_allclose(found["biases"][index], values, rtol=0, atol=1e-12)


def difference(found, expected):
    """The largest difference of weights onto cells, relative to the largest."""
    model, _, _, _ = lsnn()
    off = []
    for number, block in model.plastic():
        if block.post in model.spiking:
            there = True if block.mask is None else block.mask
            values = np.where(there, expected["weights"][number], 0.0)
            off.append(np.abs(found["weights"][number] - values).max() / np.abs(values).max())
    return max(off)


def test_with_exact_boundary_values_both_give_the_gradient_of_the_trial():
    """Of BPTT without the path of the reset (below eq. 66 and 70), with delays and refractoriness.

    The trial's gradient by differentiation of the weights; that of the whole trial at once agrees.
    """
    model, parameters, inputs, _ = lsnn()
    expected = by_differentiation()["parameters"]
    at_once = jax.jit(lambda given: bptt_gradients(model, parameters, given, flow=DETACHED_RESET))
    assert_same(at_once(inputs), expected)
    for rule in ("truncated-bptt-sg", "eprop3"):
        found, each = in_intervals(rule, exact=True)
        assert_same(found, expected)
        for number, interval in enumerate(each):
            jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=0,
                                                                       atol=1e-13),
                         interval.by_start, by_differentiation()["added"][number])


def test_without_boundary_values_it_is_another_gradient():
    """So that the test above has something to find."""
    expected = by_differentiation()["parameters"]
    found = {rule: in_intervals(rule, exact=False)[0] for rule in ("truncated-bptt-sg", "eprop3")}
    for each in found.values():
        assert difference(each, expected) > 0.1
    assert difference(found["eprop3"], found["truncated-bptt-sg"]) > 0.1


def test_without_traces_a_gradient_may_pass_the_reset():
    model, parameters, inputs, _ = lsnn()
    expected = by_differentiation(reset=True)["parameters"]
    assert_same(jax.jit(lambda given: bptt_gradients(model, parameters, given))(inputs), expected)
    found, _ = in_intervals("truncated-bptt-sg", exact=True, flow=Flow(), reset=True)
    assert_same(found, expected)
    assert difference(found, by_differentiation()["parameters"]) > 1e-2
    with pytest.raises(ParameterError, match="paths of DETACHED_RESET"):
        interval_gradients(model, INTERVAL_RULES["eprop3"], parameters, model.start(), {},
                           inputs, flow=Flow())


def test_one_interval_as_long_as_the_trial_is_bptt():
    model, parameters, inputs, _ = lsnn()
    rule = INTERVAL_RULES["traces"]
    found = jax.jit(lambda given: interval_gradients(
        model, rule, parameters, model.start(), first_traces(model, rule, parameters), given))(
            inputs)
    assert_same(found.gradients, by_differentiation()["parameters"])


def test_eprop_1_in_intervals_is_eprop_1_of_the_trial():
    model, parameters, inputs, _ = lsnn()
    expected = jax.jit(lambda given: gradients(model, parameters,
                                               trial(model, parameters, given)))(inputs)
    found, _ = in_intervals("eprop1", exact=False)
    assert_same(found, expected)


def test_truncated_traces_have_the_signals_of_the_whole_trial():
    """e^t = h^t z_i^{t-d}, times what sent spikes do until the end of the trial."""
    model, parameters, inputs, _ = lsnn()
    projections = tuple(replace(each, rule=TruncatedTraces())
                        for each in model.network.projections)
    truncated = replace(model, network=replace(model.network, projections=projections))
    sent = by_differentiation()["sent"]
    signals = {index: np.concatenate([each[index] for each in sent]) for index in sent[0]}
    expected = jax.jit(lambda given: gradients(truncated, parameters, trial(
        truncated, parameters, given), signals))(inputs)
    found, each = in_intervals("truncated-traces", exact=True)
    assert_same(found, expected)
    for index, rows in signals.items():
        np.testing.assert_allclose(np.concatenate([one.signals[index] for one in each]), rows,
                                   rtol=0, atol=1e-13)


def test_the_firing_rate_term_multiplies_spikes():
    """C_j times the spikes of a trial: its gradient by differentiation, and by traces."""
    model, parameters, inputs, _ = lsnn()
    rates = {index: np.linspace(-1.0, 1.0, cells.size) for index, cells in model.spiking.items()}
    rule = INTERVAL_RULES["traces"]

    def total(weights):
        _, activity = forward(model, {**parameters, "weights": weights}, model.constants(),
                              model.start(), inputs, DETACHED_RESET)
        return sum(jnp.sum(rows) for rows in activity["loss"].values()) + sum(
            jnp.sum(rates[index] * rows) for index, rows in activity["z"].items())

    expected = jax.jit(jax.grad(total))(parameters["weights"])
    found = jax.jit(lambda given: interval_gradients(
        model, rule, parameters, model.start(), first_traces(model, rule, parameters), given,
        rates=rates))(inputs)
    assert_same(found.gradients, {"weights": expected, "biases": {}})
    assert difference(found.gradients, by_differentiation()["parameters"]) > 1e-2


def test_synthetic_gradients_predict_and_learn():
    """Of first weights 0; steps against its gradient bring predictions to a target."""
    model, _, _, _ = lsnn()
    module, end = first_module(model, 8, seed=1), model.start()
    passing = crossing(model, end)
    predicted = synthetic_boundary(module, 0.5)(passing)
    jax.tree.map(lambda one, other: np.testing.assert_array_equal(one, np.zeros_like(other)),
                 predicted, passing)
    target = jax.tree.map(lambda values: np.full_like(values, 0.3), passing)
    assert module_loss(model, module, end, target) == pytest.approx(
        0.5 * 0.3 ** 2 * sum(values.size for values in jax.tree.leaves(target)), rel=1e-12)
    step = jax.jit(lambda module: jax.tree.map(lambda weight, slope: weight - 0.1 * slope, module,
                                               jax.grad(lambda given: module_loss(
                                                   model, given, end, target))(module)))
    for _ in range(60):
        module = step(module)
    jax.tree.map(lambda values: np.testing.assert_allclose(values, 0.15, rtol=1e-2),
                 synthetic_boundary(module, 0.5)(passing))


def test_networks_that_do_not_fit_are_refused():
    model, parameters, inputs, _ = lsnn()
    settings = replace(model.network.settings, boundary=Boundary.RESET)
    resetting = Model.of(replace(model.network, settings=settings), "float64")
    rule = INTERVAL_RULES["traces"]
    with pytest.raises(UnsupportedError, match="must be 'continuous', not 'reset'"):
        interval_gradients(resetting, rule, parameters, model.start(), {}, inputs)
    random = INTERVAL_RULES["eprop1-random"]
    with pytest.raises(ParameterError, match=r"has random learning signals, but .* Symmetric"):
        interval_gradients(model, random, parameters, model.start(),
                           first_traces(model, random, parameters), inputs)
    with pytest.raises(ParameterError, match="steps=0 of an interval"):
        pieces_of(model, inputs, 0)
