"""e-prop's gradients of an interval whose eligibility traces began before it and go on after it.

For the boundary "continuous". The carried traces are those of each synapse: the eligibility vector,
and e filtered with the kappa of each learning signal; of readouts, filtered spikes.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional.eligibility import factors_of, memory_of, states_of, traces_of
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


class Continuing:
    """An interval's eligibility traces, which began before it, and sums over its steps.

    activity: of the interval; carry: the traces before it, as of :func:`carry_start`.
    """

    def __init__(self, model: Model, constants: Tree, activity: Tree, carry: Tree) -> None:
        self._model, self._constants, self._activity, self._carry = (
            model, constants, activity, carry)
        # blocks of one rule onto one population have the same memory
        before = {
            key_of(model, number): carry["traces"][number].get("memory", {})
            for number, block in model.plastic() if block.post in model.learning}
        self._recursions = {
            key: traces_of(model, constants, activity, population, rule, before[key], receptor)
            for key, (population, rule, receptor) in rules_onto_cells(model).items()}
        self._memories = {
            key: factors_of(model, constants, activity, population, rule, before[key])[1]
            if before[key] else {}
            for key, (population, rule, _) in rules_onto_cells(model).items()}
        self.G = readout_factors(model, constants, activity)

    def _rows(self, number: int) -> Any:
        """What arrives through a block at each step, (steps, pre)."""
        block, activity = self._model.blocks[number], self._activity
        steps = activity["y"][block.post].shape[0] if block.post in self._model.readouts \
            else steps_of(self._model, activity, block.post)
        return rows_of(block, activity["spikes"][block.pre], steps, activity["first"],
                       self._model.interval_steps)

    def summed(self, number: int, weight: Any, last: Any = None) -> Any:
        """sum_t weight^t e^t + sum_x last_x eps_x^T of each synapse of a block onto cells.

        weight: (steps, size); last: (size,) by state variable, None: 0.
        """
        block, recursion = self._model.blocks[number], self._recursions[key_of(self._model, number)]
        F, at_start = recursion.back(weight, last)
        return block.products(self._rows(number), F) + sum(
            block.of_post(at_start[state]) * eps
            for state, eps in self._carry["traces"][number]["eps"].items())

    def eps(self, number: int) -> Tree:
        """The eligibility vector of each synapse of a block onto cells after the interval."""
        recursion = self._recursions[key_of(self._model, number)]
        none = jnp.zeros_like(recursion.h[0])
        return {state: self.summed(number, jnp.zeros_like(recursion.h), {
            other: none + (other == state) for other in recursion.states})
            for state in recursion.states}

    def memory(self, number: int) -> Tree:
        """The memory of a block's rule after the interval, as carried traces have it, or {}."""
        memory = self._memories[key_of(self._model, number)]
        return {"memory": memory} if memory else {}

    def of_readouts(self, number: int) -> tuple[Any, Tree]:
        """sum_t err^t zbar^t of each synapse of a block onto readouts, and zbar after it."""
        block, before = self._model.blocks[number], self._carry["traces"][number]["z_bar"]
        kappa, rows = self._constants["kappas"][block.post], self._rows(number)
        G = self.G[block.post]
        gradient = block.products(rows, G) + _existing(
            block, kappa * block.of_post(G[0]) * block.of_pre(before))
        return gradient, {"z_bar": leaky(kappa, rows, before)[-1]}

    def of_biases(self) -> tuple[Tree, Tree]:
        """Gradients of biases, and dy/db after the interval, by population of readouts."""
        gradients, traces = {}, {}
        for index, values in self.G.items():
            kappa, before = self._constants["kappas"][index], self._carry["bias"][index]
            gradients[index] = jnp.sum(values, axis=0) + kappa * values[0] * before
            traces[index] = leaky(kappa, jnp.ones_like(values), before)[-1]
        return gradients, traces


def continued(model: Model, parameters: Tree, constants: Tree, activity: Tree, carry: Tree
              ) -> tuple[Tree, Tree, Tree]:
    """Sums of one interval, and the traces after it.

    The sums are sum_t L^t ebar^t by block, and that of errors for biases; then sum_t e^t by block,
    which the firing-rate term multiplies, None for blocks onto others than spiking cells.
    """
    signals = {number: future_signal(model, parameters, constants, activity, number)
               for number in range(len(model.network.learning_signals))}
    going_on = Continuing(model, constants, activity, carry)
    weights: list[Any] = [None] * len(model.blocks)
    e_sums: list[Any] = [None] * len(model.blocks)
    traces: dict[int, Tree] = {}
    for number, block in model.plastic():
        if block.post in model.readouts:
            weights[number], traces[number] = going_on.of_readouts(number)
            continue
        before = carry["traces"][number]
        steps = steps_of(model, activity, block.post)
        ones = jnp.ones((steps, model.learning[block.post].size), model.dtype)
        total, future, e_bar = jnp.zeros_like(ones), 0.0, {}
        for signal, described in model.signals_to(block.post):
            kappa = kappa_of(model, constants, described)
            total = total + signals[signal]
            future = future + kappa * block.of_post(signals[signal][0]) * before["e_bar"][signal]
            decayed = kappa ** jnp.arange(steps - 1, -1, -1, dtype=ones.dtype)
            e_bar[signal] = going_on.summed(number, ones * decayed[:, jnp.newaxis]) \
                + kappa ** steps * before["e_bar"][signal]
        weights[number] = going_on.summed(number, total) + future
        if block.post in model.spiking:
            e_sums[number] = going_on.summed(number, ones)
        traces[number] = {**going_on.memory(number), "e_bar": e_bar, "eps": going_on.eps(number)}
    biases, of_biases = going_on.of_biases()
    return ({"weights": weights, "biases": biases}, e_sums,
            {"traces": traces, "bias": of_biases})


def _existing(block: Any, values: Any) -> Any:
    """Values of pairs of cells, 0 for those without a synapse."""
    return values if block.mask is None else values * block.mask
