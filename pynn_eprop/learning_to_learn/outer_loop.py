"""The outer loop: iterations of Adam on the loss over batches of fresh tasks, resumable."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from pynn_eprop.common.files.archives import read_archive, write_archive
from pynn_eprop.errors import (
    CheckpointError,
    EPropError,
    SimulationError,
    TaskError,
    UnsupportedError,
)
from pynn_eprop.families.family import COSINE, Family
from pynn_eprop.learning_to_learn.draws import TEST, TRAINING, VALIDATION, WEIGHTS, random_numbers
from pynn_eprop.learning_to_learn.error_modules import ErrorModule
from pynn_eprop.learning_to_learn.outer_loss import OuterLoss
from pynn_eprop.models.network import E_PROP
from pynn_eprop.models.rules import Rule

Tree = Any
VALIDATION_TASKS, TEST_TASKS = 64, 256


def optimizer(family: Family, iterations: int) -> optax.GradientTransformation:
    """Adam with the family's schedule, on gradients that are no longer than ``clip``."""
    rate = optax.cosine_decay_schedule(family.lr, iterations) if family.decay == COSINE else \
        optax.exponential_decay(family.lr, family.lr_every, family.lr_factor, staircase=True)
    return optax.chain(optax.clip_by_global_norm(family.clip), optax.adam(rate))


def check_traceable(family: Family, module: ErrorModule, rule: Rule = E_PROP) -> None:
    """Raise what the loss of a family and an error module raises if it cannot be computed.

    Two tasks are drawn; nothing is compiled or run. :class:`UnsupportedError` for what JAX cannot
    compute or what a method of their own raises, :class:`TaskError` for what is not of the shape
    that it has to be.
    """
    loss = OuterLoss(family, module, rule)
    numbers = random_numbers(0, WEIGHTS)
    parameters = loss.start(numbers)
    tasks = jax.tree.map(loss.model.array, family.tasks(2, numbers))
    y = np.zeros((family.steps, family.n_outputs), loss.model.dtype)
    task = {name: rows[0] for name, rows in tasks.items()}
    try:
        for name in ("loss", "error"):
            shape = jax.eval_shape(lambda y, name=name: jnp.asarray(
                getattr(family, name)(y, task, jnp)), y).shape
            if shape != ():
                raise TaskError(f"family {family.name!r}: {name}() has the shape {shape}; it must "
                                "be one number for a task")
        jax.eval_shape(jax.value_and_grad(loss, has_aux=True), parameters, tasks)
    except EPropError:
        raise
    except Exception as error:      # of methods that users bring, which may raise anything
        raise UnsupportedError(
            f"family {family.name!r} with error module {module.name!r}: JAX cannot compute it; "
            "methods get jax.numpy as xp, and may not branch on values "
            f"({type(error).__name__}: {(str(error).splitlines() or [''])[0]})") from error


@dataclass
class Curve:
    """What was seen during the outer loop.

    loss: of each iteration. iteration, error, error_before: of each validation, after so many
    iterations. rate: of the learner in the test trials then, Hz. seconds: of the work, without
    compilation.
    """

    loss: list[float] = field(default_factory=list)
    iteration: list[int] = field(default_factory=list)
    error: list[float] = field(default_factory=list)
    error_before: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    seconds: float = 0.0


class OuterLoop:
    """Iterations with one seed, in one process.

    iterations: in all, which a schedule may depend on. at_once: as of :class:`OuterLoss`.
    every: iterations between validations on fresh tasks.
    """

    def __init__(self, family: Family, module: ErrorModule, iterations: int, seed: int,
                 rule: Rule = E_PROP, at_once: int | None = None, every: int = 100) -> None:
        self.family, self.module = family, module
        self.iterations, self.seed, self.every = iterations, seed, every
        self.loss = OuterLoss(family, module, rule, at_once=at_once)
        self._optimizer = optimizer(family, iterations)
        self.parameters = self.loss.start(random_numbers(seed, WEIGHTS))
        self._state = self._optimizer.init(self.parameters)
        self.done = 0
        self.curve = Curve()
        self._step: Any = jax.jit(self._stepped)
        self._test: Any = jax.jit(lambda parameters, tasks: self.loss(parameters, tasks)[1])

    def _stepped(self, parameters: Tree, state: Tree, tasks: Tree) -> tuple[Tree, Tree, Any]:
        (loss, _), slopes = jax.value_and_grad(self.loss, has_aux=True)(parameters, tasks)
        changes, state = self._optimizer.update(slopes, state, parameters)
        return optax.apply_updates(parameters, changes), state, loss

    def _tasks(self, count: int, stream: int, number: int = 0) -> Tree:
        return jax.tree.map(self.loss.model.array,
                            self.family.tasks(count, random_numbers(self.seed, stream, number)))

    def advance(self) -> None:
        """One iteration; and a validation, if it is due.

        Raises :class:`SimulationError` if the loss is not finite; nothing is changed then.
        """
        begin = time.perf_counter()
        tasks = self._tasks(self.family.batch, TRAINING, self.done)
        parameters, state, loss = self._step(self.parameters, self._state, tasks)
        loss = float(loss)
        if not np.isfinite(loss):
            raise SimulationError(f"iteration {self.done + 1} of the outer loop: the loss is "
                                  f"{loss}; a lower lr or gain, or a shorter clip, may help")
        self.parameters, self._state = parameters, state
        self.done += 1
        self.curve.loss.append(loss)
        if self.done % self.every == 0 or self.done in (1, self.iterations):
            self._validate()
        self.curve.seconds += time.perf_counter() - begin

    def compile(self) -> None:
        """Compile what :meth:`advance` calls."""
        tasks = self._tasks(self.family.batch, TRAINING, self.done)
        self._step = self._step.lower(self.parameters, self._state, tasks).compile()
        fresh = self._tasks(VALIDATION_TASKS, VALIDATION)
        self._test = self._test.lower(self.parameters, fresh).compile()

    def _validate(self) -> None:
        found = self._tested(VALIDATION)
        self.curve.iteration.append(self.done)
        for name in ("error", "error_before", "rate"):
            getattr(self.curve, name).append(found[name])

    def test(self, tasks: int = TEST_TASKS) -> dict[str, float]:
        """Means over fresh tasks: "error" after one update and "error_before" it, "rate" in Hz."""
        parts = -(-tasks // VALIDATION_TASKS)
        found = [self._tested(TEST, part) for part in range(parts)]
        return {name: float(np.mean([part[name] for part in found]))
                for name in ("error", "error_before", "rate")}

    def _tested(self, stream: int, number: int = 0) -> dict[str, float]:
        """Means over fresh tasks. Raises :class:`SimulationError` if one is not finite."""
        found = self._test(self.parameters, self._tasks(VALIDATION_TASKS, stream, number))
        means = {name: float(found[name]) for name in ("error", "error_before", "rate")}
        for name, value in means.items():
            if not np.isfinite(value):
                raise SimulationError(
                    f"after iteration {self.done} of the outer loop: {name} is {value} on fresh "
                    f"tasks; error() of family {self.family.name!r} must give finite numbers, and "
                    "a lower lr or gain, or a shorter clip, may help")
        return means

    # --- the state on disk ---

    def save(self, path: Path) -> None:
        """Write all that the next iteration depends on, atomically."""
        leaves = jax.tree.leaves((self.parameters, self._state))
        write_archive(path, {str(number): np.asarray(leaf) for number, leaf in enumerate(leaves)},
                      {"done": self.done, "curve": vars(self.curve)})

    def load(self, path: Path) -> None:
        """Take over a state. Raises :class:`CheckpointError` for another network's or damage."""
        leaves, tree = jax.tree.flatten((self.parameters, self._state))
        arrays, header = read_archive(path)
        new = [arrays.get(str(number)) for number in range(len(leaves))]
        if len(arrays) != len(leaves) or not {"done", "curve"} <= header.keys() or any(
                each is None or each.shape != np.shape(old)
                for each, old in zip(new, leaves, strict=True)):
            raise CheckpointError(f"{path} belongs to another network")
        done, curve = header["done"], header["curve"]
        if not isinstance(done, int) or not isinstance(curve, dict) \
                or curve.keys() != vars(self.curve).keys() or not isinstance(curve["loss"], list) \
                or len(curve["loss"]) != done:
            raise CheckpointError(f"{path} is damaged: its curve is not that of {done!r} "
                                  "iterations")
        self.parameters, self._state = jax.tree.unflatten(tree, new)
        self.done, self.curve = done, Curve(**curve)
