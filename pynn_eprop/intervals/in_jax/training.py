"""Sequences of intervals with an update after each, as one compiled loop (algorithm 1)."""

from typing import Any

import jax
import jax.numpy as jnp

from pynn_eprop.functional import synthetic_gradients
from pynn_eprop.functional.optimizers import STEPS
from pynn_eprop.intervals.in_jax.gradients import (
    activity,
    errors,
    interval_gradients,
    outputs_of,
    synthetic_boundary,
    what_is_seen,
)
from pynn_eprop.intervals.learning import (
    EXTRA_PASS,
    IntervalLearning,
    IntervalOptimizer,
    SyntheticGradients,
)
from pynn_eprop.intervals.network import UnitNetwork

Tree = Any
UPDATES, MODULE_UPDATES, BOUNDARY_KNOWN = range(3)
"""Places in "counts": updates of the network and of the error module; whether an interval ended in
this sequence whose boundary values are still to be learned."""


def train_intervals(network: UnitNetwork, learning: IntervalLearning, kept: Tree, steps: Tree,
                    count: Any, last: Any, rate: Any) -> tuple[Tree, Any, Any]:
    """Run and learn from ``count`` intervals, or fewer if an error or gradient is not finite.

    kept: what goes on, see :class:`JaxMachine`. steps: rows of
    :func:`~pynn_eprop.intervals.in_jax.gradients.steps_of`, (intervals, steps, ...), of which
    those after ``count`` do not matter. last: whether the sequences end with them. rate: factor on
    learning rates.
    Gives what goes on, the error summed over the intervals, and sums of squares: of what the error
    module was wrong by, and of its targets.
    """
    def goes_on(loop: tuple[Any, ...]) -> Any:
        number, _, error, _ = loop
        return (number < count) & jnp.isfinite(error)

    def one(loop: tuple[Any, ...]) -> tuple[Any, ...]:
        number, kept, error, squares = loop

        def interval(number: Any) -> Tree:
            return jax.tree.map(lambda rows: jax.lax.dynamic_index_in_dim(
                rows, number, keepdims=False), steps)

        ends = last & (number == count - 1)
        found, after, of_module, finite = _learn(
            network, learning, kept, interval(number), ends, interval(number + 1),
            number + 1 < count, last & (number + 1 == count - 1), rate)
        kept = jax.tree.map(lambda old, new: jnp.where(finite, new, old), kept, after)
        found = jnp.where(finite | ~jnp.isfinite(found), found, jnp.nan)
        return number + 1, kept, error + found, squares + jnp.where(finite, of_module, 0.0)

    zero = jnp.zeros((), kept["output"].dtype)
    _, kept, error, squares = jax.lax.while_loop(
        goes_on, one, (jnp.int32(0), kept, zero, jnp.zeros(2, zero.dtype)))
    return kept, error, squares


def _learn(network: UnitNetwork, learning: IntervalLearning, kept: Tree, now: Tree, ends: Any,
           following: Tree, is_followed: Any, following_ends: Any, rate: Any
           ) -> tuple[Any, Tree, Any, Any]:
    """Error of an interval, what goes on, sums of squares of the error module, whether it is good.

    ends: whether it is the sequences' last. following: the next interval, if there is one. It is
    good if error and gradients are finite.
    """
    module, rule, weights = learning.module, learning.rule, kept["weights"]
    start = {name: kept[name] for name in ("state", "output", "traces") if name in kept}
    squares = jnp.zeros(2, start["output"].dtype)
    if module is None:
        found = interval_gradients(network, rule, weights, start, now)
        return (found.error, _updated(learning, kept, found.gradients, found.end, rate), squares,
                jnp.isfinite(found.error) & _finite(found.gradients))

    predicted = synthetic_boundary(kept["module"], module.factor, module.sees_state)

    def unless(ends: Any, end: Tree) -> Tree:
        """Boundary values: predicted ones, or 0 after the last interval."""
        return jax.tree.map(lambda value: jnp.where(ends, 0.0, value), predicted(end))

    if module.schedule == EXTRA_PASS:
        end = activity(network, weights, start, now["inputs"], now["present"],
                       jnp.zeros((len(now["present"]), *start["output"].shape),
                                 start["output"].dtype))[0]
        ahead = interval_gradients(network, rule, weights, {**start, **end}, following,
                                   lambda end: unless(following_ends, end))
        learned = _ModuleStep(learning, module, kept, end, ahead.by_start,
                              is_followed & jnp.isfinite(ahead.error))

        def boundary(end: Tree) -> Tree:
            beyond = unless(ends, end)
            if module.through_network:      # dE_SG/dtheta
                beyond["output"] = beyond["output"] + learned.by_seen["output"]
                if module.sees_state:
                    beyond["own"] = learned.by_seen["state"]
            return beyond

        found = interval_gradients(network, rule, weights, start, now, boundary)
        kept = {**kept, **learned.after(rate)}
    else:
        found = interval_gradients(network, rule, weights, start, now,
                                   lambda end: unless(ends, end))
        before = {"state": kept["boundary_state"], "output": kept["boundary_output"]}
        learned = _ModuleStep(learning, module, kept, before, found.by_start,
                              kept["counts"][BOUNDARY_KNOWN] == 1)
        kept = {**kept, **learned.after(rate)}
        kept["counts"] = kept["counts"].at[BOUNDARY_KNOWN].set(jnp.where(ends, 0, 1))
        for name in ("state", "output"):
            kept[f"boundary_{name}"] = jnp.where(ends, before[name], found.end[name])
    return (found.error, _updated(learning, kept, found.gradients, found.end, rate),
            learned.squares,
            jnp.isfinite(found.error) & _finite(found.gradients) & learned.finite)


def _finite(gradients: Tree) -> Any:
    """Whether all numbers are."""
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(each)) for each in gradients.values()]))


def _updated(learning: IntervalLearning, kept: Tree, gradients: Tree, end: Tree, rate: Any
             ) -> Tree:
    """What goes on after an update of the network's weights."""
    if learning.clip is not None:
        norm = jnp.sqrt(sum(jnp.sum(each ** 2) for each in gradients.values()))
        part = jnp.where(norm > learning.clip, learning.clip / norm, 1.0)
        gradients = {name: part * each for name, each in gradients.items()}
    weights, moments = _stepped(learning.optimizer, kept["weights"], gradients, kept["optimizer"],
                                kept["counts"][UPDATES], rate)
    return {**kept, **end, "weights": weights, "optimizer": moments,
            "counts": kept["counts"].at[UPDATES].add(1)}


def _stepped(optimizer: IntervalOptimizer, weights: Tree, gradients: Tree, moments: Tree,
             count: Any, rate: Any) -> tuple[Tree, Tree]:
    """Weights and moments after one step of an optimiser that has made ``count``."""
    new, kept = {}, {}
    for name, weight in weights.items():
        new[name], state = STEPS[type(optimizer)](
            optimizer, gradients[name], {"u": count, **moments.get(name, {})}, weight, rate)
        kept[name] = {part: value for part, value in state.items() if part != "u"}
    return new, {name: each for name, each in kept.items() if name in moments}


class _ModuleStep:
    """A step of the error module towards targets at an end of an interval (eq. 66).

    learns: whether it is made. squares: sums of what the module is wrong by, and of its targets.
    by_seen: dE_SG of one sequence by state and output of the end. finite: whether gradients are.
    """

    def __init__(self, learning: IntervalLearning, module: SyntheticGradients, kept: Tree,
                 end: Tree, targets: Tree, learns: Any) -> None:
        self._optimizer, self._kept, self._learns = learning.module_optimizer, kept, learns
        if module.shuffled:
            targets = jax.tree.map(lambda values: jnp.roll(values, -1, axis=0), targets)
        wanted = jnp.concatenate([targets["state"], targets["output"]], axis=-1)

        def loss(weights: Tree, end: Tree) -> Any:
            return jnp.sum(synthetic_gradients.loss(
                weights, what_is_seen(end, module.sees_state), wanted))

        seen = {name: end[name] for name in ("state", "output")}
        value, (gradients, by_seen) = jax.value_and_grad(loss, (0, 1))(kept["module"], seen)
        self._gradients = jax.tree.map(lambda sum_: sum_ / wanted.shape[0], gradients)
        self.finite = ~learns | _finite(self._gradients)
        self.squares = jnp.where(learns, jnp.stack([2 * value, jnp.sum(wanted ** 2)]), 0.0)
        self.by_seen = jax.tree.map(lambda values: jnp.where(learns, values, 0.0), by_seen)

    def after(self, rate: Any) -> Tree:
        """What goes on of the error module, and the counts."""
        old = {name: self._kept[name] for name in ("module", "module_optimizer", "counts")}
        weights, moments = _stepped(self._optimizer, old["module"], self._gradients,
                                    old["module_optimizer"], old["counts"][MODULE_UPDATES], rate)
        new = {"module": weights, "module_optimizer": moments,
               "counts": old["counts"].at[MODULE_UPDATES].add(1)}
        return jax.tree.map(lambda old, new: jnp.where(self._learns, new, old), old, new)


def evaluate_intervals(network: UnitNetwork, weights: Tree, start: Tree, steps: Tree, count: Any
                       ) -> tuple[Tree, Any]:
    """State and output after ``count`` pieces of steps, and their error, without learning."""
    def one(number: Any, now: tuple[Tree, Any]) -> tuple[Tree, Any]:
        start, error = now
        piece = jax.tree.map(lambda rows: jax.lax.dynamic_index_in_dim(rows, number,
                                                                       keepdims=False), steps)
        end, y, _ = run_steps(network, weights, start, piece["inputs"], piece["present"])
        return end, error + jnp.mean(errors(network, y, piece))

    return jax.lax.fori_loop(0, count, one, (start, jnp.zeros((), start["output"].dtype)))


def run_steps(network: UnitNetwork, weights: Tree, start: Tree, inputs: Any, present: Any
              ) -> tuple[Tree, Any, Any]:
    """State and output after steps, and y and h of each."""
    none = jnp.zeros((len(present), *start["output"].shape), start["output"].dtype)
    end, rows = activity(network, weights, start, inputs, present, none)
    return end, outputs_of(weights, rows["output"]), rows["output"]
