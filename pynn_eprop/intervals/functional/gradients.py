"""Gradients of an interval of a network, by each rule of learning in intervals.

The learning signal of a step is the derivative of the interval's errors, and of what is after its
end, by the spikes, or the value, z_j^t that a cell sends (eq. 67): by way of other cells, synapses
and readouts. What a cell's spike does to itself, adaptation for instance, is in the eligibility
vector. As e-prop passes no derivative through the reset (eq. 22), neither do the others here,
unless asked.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.errors import ParameterError, UnsupportedError
from pynn_eprop.functional import Flow, Model
from pynn_eprop.functional.continuing import Continuing, carry_start, continued
from pynn_eprop.functional.forward import forward, rows_of
from pynn_eprop.functional.gradients import key_of, rules_onto_cells
from pynn_eprop.functional.tree_checks import check_parameters, check_precision, check_trial_inputs
from pynn_eprop.intervals.functional.boundaries import crossing, no_boundary, with_crossing
from pynn_eprop.intervals.rules import IntervalRule, Signal, Traces
from pynn_eprop.models.network import SymmetricFeedback
from pynn_eprop.models.rules import TruncatedTraces

Tree = Any
DETACHED_RESET = Flow(detached_reset=True)
"""The paths of a derivative that e-prop can follow: all but the reset."""


class NetworkGradients(NamedTuple):
    """Loss, gradients and end of an interval.

    loss: of all readouts, summed over steps. gradients: "weights", a list by block with None for
    those that do not learn, and "biases" by population, as :func:`pynn_eprop.functional.update`
    takes them. end: the state after it. carry: traces after it. by_start: derivatives by what
    passed its start, which synthetic gradients learn; 0 for rules whose signals are not propagated.
    signals: dE/dz^t of cells, (steps, size), by population; {} for such rules. activity: as of a
    trial.
    """

    loss: Any
    gradients: Tree
    end: Tree
    carry: Tree
    by_start: Tree
    signals: Tree
    activity: Tree


def first_traces(model: Model, rule: IntervalRule, parameters: Tree) -> Tree:
    """The traces before the first interval, all 0: of rules that carry some, otherwise {}.

    Truncated traces are those of cells; filtered spikes of readouts are carried.
    """
    return {} if rule.traces is Traces.NONE else carry_start(_with_rule(model, rule), parameters)


def pieces_of(model: Model, inputs: Tree, steps: int) -> list[Tree]:
    """The inputs of a trial cut into intervals of so many steps; the last may be shorter.

    inputs: of :func:`pynn_eprop.functional.trial_inputs`. Raises :class:`ParameterError` for
    steps that are not a whole number >= 1.
    """
    if not isinstance(steps, (int, np.integer)) or isinstance(steps, bool) or steps < 1:
        raise ParameterError(f"steps={steps!r} of an interval must be a whole number >= 1")
    total = len(inputs["step"])
    found = []
    for first in range(0, total, steps):
        last = min(first + steps, total)
        found.append({
            "step": inputs["step"][first:last],
            "sources": {index: rows[first:last + model.depth(index)]
                        for index, rows in inputs["sources"].items()},
            **{name: {index: rows[first:last] for index, rows in inputs.get(name, {}).items()}
               for name in ("currents", "targets")}})
    return found


def interval_gradients(model: Model, rule: IntervalRule, parameters: Tree, start: Tree,
                       carry: Tree, inputs: Tree,
                       boundary: Callable[[Tree], Tree] = no_boundary,
                       constants: Tree | None = None, rates: Tree | None = None,
                       flow: Flow = DETACHED_RESET) -> NetworkGradients:
    """The gradients of an interval, by a rule.

    start, carry: ``model.start()`` and :func:`first_traces`, or the end and carry of the interval
    before. inputs: of :func:`pieces_of`. boundary: gives the derivatives of later errors by what
    passes the end, a tree like that (:func:`crossing`); only of propagated signals. rates: C_j of
    the firing-rate term (eq. 55), (size,), by population of cells that spike: numbers that multiply
    the interval's spikes; None: 0. flow: the paths of derivatives, for rules without traces.
    Signals that are not propagated are the network's own, whose feedback has to be symmetric, or
    not, as the rule has it.

    Raises :class:`UnsupportedError` for a network whose intervals begin from rest, populations
    that run backwards and trials of different lengths, and :class:`ParameterError` for what does
    not fit.
    """
    _check(model, rule, parameters, inputs)
    if rule.traces is not Traces.NONE and flow != DETACHED_RESET:
        raise ParameterError(f"flow={flow!r}: eligibility traces have the paths of DETACHED_RESET")
    if rule.traces is not Traces.NONE and "traces" not in carry:
        raise ParameterError(f"carry has no traces, which interval rule {rule.name!r} needs; begin "
                             "with first_traces()")
    model = _with_rule(model, rule)
    constants = model.constants() if constants is None else constants
    rates = {} if rates is None else rates
    if rule.signal is not Signal.PROPAGATED:
        return _by_own_signals(model, rule, parameters, constants, start, carry, inputs, rates)
    steps = inputs["step"].shape[0]
    sent = {index: jnp.zeros((steps, cells.size), model.dtype)
            for index, cells in model.learning.items()}
    arriving = {index: {port: rows for port in model.analog[index].ports()}
                if index in model.analog else rows for index, rows in sent.items()}
    onto_readouts = [number for number, block in model.plastic() if block.post in model.readouts]

    def summed(given: Tree) -> tuple[tuple[Any, Tree], tuple[Any, Tree, Tree]]:
        weights = list(parameters["weights"])
        for number in onto_readouts:
            weights[number] = given["readouts"][number]
        end, activity = forward(
            model, {"weights": weights, "biases": given["biases"]}, constants,
            with_crossing(start, given["start"]), inputs, flow, given["extra"], given["sent"])
        loss = _total_loss(model, activity)
        spikes = sum((jnp.sum(rates[index] * activity["z"][index]) for index in rates),
                     jnp.zeros((), model.dtype))
        return (loss + spikes, crossing(model, end)), (loss, end, activity)

    (value, passing), back, (loss, end, activity) = jax.vjp(summed, {
        "start": crossing(model, start), "extra": arriving, "sent": sent,
        "readouts": {number: parameters["weights"][number] for number in onto_readouts},
        "biases": parameters["biases"]}, has_aux=True)
    (found,) = back((jnp.ones_like(value), boundary(passing)))
    if rule.traces is Traces.NONE:
        weights: list[Any] = [None] * len(model.blocks)
        for number, block in model.plastic():
            if number in onto_readouts:
                values = found["readouts"][number]
                weights[number] = values if block.mask is None else values * block.mask
                continue
            rows = rows_of(block, activity["spikes"][block.pre], steps, activity["first"],
                           model.interval_steps)
            values = found["extra"][block.post]
            weights[number] = block.products(rows, values[block.receptor] if block.receptor
                                             else values)
        gradients = {"weights": weights, "biases": found["biases"]}
    else:
        gradients, carry = _by_traces(model, rule, constants, activity, carry, found["sent"])
    return NetworkGradients(loss, gradients, end, carry, found["start"], found["sent"], activity)


def _by_traces(model: Model, rule: IntervalRule, constants: Tree, activity: Tree, carry: Tree,
               signals: Tree) -> tuple[Tree, Tree]:
    """sum_t L^t e^t of synapses onto cells (eq. 69), and of readouts; the traces after it."""
    going_on = Continuing(model, constants, activity, carry)
    backs = {key: going_on.back(key, signals[population])
             for key, (population, _, _) in rules_onto_cells(model).items()}
    weights: list[Any] = [None] * len(model.blocks)
    traces: dict[int, Tree] = {}
    for number, block in model.plastic():
        if block.post in model.readouts:
            weights[number], traces[number] = going_on.of_readouts(number)
            continue
        weights[number] = going_on.summed(number, backs[key_of(model, number)])
        before = carry["traces"][number]
        traces[number] = {**going_on.memory(number), "e_bar": before["e_bar"],
                          "eps": _kept(rule, before["eps"], going_on, number)}
    biases, of_biases = going_on.of_biases()
    return {"weights": weights, "biases": biases}, {"traces": traces, "bias": of_biases}


def _kept(rule: IntervalRule, before: Tree, going_on: Continuing, number: int) -> Tree:
    """Eligibility vectors after an interval; truncated ones end with each step."""
    return before if rule.traces is Traces.TRUNCATED else going_on.eps(number)


def _by_own_signals(model: Model, rule: IntervalRule, parameters: Tree, constants: Tree,
                    start: Tree, carry: Tree, inputs: Tree, rates: Tree) -> NetworkGradients:
    """e-prop 1: the network's learning signals, over the ends of intervals."""
    for signal in model.network.learning_signals:
        symmetric = isinstance(signal.feedback, SymmetricFeedback)
        if symmetric != (rule.signal is Signal.SYMMETRIC):
            raise ParameterError(
                f"interval rule {rule.name!r} has {rule.signal.value} learning signals, but "
                f"{signal.label!r} has {type(signal.feedback).__name__}; take another rule or "
                "other feedback")
    for _, block in model.plastic():
        if block.post in model.learning and block.post not in rates \
                and not model.signals_to(block.post):
            raise ParameterError(
                f"interval rule {rule.name!r} needs a learning signal to "
                f"{model.network.populations[block.post].label!r}, and the network has none: give "
                "it one, or take a rule with propagated signals")
    end, activity = forward(model, parameters, constants, start, inputs)
    gradients, e_sums, after = continued(model, parameters, constants, activity, carry)
    for number, block in model.plastic():
        if block.post in rates and e_sums[number] is not None:
            gradients["weights"][number] = gradients["weights"][number] \
                + e_sums[number] * block.of_post(rates[block.post])
        if rule.traces is Traces.TRUNCATED and block.post not in model.readouts:
            after["traces"][number]["eps"] = carry["traces"][number]["eps"]
    return NetworkGradients(_total_loss(model, activity), gradients, end, after,
                            no_boundary(crossing(model, start)), {}, activity)


def _total_loss(model: Model, activity: Tree) -> Any:
    """Losses of all readouts and steps."""
    return sum((jnp.sum(rows) for rows in activity["loss"].values()), jnp.zeros((), model.dtype))


def _with_rule(model: Model, rule: IntervalRule) -> Model:
    """The model, its synapses with truncated traces if the rule has those."""
    if rule.traces is not Traces.TRUNCATED:
        return model
    projections = tuple(replace(each, rule=TruncatedTraces())
                        for each in model.network.projections)
    return replace(model, network=replace(model.network, projections=projections))


def _check(model: Model, rule: IntervalRule, parameters: Tree, inputs: Tree) -> None:
    if not isinstance(rule, IntervalRule):
        raise ParameterError(f"rule={rule!r} must be an IntervalRule")
    check_precision(model)
    check_parameters(model, parameters)
    check_trial_inputs(model, inputs)
    if model.resets:
        raise UnsupportedError("interval rules are for networks that go on from interval to "
                               "interval: the network's boundary must be 'continuous', not 'reset'")
    if model.network.backwards:
        raise UnsupportedError("interval rules do not know populations that run backwards: "
                               f"{sorted(model.network.backwards)}")
    if "active" in inputs:
        raise UnsupportedError("interval rules do not know trials of different lengths")
