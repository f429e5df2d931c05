"""e-prop's gradients of an interval whose eligibility traces began before it and go on after it.

For the boundary "continuous". The carried traces are those of each synapse: the eligibility vector,
and e filtered with the kappa of each learning signal; of readouts, filtered spikes.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np

from pynn_eprop.functional.eligibility import (
    Traces,
    factors_of,
    memory_of,
    states_of,
    traces_of,
)
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

Back = tuple[Any, dict[str, Any]]
"""F of each step, (steps, size), and what multiplies the eligibility vector before the first one,
by state variable; as of :meth:`Traces.back`."""


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
        self._eps = {key: _of_states(recursion) for key, recursion in self._recursions.items()}
        self.G = readout_factors(model, constants, activity)

    def _rows(self, number: int) -> Any:
        """What arrives through a block at each step, (steps, pre)."""
        block, activity = self._model.blocks[number], self._activity
        steps = activity["y"][block.post].shape[0] if block.post in self._model.readouts \
            else steps_of(self._model, activity, block.post)
        return rows_of(block, activity["spikes"][block.pre], steps, activity["first"],
                       self._model.interval_steps)

    def back(self, key: str, weight: Any) -> Back:
        """The filter of sum_t weight^t e^t; weight: (steps, size).

        One does for all blocks of a rule onto a population, of whatever delay; key: theirs, as of
        :func:`rules_onto_cells`.
        """
        return self._recursions[key].back(weight)

    def summed(self, number: int, back: Back) -> Any:
        """The sum of each synapse of a block onto cells. back: of :meth:`back`."""
        block, (F, at_start) = self._model.blocks[number], back
        return block.products(self._rows(number), F) + sum(
            block.of_post(at_start[state]) * eps
            for state, eps in self._carry["traces"][number]["eps"].items())

    def eps(self, number: int) -> Tree:
        """The eligibility vector of each synapse of a block onto cells after the interval."""
        return {state: self.summed(number, back)
                for state, back in self._eps[key_of(self._model, number)].items()}

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
    backs = {key: _backs(model, constants, activity, signals, going_on, key, population)
             for key, (population, _, _) in rules_onto_cells(model).items()}
    weights: list[Any] = [None] * len(model.blocks)
    e_sums: list[Any] = [None] * len(model.blocks)
    traces: dict[int, Tree] = {}
    for number, block in model.plastic():
        if block.post in model.readouts:
            weights[number], traces[number] = going_on.of_readouts(number)
            continue
        before, back = carry["traces"][number], backs[key_of(model, number)]
        steps, future, e_bar = steps_of(model, activity, block.post), 0.0, {}
        for signal, described in model.signals_to(block.post):
            kappa = kappa_of(model, constants, described)
            future = future + kappa * block.of_post(signals[signal][0]) * before["e_bar"][signal]
            e_bar[signal] = going_on.summed(number, back["e_bar"][signal]) \
                + kappa ** steps * before["e_bar"][signal]
        weights[number] = going_on.summed(number, back["signals"]) + future
        if block.post in model.spiking:
            e_sums[number] = going_on.summed(number, back["ones"])
        traces[number] = {**going_on.memory(number), "e_bar": e_bar, "eps": going_on.eps(number)}
    biases, of_biases = going_on.of_biases()
    return ({"weights": weights, "biases": biases}, e_sums,
            {"traces": traces, "bias": of_biases})


def _backs(model: Model, constants: Tree, activity: Tree, signals: Tree, going_on: Continuing,
           key: str, population: int) -> Tree:
    """Filters of what is summed with one rule's traces of a population.

    "signals": G_j^t of all learning signals; "ones": 1, for sum_t e^t; "e_bar": kappa^(T - t), by
    learning signal, for e_bar after the interval.
    """
    steps = steps_of(model, activity, population)
    ones = jnp.ones((steps, model.learning[population].size), model.dtype)
    total, e_bar = jnp.zeros_like(ones), {}
    for signal, described in model.signals_to(population):
        total = total + signals[signal]
        decayed = kappa_of(model, constants, described) \
            ** jnp.arange(steps - 1, -1, -1, dtype=ones.dtype)
        e_bar[signal] = going_on.back(key, ones * decayed[:, jnp.newaxis])
    return {"signals": going_on.back(key, total), "ones": going_on.back(key, ones), "e_bar": e_bar}


def _of_states(recursion: Traces) -> dict[str, Back]:
    """The filters of the eligibility vector after the interval, by state variable."""
    none = jnp.zeros_like(recursion.h[0])
    return {state: recursion.back(jnp.zeros_like(recursion.h), {
        other: none + (other == state) for other in recursion.states})
        for state in recursion.states}


def _existing(block: Any, values: Any) -> Any:
    """Values of pairs of cells, 0 for those without a synapse."""
    return values if block.mask is None else values * block.mask
