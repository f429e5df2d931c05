"""Gradients of one trial: e-prop by its backward filter or by differentiation, and BPTT.

All are sums over steps of products: dE/dW_ji = sum_t F_j^t z_i^{t-d}. The functions ``..._factors``
give F of one trial; :func:`products` multiplies, of one trial or of many at once.
"""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional.directions import count_of, emitted, own_time
from pynn_eprop.functional.eligibility import traces_of
from pynn_eprop.functional.filters import leaky
from pynn_eprop.functional.forward import ATTACHED, Flow, cuts, forward, rows_of
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.signals import future_signal
from pynn_eprop.models.rules import Rule


def factor_key(population: int, rule: Rule, receptor: str = "") -> str:
    """The name of the F of synapses onto a population, by a rule and a receptor, if it has some."""
    return f"{population} {rule.name} {rule}" + (f" {receptor}" if receptor else "")


def rule_of(model: Model, number: int) -> Rule:
    """The rule of a block of synapses."""
    return model.network.projections[model.blocks[number].projection].rule


def key_of(model: Model, number: int) -> str:
    """The name of the F of a block of synapses onto cells."""
    block = model.blocks[number]
    return factor_key(block.post, rule_of(model, number), block.receptor)


def rules_onto_cells(model: Model) -> dict[str, tuple[int, Any, str]]:
    """Population, rule and receptor of plastic synapses onto cells, by factor."""
    return {key_of(model, number): (block.post, rule_of(model, number), block.receptor)
            for number, block in model.plastic() if block.post in model.learning}


def steps_of(model: Model, activity: Tree, population: int) -> int:
    """How many steps an activity has of a population of cells."""
    return int(activity["spikes"][population].shape[0]) - model.depth(population)


def rate_terms(model: Model, constants: Tree, counts: Tree, steps: Any) -> Tree:
    """C_j = c_reg (f_j - f_target), rates in Hz over all steps of an update (eq. 55).

    counts: spikes of the update, (size,), by population; steps: of all its trials.
    """
    seconds = steps * (model.network.settings.timestep / 1000.0)
    return {index: constants["cells"][index]["c_reg"] * (
        counts[index] / seconds - constants["cells"][index]["f_target"])
        for index in model.spiking}


def spike_counts(model: Model, activity: Tree) -> Tree:
    """Spikes of e-prop cells, (size,), by population."""
    return {index: jnp.sum(activity["spikes"][index][model.depth(index):], axis=0)
            for index in model.spiking}


def readout_factors(model: Model, constants: Tree, activity: Tree) -> Tree:
    """G_k^t = err_k^t + kappa G_k^{t+1} of readouts, (steps, size), by population (eq. 48)."""
    return {index: leaky(constants["kappas"][index], error, jnp.zeros_like(error[0]), reverse=True)
            for index, error in activity["error"].items()}


def weights_of_traces(model: Model, parameters: Tree, constants: Tree, activity: Tree,
                      rates: Tree) -> Tree:
    """What multiplies e_j^t in the gradient: sum over signals of G_j^t, plus C_j; by population."""
    found = {}
    for index in {population for population, _, _ in rules_onto_cells(model).values()}:
        shape = (steps_of(model, activity, index), model.learning[index].size)
        total = jnp.broadcast_to(rates[index], shape) if index in rates \
            else jnp.zeros(shape, model.dtype)
        for number, _ in model.signals_to(index):
            total = total + future_signal(model, parameters, constants, activity, number)
        found[index] = total
    return found


def eprop_factors(model: Model, constants: Tree, activity: Tree, signals: Tree) -> Tree:
    """F of e-prop, by population and rule, and G of readouts; traces begin at 0.

    signals: what multiplies e_j^t, (steps, size), by population, as of :func:`weights_of_traces`.
    F of cells that run backwards is in their own time, signals are in the network's.
    """
    own = {index: own_time(model, index, rows, count_of(activity, rows.shape[0]))
           for index, rows in signals.items()}
    return {
        "cells": {key: traces_of(
            model, constants, activity, population, rule, receptor=receptor).back(
                own[population])[0]
            for key, (population, rule, receptor) in rules_onto_cells(model).items()},
        "readouts": readout_factors(model, constants, activity)}


def _driven(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree, flow: Flow
            ) -> tuple[Any, Any, Tree, Tree]:
    """Spikes, or values, by what arrives: with the vector-Jacobian product; end and activity."""
    steps = inputs["step"].shape[0]

    def run(extra: Tree) -> tuple[Tree, tuple[Tree, Tree]]:
        end, activity = forward(model, parameters, constants, start, inputs, flow, extra)
        return {index: activity["z"][index] for index in model.learning}, (end, activity)

    nothing: Tree = {index: jnp.zeros((steps, cells.size), model.dtype)
                     for index, cells in model.spiking.items()}
    for index, analog in model.analog.items():
        nothing[index] = {port: jnp.zeros((steps, analog.size), model.dtype)
                          for port in analog.ports()}
    z, back, (end, activity) = jax.vjp(run, nothing, has_aux=True)
    return z, back, end, activity


def _totalled(model: Model, constants: Tree, activity: Tree, rates: Tree | None, trials: Any
              ) -> Tree:
    """Rates that are given, or those of all trials under ``jax.vmap`` with the name ``trials``."""
    if rates is not None:
        return rates
    counts = jax.lax.psum(spike_counts(model, activity), trials)
    if "active" in activity:
        return rate_terms(model, constants, counts,
                          jax.lax.psum(jnp.sum(activity["active"]), trials))
    number = jax.lax.psum(1, trials)
    return rate_terms(model, constants, counts, activity["first"] * 0 + number * _length(activity))


def _length(activity: Tree) -> int:
    return next(iter(activity["h"].values())).shape[0] if activity["h"] else 0


def detached_factors(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
                     rates: Tree) -> Tree:
    """F of e-prop by differentiating cells whose spikes are detached elsewhere (eq. 43).

    A check on :func:`eprop_factors`, which does it without differentiation. Complete traces only.
    """
    z, back, _, activity = _driven(model, parameters, constants, start, inputs, Flow(detached=True))
    weight = weights_of_traces(model, parameters, constants, activity, rates)
    (F,) = back({index: own_time(model, index, weight[index], count_of(activity, len(rows)))
                 if index in weight else jnp.zeros_like(rows) for index, rows in z.items()})
    return {"cells": _by_key(model, F), "readouts": readout_factors(model, constants, activity)}


def bptt_factors(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
                 rates: Tree | None, flow: Flow = ATTACHED, trials: Any = None
                 ) -> tuple[Tree, Tree, Tree]:
    """F of backpropagation through time, the end of the trial and its activity.

    The derivative of all losses, and of the firing-rate term, by what arrives at each step;
    learning signals and rules have no part in it. rates: C_j; None: of all trials that a
    ``jax.vmap`` with the axis name ``trials`` runs.
    """
    z, back, end, activity = _driven(model, parameters, constants, start, inputs, flow)
    rates = _totalled(model, constants, activity, rates, trials)
    steps = inputs["step"].shape[0]
    G = {index: _future_error(constants["kappas"][index], error, flow)
         for index, error in activity["error"].items()}
    by_spikes = {index: jnp.broadcast_to(rates[index], rows.shape) if index in rates
                 else jnp.zeros_like(rows) for index, rows in z.items()}
    for number, block in enumerate(model.blocks):
        if block.pre in by_spikes and block.post in model.readouts:
            returned = block.returned(_earlier(G[block.post], block.lag, steps, flow),
                                      parameters["weights"][number])
            by_spikes[block.pre] = by_spikes[block.pre] + own_time(
                model, block.pre, returned, count_of(inputs, steps))
    (F,) = back(by_spikes)
    return {"cells": _by_key(model, F), "readouts": G}, end, activity


def _by_key(model: Model, F: Tree) -> Tree:
    """Derivatives by what arrives at cells, by factor."""
    return {key: F[population][receptor] if receptor else F[population]
            for key, (population, _, receptor) in rules_onto_cells(model).items()}


def _future_error(kappa: Any, error: Any, flow: Flow) -> Any:
    """G_k^t = err_k^t + kappa G_k^{t+1}, which ends where the gradient is cut."""
    if flow.truncation_steps is None:
        return leaky(kappa, error, jnp.zeros_like(error[0]), reverse=True)
    steps = error.shape[0]
    kept = jnp.concatenate([~cuts(steps, flow.truncation_steps)[1:], jnp.zeros(1, bool)])

    def step(total: Any, now: tuple[Any, Any]) -> tuple[Any, Any]:
        total = now[0] + jnp.where(now[1], kappa, 0.0) * total
        return total, total

    return jax.lax.scan(step, jnp.zeros_like(error[0]), (error, kept), reverse=True)[1]


def _earlier(G: Any, lag: int, steps: int, flow: Flow) -> Any:
    """G of the step at which a spike of each step arrives; 0 beyond the end, and across a cut."""
    if not lag:
        return G
    moved = jnp.concatenate([G[lag:], jnp.zeros((min(lag, steps), *G.shape[1:]), G.dtype)])
    if flow.truncation_steps is None:
        return moved
    part = (steps - 1 - jnp.arange(steps + lag)) // flow.truncation_steps
    return moved * (part[lag:] == part[:steps])[:, jnp.newaxis].astype(G.dtype)


def products(model: Model, activity: Tree, factors: Tree) -> Tree:
    """Gradients: "weights", a list by block with None if there is no factor, and "biases".

    activity and factors of one trial, or of many with a first axis for them, which are added up.
    """
    many = activity["first"].ndim == 1
    steps = (next(iter([*factors["cells"].values(), *factors["readouts"].values()]))
             ).shape[int(many)] if factors["cells"] or factors["readouts"] else 0

    def rows(number: int) -> Any:
        block = model.blocks[number]
        spikes = activity["spikes"][block.pre]

        def of_trial(counts: Any, about: Tree) -> Any:
            return rows_of(block, emitted(model, block, counts, steps, count_of(about, steps)),
                           steps, about["first"], model.interval_steps)

        about = {name: activity[name] for name in ("first", "active") if name in activity}
        return _flat(jax.vmap(of_trial)(spikes, about)) if many else of_trial(spikes, about)

    weights: list[Any] = [None] * len(model.blocks)
    for number, block in model.plastic():
        values = factors["readouts"].get(block.post) if block.post in model.readouts \
            else factors["cells"].get(key_of(model, number))
        if values is None:
            continue
        weights[number] = block.products(rows(number), _flat(values) if many else values)
    biases = {index: jnp.sum(values, axis=tuple(range(values.ndim - 1)))
              for index, values in factors["readouts"].items()}
    return {"weights": weights, "biases": biases}


def _flat(rows: Any) -> Any:
    """Trials one after the other: (trials, steps, size) -> (trials * steps, size)."""
    return rows.reshape(-1, rows.shape[-1])


def zero_rates(model: Model) -> Tree:
    """C_j = 0, by population."""
    return {index: np.zeros(cells.size, model.dtype) for index, cells in model.spiking.items()}
