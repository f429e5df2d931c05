"""Baselines: e-prop 1 with random feedback, from initial weights that are learned."""

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.families.family import Family
from pynn_eprop.learning_to_learn.error_modules.kind import ErrorModule, Seen, Sent
from pynn_eprop.models.time_grid import decay

FEEDBACK, SCALE = "feedback", "scale"


class _Broadcast(ErrorModule):
    """Errors that are sent by fixed random weights, and filtered as readouts are.

    The sum over the future with the readouts' kappa stands for traces filtered with it (eq. 49).
    Only a scale is learned, from 1 on.
    """

    def _error(self, family: Family, seen: Seen, xp: Any) -> Any:
        raise NotImplementedError

    def _count(self, family: Family) -> int:
        raise NotImplementedError

    def start(self, family: Family, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Feedback weights, N(0, 1 / n), which stay, and the scale."""
        shape = self._count(family), family.n_neurons
        return {FEEDBACK: rng.normal(size=shape) / np.sqrt(family.n_neurons), SCALE: np.ones(())}

    def send(self, family: Family, parameters: Mapping[str, Any], seen: Seen) -> Sent:
        """L_j^t of e-prop 1, summed over the future."""
        import jax
        import jax.numpy as jnp

        from pynn_eprop.functional.filters import leaky

        error = self._error(family, seen, jnp)
        sent = error @ jax.lax.stop_gradient(parameters[FEEDBACK])
        kappa = jnp.asarray(decay(family.timestep, family.tau_out), sent.dtype)
        return Sent(parameters[SCALE] * leaky(kappa, sent, jnp.zeros_like(sent[0]), reverse=True))


class OutputError(_Broadcast):
    """The errors of the readouts, which the error module of the paper never sees."""

    name: ClassVar[str] = "output-error"
    meaning: ClassVar[str] = ("e-prop 1: random feedback of the readouts' errors, which no other "
                              "module sees")

    def _count(self, family: Family) -> int:
        return family.n_outputs

    def _error(self, family: Family, seen: Seen, xp: Any) -> Any:
        return family.output_error(seen.y, seen.task, xp)


class GoalError(_Broadcast):
    """The errors against the goal."""

    name: ClassVar[str] = "goal-error"
    meaning: ClassVar[str] = "e-prop 1: random feedback of the errors against the goal"

    def _count(self, family: Family) -> int:
        return family.n_goals

    def _error(self, family: Family, seen: Seen, xp: Any) -> Any:
        return family.goal_error(seen.y, seen.task, xp)
