"""The loss of the outer loop: one update in a training trial, then the cost of the test trial.

Everything is a function of parameters and tasks in JAX, so that derivatives pass through the inner
update. The training trial is the same for all tasks, as clock and first weights are; it runs once.
"""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.families import Family
from pynn_eprop.families.trial import INPUT, LEARNER, OUTPUT
from pynn_eprop.functional import Model, gradients, optimizer_start, trial, trial_inputs, update
from pynn_eprop.functional.kinds import jax_kinds
from pynn_eprop.learning_to_learn.error_modules import (
    ErrorModule,
    NoModule,
    Seen,
    Sent,
    start_of,
)
from pynn_eprop.learning_to_learn.learner import learner_wiring
from pynn_eprop.models.network import E_PROP, Inputs
from pynn_eprop.models.rules import Rule
from pynn_eprop.models.time_grid import nearest_steps

Tree = Any


class OuterLoss:
    """The loss for a family and an error module, as pure functions.

    rule: of the inner update. at_once: tasks that are computed side by side, all if None; more
    than these are computed slice by slice, and each slice again for the derivative. Raises
    :class:`UnsupportedError` for a rule that JAX does not know.
    """

    def __init__(self, family: Family, module: ErrorModule, rule: Rule = E_PROP,
                 precision: str = "float32", at_once: int | None = None) -> None:
        self.family, self.module, self.at_once = family, module, at_once
        self.wiring = learner_wiring(family)
        network = self.wiring.network(rule, family.update_rate)
        jax_kinds().check_network(network)
        self.model = Model.of(network, precision)
        self._learner, self._output = self.wiring.index(LEARNER), self.wiring.index(OUTPUT)

    @cached_property
    def inputs(self) -> Tree:
        """The inputs of a trial: the clock."""
        times = self.family.clock()
        cells = np.repeat(np.arange(len(times)), [len(each) for each in times])
        steps = nearest_steps(np.concatenate(times), self.family.timestep).astype(int)
        order = np.argsort(steps, kind="stable")
        return trial_inputs(self.model, Inputs({self.wiring.index(INPUT): (steps[order],
                                                                           cells[order])}))

    def start(self, rng: np.random.Generator) -> Tree:
        """Parameters to begin with: arrays by name, of "learner" and "module"."""
        found = {"learner": self.wiring.start(rng), "module": start_of(self.module, self.family,
                                                                       rng)}
        return jax.tree.map(self.model.array, found)

    def training_trial(self, parameters: Tree) -> Tree:
        """The activity of the training trial."""
        return trial(self.model, self._placed(parameters), self.inputs)

    def changed(self, parameters: Tree, activity: Tree, task: Tree) -> tuple[Tree, Tree]:
        """The learner's parameters after the update for one task, and the module's spikes."""
        sent = self.module.send(self.family, parameters["module"], self.seen(activity, task))
        if not isinstance(sent, Sent) or sent.signals is None:
            raise TaskError(f"error module {self.module.name!r}: send() gave {_called(sent)}; it "
                            "must give Sent(signals), (steps, cells of the learner)")
        before = self._placed(parameters)
        slopes = gradients(self.model, before, activity, {
            self._learner: self.module.gain_in(self.family) * sent.signals})
        after, _ = update(self.model, before, slopes, optimizer_start(self.model, before))
        return after, sent.spikes

    def seen(self, activity: Tree, task: Tree) -> Seen:
        """What the error module sees of the training trial."""
        clock = self.inputs["sources"][self.wiring.index(INPUT)]
        arriving = clock[len(clock) - self.family.steps - 1:-1]
        return Seen(arriving, activity["z"][self._learner], self.family.goal(task),
                    activity["y"][self._output], task)

    def test_trials(self, parameters: Tree, tasks: Tree) -> Tree:
        """What becomes of each task, "of_tasks", and spikes of the training trial.

        Of a task: cost, error, error_before the update; spikes of the test trial, and those of the
        module's cells.
        """
        activity = self.training_trial(parameters)
        y = activity["y"][self._output]

        def of_task(task: Tree) -> Tree:
            before = self.family.error(y, task, jnp)
            spikes: Mapping[str, Any] = {}
            if isinstance(self.module, NoModule):
                test = activity
            else:
                after, spikes = self.changed(parameters, activity, task)
                test = trial(self.model, after, self.inputs)
            moved = test["y"][self._output]
            return {"cost": self.family.loss(moved, task, jnp),
                    "error": self.family.error(moved, task, jnp), "error_before": before,
                    "spikes": jnp.sum(test["z"][self._learner], axis=0),
                    "module_spikes": {label: jnp.sum(z, axis=0) for label, z in spikes.items()}}

        return {"of_tasks": self._mapped(of_task, tasks),
                "training_spikes": jnp.sum(activity["z"][self._learner], axis=0)}

    def __call__(self, parameters: Tree, tasks: Tree) -> tuple[Any, Tree]:
        """The loss per step (eq. 61), and means over tasks that are reported.

        Rates are means over the steps of a trial and over the tasks, as in eq. 54.
        """
        family = self.family
        found = self.test_trials(parameters, tasks)
        tasks_found = found["of_tasks"]
        seconds = family.steps * family.timestep / 1000.0

        def far(spikes: Any, target: float) -> Any:
            return jnp.sum((spikes / seconds - target) ** 2)

        rate = jnp.mean(tasks_found["spikes"], axis=0)
        total = jnp.mean(tasks_found["cost"]) + family.c_reg * (
            far(found["training_spikes"], family.f_target) + far(rate, family.f_target)
            + sum(far(jnp.mean(spikes, axis=0), family.f_target_module)
                  for spikes in tasks_found["module_spikes"].values()))
        return total / family.steps, {
            "error": jnp.mean(tasks_found["error"]),
            "error_before": jnp.mean(tasks_found["error_before"]),
            "rate": jnp.mean(rate) / seconds}

    def _placed(self, parameters: Mapping[str, Any]) -> Tree:
        return self.wiring.tree(parameters["learner"], jnp)

    def _mapped(self, of_task: Any, tasks: Tree) -> Tree:
        """``of_task`` of all tasks, slice by slice."""
        count = len(next(iter(tasks.values())))
        most = count if self.at_once is None else min(self.at_once, count)
        side_by_side = jax.vmap(of_task)
        if most == count:
            return side_by_side(tasks)
        if count % most:        # slices of one size, the largest that divides the batch
            most = max(each for each in range(1, most + 1) if count % each == 0)
        slices = jax.tree.map(lambda rows: rows.reshape(-1, most, *rows.shape[1:]), tasks)
        found = jax.lax.map(jax.checkpoint(side_by_side), slices)
        return jax.tree.map(lambda rows: rows.reshape(count, *rows.shape[2:]), found)


def _called(sent: Any) -> str:
    return "Sent(None)" if isinstance(sent, Sent) else type(sent).__name__
