"""Whole trials side by side, and stretches of one: the functions that the machine compiles.

``wanted``: (population, variable) pairs to be returned for each step.
"""

from collections.abc import Collection
from typing import Any

import jax
import jax.numpy as jnp

from pynn_eprop.functional.directions import count_of, own_time
from pynn_eprop.functional.eligibility import traces_of
from pynn_eprop.functional.forward import Flow, forward
from pynn_eprop.functional.gradients import (
    bptt_factors,
    eprop_factors,
    products,
    rate_terms,
    rules_onto_cells,
    spike_counts,
    weights_of_traces,
    zero_rates,
)
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.signals import learning_signal
from pynn_eprop.models.cells import VALUE

Wanted = Collection[tuple[int, str]]
TRIALS = "trials"


def seen(model: Model, parameters: Tree, constants: Tree, activity: Tree, wanted: Wanted) -> Tree:
    """Variables of each step of the network, (steps, size), by population and name."""
    found: dict[int, dict[str, Any]] = {}

    def network_time(index: int, rows: Any) -> Any:
        return own_time(model, index, rows, count_of(activity, rows.shape[0]))

    for index, variable in wanted:
        kept = found.setdefault(index, {})
        if variable == "spikes":
            kept[variable] = network_time(index, activity["z"][index])
        elif index in model.readouts:
            kept[variable] = activity[variable][index]
        elif variable == VALUE:
            kept[variable] = network_time(index, activity["z"][index])
        elif variable in ("h", "arriving"):
            kept[variable] = network_time(index, activity[variable][index])
        elif variable == "learning_signal":
            kept[variable] = sum(
                (learning_signal(model, parameters, constants, activity, number)
                 for number, _ in model.signals_to(index)),
                jnp.zeros_like(activity["z"][index]))
        else:
            kept[variable] = network_time(index, {
                **activity["state"][index], **activity["gates"].get(index, {})}[variable])
    return found


def _summary(model: Model, activity: Tree) -> Tree:
    """Spikes of each cell, whether h was ever nonzero, and the loss of each step, of one trial."""
    return {"spikes": spike_counts(model, activity),
            "sloped": {index: jnp.any(h != 0, axis=0) for index, h in activity["h"].items()},
            "loss": activity["loss"]}


def stretch(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
            wanted: Wanted) -> tuple[Tree, Tree, Tree]:
    """State after a stretch of one interval; variables of each step; losses, (steps,)."""
    end, activity = forward(model, parameters, constants, start, inputs)
    return end, seen(model, parameters, constants, activity, wanted), activity["loss"]


def free_trials(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
                wanted: Wanted) -> Tree:
    """Trials side by side, without gradients; ``inputs`` with a first axis for them."""
    def one(given: Tree) -> Tree:
        end, activity = forward(model, parameters, constants, start, given)
        return {"end": end, "seen": seen(model, parameters, constants, activity, wanted),
                **_summary(model, activity)}

    return _with_last_end(jax.vmap(one)(inputs))


def _with_last_end(found: Tree) -> Tree:
    """The state of the last trial in the place of those of all."""
    return {**found, "end": jax.tree.map(lambda rows: rows[-1], found["end"])}


def _together(model: Model, found: Tree) -> Tree:
    """The results of trials side by side: the last state, and gradients summed over trials."""
    activity = found.pop("emitted")
    gradients = {name.replace("factors", "gradients"): products(model, activity, found.pop(name))
                 for name in [*found] if name.endswith("factors")}
    return {**_with_last_end(found), **gradients}


def _of_trial(model: Model, parameters: Tree, constants: Tree, end: Tree, activity: Tree,
              wanted: Wanted) -> Tree:
    return {"end": end, "seen": seen(model, parameters, constants, activity, wanted),
            **_summary(model, activity), "emitted": {
                name: activity[name] for name in ("spikes", "first", "active")
                if name in activity}}


def eprop_trials(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
                 wanted: Wanted) -> Tree:
    """All trials of an update with e-prop's gradients, which include the firing-rate term."""
    steps = inputs["step"].shape[-1]

    def one(given: Tree) -> Tree:
        end, activity = forward(model, parameters, constants, start, given)
        total = steps * jax.lax.psum(1, TRIALS) if "active" not in given \
            else jax.lax.psum(count_of(given, steps), TRIALS)
        rates = rate_terms(model, constants, jax.lax.psum(spike_counts(model, activity), TRIALS),
                           total)
        return {**_of_trial(model, parameters, constants, end, activity, wanted),
                "factors": eprop_factors(model, constants, activity, weights_of_traces(
                    model, parameters, constants, activity, rates))}

    return _together(model, jax.vmap(one, axis_name=TRIALS)(inputs))


def _factors_apart(model: Model, parameters: Tree, constants: Tree, activity: Tree,
                   rate_term: bool) -> Tree:
    """Factors without the firing-rate term, and those of sum_t e^t, which it multiplies."""
    signals = weights_of_traces(model, parameters, constants, activity, zero_rates(model))
    found = {"factors": eprop_factors(model, constants, activity, signals)}
    if rate_term:
        recursions = {key: traces_of(model, constants, activity, population, rule)
                      for key, (population, rule, _) in rules_onto_cells(model).items()
                      if population in model.spiking}
        found["e_factors"] = {"readouts": {}, "cells": {
            key: recursion.back(jnp.ones_like(recursion.h))[0]
            for key, recursion in recursions.items()}}
    return found


def eprop_sums(model: Model, parameters: Tree, constants: Tree, activity: Tree, rate_term: bool
               ) -> Tree:
    """Sums of one trial before the rates of its update are known.

    gradients: without the firing-rate term. With ``rate_term``, e_gradients: sum_t e^t by block,
    which it multiplies.
    """
    found = _factors_apart(model, parameters, constants, activity, rate_term)
    return {name.replace("factors", "gradients"): products(model, activity, factors)
            for name, factors in found.items()}


def eprop_slice(model: Model, parameters: Tree, constants: Tree, start: Tree, inputs: Tree,
                wanted: Wanted, rate_term: bool) -> Tree:
    """Some trials of an update, with the sums of :func:`eprop_sums`."""
    def one(given: Tree) -> Tree:
        end, activity = forward(model, parameters, constants, start, given)
        return {**_of_trial(model, parameters, constants, end, activity, wanted),
                **_factors_apart(model, parameters, constants, activity, rate_term)}

    return _together(model, jax.vmap(one)(inputs))


def bptt_trials(model: Model, parameters: Tree, constants: Tree, starts: Tree, inputs: Tree,
                rates: Tree | None, flow: Flow, wanted: Wanted) -> Tree:
    """Trials side by side with the gradients of backpropagation through time.

    starts, inputs: with a first axis for the trials. rates: C_j; None: of these trials.
    """
    def one(start: Tree, given: Tree) -> Tree:
        factors, end, activity = bptt_factors(model, parameters, constants, start, given, rates,
                                              flow, TRIALS)
        return {**_of_trial(model, parameters, constants, end, activity, wanted),
                "factors": factors}

    return _together(model, jax.vmap(one, axis_name=TRIALS)(starts, inputs))


def started_trials(model: Model, parameters: Tree, constants: Tree, starts: Tree, inputs: Tree
                   ) -> Tree:
    """Spikes of e-prop cells in trials side by side, (trials, size), by population."""
    def one(start: Tree, given: Tree) -> Tree:
        return spike_counts(model, forward(model, parameters, constants, start, given)[1])

    return jax.vmap(one)(starts, inputs)
