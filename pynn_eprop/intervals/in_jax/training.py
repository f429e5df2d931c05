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
    """Run and learn from ``count`` intervals, or fewer if an error is not finite.

    kept: what goes on, see :meth:`JaxMachine.state`. steps: rows of
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
        found, after, of_module = _learn(
            network, learning, kept, interval(number), ends, interval(number + 1),
            number + 1 < count, last & (number + 1 == count - 1), rate)
        finite = jnp.isfinite(found)
        kept = jax.tree.map(lambda old, new: jnp.where(finite, new, old), kept, after)
        return number + 1, kept, error + found, squares + jnp.where(finite, of_module, 0.0)

    zero = jnp.zeros((), kept["output"].dtype)
    _, kept, error, squares = jax.lax.while_loop(
        goes_on, one, (jnp.int32(0), kept, zero, jnp.zeros(2, zero.dtype)))
    return kept, error, squares


def _learn(network: UnitNetwork, learning: IntervalLearning, kept: Tree, now: Tree, ends: Any,
           following: Tree, is_followed: Any, following_ends: Any, rate: Any
           ) -> tuple[Any, Tree, Any]:
    """Error of an interval, what goes on, and sums of squares of the error module.

    ends: whether it is the sequences' last. following: the next interval, if there is one.
    """
    module, rule, weights = learning.module, learning.rule, kept["weights"]
    start = {name: kept[name] for name in ("state", "output", "traces") if name in kept}
    squares = jnp.zeros(2, start["output"].dtype)
    if module is None:
        found = interval_gradients(network, rule, weights, start, now)
        return found.error, _updated(learning, kept, found.gradients, found.end, rate), squares

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
        changed, squares, by_seen = _module_learned(learning, module, kept, end, ahead.by_start,
                                                    is_followed, rate)

        def boundary(end: Tree) -> Tree:
            beyond = unless(ends, end)
            if module.through_network:      # dE_SG/dtheta
                beyond["output"] = beyond["output"] + by_seen["output"]
                if module.sees_state:
                    beyond["own"] = by_seen["state"]
            return beyond

        found = interval_gradients(network, rule, weights, start, now, boundary)
        kept = {**kept, **changed}
        return found.error, _updated(learning, kept, found.gradients, found.end, rate), squares

    found = interval_gradients(network, rule, weights, start, now,
                               lambda end: unless(ends, end))
    known = kept["counts"][BOUNDARY_KNOWN] == 1
    before = {"state": kept["boundary_state"], "output": kept["boundary_output"]}
    changed, squares, _ = _module_learned(learning, module, kept, before, found.by_start, known,
                                          rate)
    counts = changed["counts"].at[BOUNDARY_KNOWN].set(1)
    kept = {**kept, **changed, "counts": counts, "boundary_state": found.end["state"],
            "boundary_output": found.end["output"]}
    return found.error, _updated(learning, kept, found.gradients, found.end, rate), squares


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


def _module_learned(learning: IntervalLearning, module: SyntheticGradients, kept: Tree, end: Tree,
                    targets: Tree, learns: Any, rate: Any) -> tuple[Tree, Any, Tree]:
    """What goes on of the error module after a step towards targets at an end (eq. 66).

    learns: whether it takes the step. Gives also sums of squares, and dE_SG of one sequence by
    state and output of the end.
    """
    if module.shuffled:
        targets = jax.tree.map(lambda values: jnp.roll(values, -1, axis=0), targets)
    wanted = jnp.concatenate([targets["state"], targets["output"]], axis=-1)

    def loss(weights: Tree, end: Tree) -> Any:
        return jnp.sum(synthetic_gradients.loss(weights, what_is_seen(end, module.sees_state),
                                                wanted))

    seen = {name: end[name] for name in ("state", "output")}
    value, (gradients, by_seen) = jax.value_and_grad(loss, (0, 1))(kept["module"], seen)
    gradients = jax.tree.map(lambda sum_: sum_ / wanted.shape[0], gradients)
    weights, moments = _stepped(learning.module_optimizer, kept["module"], gradients,
                                kept["module_optimizer"], kept["counts"][MODULE_UPDATES], rate)
    old = {"module": kept["module"], "module_optimizer": kept["module_optimizer"],
           "counts": kept["counts"]}
    new = {"module": weights, "module_optimizer": moments,
           "counts": kept["counts"].at[MODULE_UPDATES].add(1)}
    return (jax.tree.map(lambda old, new: jnp.where(learns, new, old), old, new),
            jnp.where(learns, jnp.stack([2 * value, jnp.sum(wanted ** 2)]), 0.0),
            jax.tree.map(lambda values: jnp.where(learns, values, 0.0), by_seen))


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
