"""e-prop's gradients of an interval whose eligibility traces began before it and go on after it.

For the boundary "continuous". The carried traces are those of each synapse: the eligibility vector,
and e filtered with the kappa of each learning signal; of readouts, filtered spikes.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional.eligibility import Traces, factors_of, memory_of, states_of, traces_of
from pynn_eprop.functional.filters import leaky
from pynn_eprop.functional.forward import rows_of
from pynn_eprop.functional.gradients import (
    key_of,
    readout_factors,
    rule_of,
    rules_onto_cells,
    steps_of,
)
from pynn_eprop.functional.model import Model, Tree
from pynn_eprop.functional.signals import future_signal, kappa_of


def carry_start(model: Model, parameters: Tree) -> Tree:
    """Traces before the first step, all 0.

    By number of each plastic block: eps by state variable, e_bar by learning signal, and memory of
    the rule's factor, (post,), onto cells; z_bar, (pre,), onto readouts. bias: dy_k / db_k, by
    population of readouts.
    """
    traces: dict[int, Tree] = {}
    for number, block in model.plastic():
        nothing = np.zeros(parameters["weights"][number].shape, model.dtype)
        if block.post in model.readouts:
            traces[number] = {"z_bar": np.zeros(block.shape[0], model.dtype)}
        else:
            rule, size = rule_of(model, number), model.learning[block.post].size
            states = states_of(model, block.post, rule)
            traces[number] = {
                **({"memory": {name: np.zeros(size, model.dtype) for name in memory_of(rule)}}
                   if memory_of(rule) else {}),
                "eps": {state: nothing for state in states},
                "e_bar": {signal: nothing for signal, _ in model.signals_to(block.post)}}
    return {"traces": traces, "bias": {index: np.zeros(readouts.size, model.dtype)
                                       for index, readouts in model.readouts.items()}}


def continued(model: Model, parameters: Tree, constants: Tree, activity: Tree, carry: Tree
              ) -> tuple[Tree, Tree, Tree]:
    """Sums of one interval, and the traces after it.

    The sums are sum_t L^t ebar^t by block, and that of errors for biases; then sum_t e^t by block,
    which the firing-rate term multiplies, None for blocks onto others than spiking cells.
    """
    G = readout_factors(model, constants, activity)
    signals = {number: future_signal(model, parameters, constants, activity, number)
               for number in range(len(model.network.learning_signals))}
    # blocks of one rule onto one population have the same memory
    memories = {
        key_of(model, number): carry["traces"][number].get("memory", {})
        for number, block in model.plastic() if block.post in model.learning}
    recursions = {key: traces_of(model, constants, activity, population, rule, memories[key],
                                 receptor)
                  for key, (population, rule, receptor) in rules_onto_cells(model).items()}
    memories = {key: factors_of(model, constants, activity, population, rule, memories[key])[1]
                if memories[key] else {}
                for key, (population, rule, _) in rules_onto_cells(model).items()}
    weights: list[Any] = [None] * len(model.blocks)
    e_sums: list[Any] = [None] * len(model.blocks)
    traces: dict[int, Tree] = {}
    for number, block in model.plastic():
        steps = activity["y"][block.post].shape[0] if block.post in model.readouts \
            else steps_of(model, activity, block.post)
        rows = rows_of(block, activity["spikes"][block.pre], steps, activity["first"],
                       model.interval_steps)
        before = carry["traces"][number]
        if block.post in model.readouts:
            kappa = constants["kappas"][block.post]
            weights[number] = block.products(rows, G[block.post]) + _existing(
                block, kappa * block.of_post(G[block.post][0]) * block.of_pre(before["z_bar"]))
            traces[number] = {"z_bar": leaky(kappa, rows, before["z_bar"])[-1]}
            continue
        key = key_of(model, number)
        recursion = recursions[key]

        def summed(weight: Any, last: Any = None, *, block: Any = block, rows: Any = rows,
                   recursion: Traces = recursion, before: Tree = before) -> Any:
            F, at_start = recursion.back(weight, last)
            return block.products(rows, F) + sum(
                block.of_post(at_start[state]) * eps for state, eps in before["eps"].items())

        ones = jnp.ones_like(recursion.h)
        none = jnp.zeros_like(recursion.h[0])
        total, future, e_bar = jnp.zeros_like(ones), 0.0, {}
        for signal, described in model.signals_to(block.post):
            kappa = kappa_of(model, constants, described)
            total = total + signals[signal]
            future = future + kappa * block.of_post(signals[signal][0]) * before["e_bar"][signal]
            decayed = kappa ** jnp.arange(steps - 1, -1, -1, dtype=ones.dtype)
            e_bar[signal] = summed(ones * decayed[:, jnp.newaxis]) \
                + kappa ** steps * before["e_bar"][signal]
        weights[number] = summed(total) + future
        if block.post in model.spiking:
            e_sums[number] = summed(ones)
        traces[number] = {**({"memory": memories[key]} if memories[key] else {}), "e_bar": e_bar,
                          "eps": {
            state: summed(jnp.zeros_like(ones), {other: none + (other == state)
                                                 for other in recursion.states})
            for state in recursion.states}}
    biases, of_biases = {}, {}
    for index, values in G.items():
        kappa, before = constants["kappas"][index], carry["bias"][index]
        biases[index] = jnp.sum(values, axis=0) + kappa * values[0] * before
        of_biases[index] = leaky(kappa, jnp.ones_like(values), before)[-1]
    return ({"weights": weights, "biases": biases}, e_sums,
            {"traces": traces, "bias": of_biases})


def _existing(block: Any, values: Any) -> Any:
    """Values of pairs of cells, 0 for those without a synapse."""
    return values if block.mask is None else values * block.mask
