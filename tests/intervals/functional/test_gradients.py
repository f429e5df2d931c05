"""Gradients of intervals of networks, against differentiation of the whole trial."""

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
from pynn_eprop.reference.machine import ReferenceMachine
from tests.random_networks import CellPlan, Plan, ReadoutPlan, UnitPlan, make_case

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


LIF = replace(LSNN, cells=(CellPlan(5, refractory=2),), readouts=(ReadoutPlan(2),),
              delays=("one",), wirings=("all",), currents=False)
LSTM = replace(LSNN, seed=1, cells=(), units=(UnitPlan(3),), readouts=(ReadoutPlan(2),),
               wirings=("all",), feedbacks=("none",), currents=False)
ARTIFICIAL = replace(LSTM, units=(UnitPlan(3, "tanh"),))
PLANS = {"LSNN": LSNN, "LSTM": LSTM, "artificial": ARTIFICIAL}


@cache
def network_of(plan=LSNN):
    """A model, its parameters, and the inputs of a trial, whole and in intervals."""
    with jax.enable_x64(True):
        case = make_case(plan)
        model = Model.of(case.network, "float64")
        inputs = trial_inputs(model, case.inputs(0, STEPS))
        return model, model.parameters(), inputs, pieces_of(model, inputs, INTERVAL)


@cache
def by_differentiation(plan=LSNN, reset=False):
    """Derivatives of all losses: by weights, biases, what passes each start, and sent spikes.

    The intervals run one after the other in one function. reset: through resets as well.
    """
    model, parameters, _, pieces = network_of(plan)
    flow = Flow() if reset else DETACHED_RESET

    def total(given):
        def one(state, rows):
            piece, added, sent = rows
            state = with_crossing(state, jax.tree.map(jnp.add, crossing(model, state), added))
            state, activity = forward(model, given["parameters"], model.constants(), state, piece,
                                      flow, sent=sent)
            return state, (sum(jnp.sum(rows) for rows in activity["loss"].values()),
                           sum(jnp.sum(rows != 0) for rows in activity["z"].values()))

        together = jax.tree.map(lambda *rows: np.stack(rows), *pieces)
        start = jax.tree.map(jnp.asarray, model.start())
        _, (loss, count) = jax.lax.scan(one, start, (together, given["added"], given["sent"]))
        return jnp.sum(loss), jnp.sum(count)

    none = jax.tree.map(lambda values: np.zeros((4, *values.shape)),
                        crossing(model, model.start()))
    sent = {index: np.zeros((4, INTERVAL, cells.size)) for index, cells in model.learning.items()}
    with jax.enable_x64(True):
        found, count = jax.jit(jax.grad(total, has_aux=True))({
            "parameters": parameters, "added": none, "sent": sent})
    assert count > 15       # spikes, so that there is something to find
    return found


def at_start(plan, number, reset=False):
    """Derivatives by what passes the start of an interval."""
    return jax.tree.map(lambda rows: rows[number], by_differentiation(plan, reset)["added"])


@cache
def compiled(rule, plan, flow=DETACHED_RESET):
    model, _, _, _ = network_of(plan)
    rule = INTERVAL_RULES[rule]

    def found(parameters, start, carry, inputs, beyond):
        return interval_gradients(model, rule, parameters, start, carry, inputs,
                                  lambda end: beyond, flow=flow)

    return jax.jit(found)


def in_intervals(rule, exact, plan=LSNN, flow=DETACHED_RESET):
    """Gradients summed over intervals, and what each of them gave."""
    model, parameters, _, pieces = network_of(plan)
    now, carry = model.start(), first_traces(model, INTERVAL_RULES[rule], parameters)
    none, each = no_boundary(crossing(model, now)), []
    for number, piece in enumerate(pieces):
        beyond = at_start(plan, number + 1, flow != DETACHED_RESET) \
            if exact and number + 1 < len(pieces) else none
        each.append(compiled(rule, plan, flow)(parameters, now, carry, piece, beyond))
        now, carry = each[-1].end, each[-1].carry
    total = each[0].gradients
    for found in each[1:]:
        total = jax.tree.map(jnp.add, total, found.gradients)
    return total, each


def assert_same(found, expected, plan=LSNN, bound=1e-12):
    """Equal but for rounding; pairs without a synapse do not count."""
    model, _, _, _ = network_of(plan)
    for number, block in model.plastic():
        values = np.where(True if block.mask is None else block.mask,
                          expected["weights"][number], 0.0)
        largest = np.abs(values).max()
        assert largest > 1e-6, number
        np.testing.assert_allclose(found["weights"][number], values, rtol=0,
                                   atol=bound * largest)
    for index, values in expected["biases"].items():
        np.testing.assert_allclose(found["biases"][index], values, rtol=0, atol=1e-12)


def difference(found, expected, plan=LSNN):
    """The largest difference of weights onto cells, relative to the largest of each block."""
    model, _, _, _ = network_of(plan)
    off = []
    for number, block in model.plastic():
        if block.post in model.spiking:
            there = True if block.mask is None else block.mask
            values = np.where(there, expected["weights"][number], 0.0)
            off.append(np.abs(found["weights"][number] - values).max() / np.abs(values).max())
    return max(off)


@pytest.mark.parametrize(("name", "rule"), [
    ("LSNN", "truncated-bptt-sg"), ("LSNN", "eprop3"), ("LSTM", "eprop3"),
    ("artificial", "truncated-bptt-sg"), ("artificial", "eprop3")])
def test_with_exact_boundary_values_all_of_the_gradient_is_found(name, rule):
    """That of the trial by BPTT without the path of the reset (below eq. 66 and 70).

    With delays, several cells, refractoriness, readouts that filter.
    """
    plan = PLANS[name]
    found, each = in_intervals(rule, exact=True, plan=plan)
    assert_same(found, by_differentiation(plan)["parameters"], plan)
    for number, interval in enumerate(each):
        jax.tree.map(lambda one, other: np.testing.assert_allclose(one, other, rtol=0, atol=1e-13),
                     interval.by_start, at_start(plan, number))


def test_without_boundary_values_it_is_another_gradient():
    """So that the test above has something to find."""
    expected = by_differentiation()["parameters"]
    found = {rule: in_intervals(rule, exact=False)[0] for rule in ("truncated-bptt-sg", "eprop3")}
    for each in found.values():
        assert difference(each, expected) > 0.1
    assert difference(found["eprop3"], found["truncated-bptt-sg"]) > 0.1


@pytest.mark.parametrize("flow", [DETACHED_RESET, Flow()])
def test_without_traces_a_gradient_may_pass_the_reset(flow):
    """The gradient of the trial is then that of the whole at once by plain BPTT."""
    model, parameters, inputs, _ = network_of(LIF)
    found, _ = in_intervals("truncated-bptt-sg", exact=True, plan=LIF, flow=flow)
    at_once = jax.jit(lambda given: bptt_gradients(model, parameters, given, flow=flow))
    assert_same(found, at_once(inputs), LIF)
    assert (difference(found, by_differentiation(LIF)["parameters"], LIF) > 1e-2) \
        == (flow != DETACHED_RESET)


def test_traces_do_not_pass_the_reset():
    model, parameters, inputs, _ = network_of(LIF)
    with pytest.raises(ParameterError, match="paths of DETACHED_RESET"):
        interval_gradients(model, INTERVAL_RULES["eprop3"], parameters, model.start(), {},
                           inputs, flow=Flow())


@cache
def whole_trial():
    """The gradients of a trial as one interval with traces, as a compiled function of C_j."""
    model, parameters, inputs, _ = network_of()
    rule = INTERVAL_RULES["traces"]
    return jax.jit(lambda rates: interval_gradients(
        model, rule, parameters, model.start(), first_traces(model, rule, parameters), inputs,
        rates=rates).gradients)


def test_one_interval_as_long_as_the_trial_is_bptt():
    model, _, _, _ = network_of()
    none = {index: np.zeros(cells.size) for index, cells in model.spiking.items()}
    assert_same(whole_trial()(none), by_differentiation()["parameters"])


def test_eprop_1_in_intervals_is_eprop_1_of_the_trial():
    model, parameters, inputs, _ = network_of()
    expected = jax.jit(lambda given: gradients(model, parameters,
                                               trial(model, parameters, given)))(inputs)
    found, _ = in_intervals("eprop1", exact=False)
    assert_same(found, expected)


@pytest.mark.parametrize(("name", "feedback"), [
    ("LSNN", "random"), ("LSNN", "windowed"), ("LSTM", "random"), ("artificial", "random"),
    ("artificial", "symmetric")])
def test_eprop_1_with_any_feedback_is_that_of_the_reference(name, feedback):
    """Which has a trace for each synapse, and the trial in one go.

    Spikes that are sent at the last step arrive at readouts within the trial.
    """
    plan = replace(PLANS[name], feedbacks=(feedback,))
    rule = "eprop1" if feedback == "symmetric" else "eprop1-random"
    case, (model, _, _, _) = make_case(plan), network_of(plan)
    reference = ReferenceMachine(case.network)
    reference.run(STEPS, case.inputs(0, STEPS), update=False)
    found, _ = in_intervals(rule, exact=False, plan=plan)
    assert_same(found, {
        "weights": [block.pack(reference.gradient(block.projection)) for block in model.blocks],
        "biases": {index: reference.bias_gradient(index) for index, each in model.readouts.items()
                   if each.bias_optimizer is not None}}, plan)


def test_truncated_traces_have_the_signals_of_the_whole_trial():
    """e^t = h^t z_i^{t-d}, times what sent spikes do until the end of the trial."""
    model, parameters, inputs, _ = network_of()
    projections = tuple(replace(each, rule=TruncatedTraces())
                        for each in model.network.projections)
    truncated = replace(model, network=replace(model.network, projections=projections))
    signals = {index: np.concatenate(rows)
               for index, rows in by_differentiation()["sent"].items()}
    expected = jax.jit(lambda given: gradients(truncated, parameters, trial(
        truncated, parameters, given), signals))(inputs)
    found, each = in_intervals("truncated-traces", exact=True)
    assert_same(found, expected)
    for index, rows in signals.items():
        np.testing.assert_allclose(np.concatenate([one.signals[index] for one in each]), rows,
                                   rtol=0, atol=1e-13)


def test_the_firing_rate_term_multiplies_spikes():
    """C_j times the spikes of a trial: its gradient by differentiation, and by traces."""
    model, parameters, inputs, _ = network_of()
    rates = {index: np.linspace(-1.0, 1.0, cells.size) for index, cells in model.spiking.items()}

    def total(weights):
        _, activity = forward(model, {**parameters, "weights": weights}, model.constants(),
                              model.start(), inputs, DETACHED_RESET)
        return sum(jnp.sum(rows) for rows in activity["loss"].values()) + sum(
            jnp.sum(rates[index] * rows) for index, rows in activity["z"].items())

    found = whole_trial()(rates)
    assert_same(found, {"weights": jax.jit(jax.grad(total))(parameters["weights"]), "biases": {}})
    assert difference(found, by_differentiation()["parameters"]) > 1e-2


def test_synthetic_gradients_predict_and_learn():
    """Of first weights 0; steps against its gradient bring predictions to a target."""
    model, _, _, _ = network_of()
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
    model, parameters, inputs, _ = network_of()
    settings = replace(model.network.settings, boundary=Boundary.RESET)
    resetting = Model.of(replace(model.network, settings=settings), "float64")
    rule = INTERVAL_RULES["traces"]
    with pytest.raises(UnsupportedError, match="must be 'continuous', not 'reset'"):
        interval_gradients(resetting, rule, parameters, model.start(), {}, inputs)
    random = INTERVAL_RULES["eprop1-random"]
    with pytest.raises(ParameterError, match=r"has random learning signals, but .* Symmetric"):
        interval_gradients(model, random, parameters, model.start(),
                           first_traces(model, random, parameters), inputs)
    for steps in (0, 2.5, True):
        with pytest.raises(ParameterError, match=f"steps={steps} of an interval"):
            pieces_of(model, inputs, steps)
    with pytest.raises(ParameterError, match="rule='traces' must be an IntervalRule"):
        interval_gradients(model, "traces", parameters, model.start(), {}, inputs)
    with pytest.raises(ParameterError, match="carry has no traces, which interval rule 'traces'"):
        interval_gradients(model, rule, parameters, model.start(), {}, inputs)


@pytest.mark.parametrize("name", ["eprop1", "eprop1-random"])
def test_cells_without_a_learning_signal_are_refused(name):
    """Their weights would not learn, without a word."""
    model, parameters, inputs, _ = network_of()
    silent = Model.of(replace(model.network, learning_signals=()), "float64")
    rule, label = INTERVAL_RULES[name], model.network.populations[model.plastic()[0][1].post].label
    with pytest.raises(ParameterError, match=f"{name}' needs a learning signal to '{label}'"):
        interval_gradients(silent, rule, parameters, model.start(),
                           first_traces(silent, rule, parameters), inputs)
