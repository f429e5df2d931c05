"""The base classes of error modules."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.families.family import Family, Tasks
from pynn_eprop.families.trial import GOAL, INPUT, LEARNER
from pynn_eprop.learning_to_learn.wiring import Wiring


@dataclass(frozen=True)
class Seen:
    """What there is of a training trial: arrays with a row for each step t = 1 ... T.

    x: clock spikes that arrive at the learner's cells, (T, inputs). z: the learner's spikes,
    (T, cells). goal: y*, (T, n_goals). y: the learner's readouts, (T, n_outputs), and task: the
    whole task; error modules in the sense of the paper use neither.
    """

    x: Any
    z: Any
    goal: Any
    y: Any
    task: Tasks


@dataclass(frozen=True)
class Sent:
    """What an error module makes of it.

    signals: what multiplies h_j^t zhat_i^{t-1} in the gradient (eq. 59), before the gain, (T,
    cells); None if there is no update. spikes: of the module's own cells, (T, size), by label; they
    are held at the target rate.
    """

    signals: Any
    spikes: Mapping[str, Any] = field(default_factory=dict)


class ErrorModule(ABC):
    """Makes learning signals; its parameters are learned in the outer loop.

    name: as the command line writes it. meaning: one line. gain: the default factor on its signals.
    in_scripts: whether it is a network that one-shot scripts can build on a backend.
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    gain: ClassVar[float] = 1.0
    in_scripts: ClassVar[bool] = False

    @abstractmethod
    def start(self, family: Family, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial parameters by name."""

    @abstractmethod
    def send(self, family: Family, parameters: Mapping[str, Any], seen: Seen) -> Sent:
        """The learning signals for one task, as a function in ``jax.numpy``."""

    def gain_in(self, family: Family) -> float:
        """The factor on its signals."""
        return family.gain or self.gain


class NetworkModule(ErrorModule):
    """An error module that is a network: it runs in the outer loop, and in scripts on any backend.

    Its sources are those of :data:`INPUT`, :data:`LEARNER` and :data:`GOAL`. All of its readouts
    have a cell of the learner each, and send it what they have; signals of several add up.
    """

    in_scripts: ClassVar[bool] = True

    @abstractmethod
    def wiring(self, family: Family) -> Wiring:
        """The network; :meth:`sources` gives the first arguments that it needs."""

    @staticmethod
    def sources(family: Family) -> dict[str, Any]:
        """timestep, steps, spiking and analog of the wiring of every module."""
        return {"timestep": family.timestep, "steps": family.steps,
                "spiking": {INPUT: family.n_inputs, LEARNER: family.n_neurons},
                "analog": {GOAL: family.n_goals}}

    def start(self, family: Family, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial weights."""
        return self.wiring(family).start(rng)

    def send(self, family: Family, parameters: Mapping[str, Any], seen: Seen) -> Sent:
        """Run a trial of the network.

        What is emitted at step t - 1 arrives at cells at step t: x^t and y*^t as in eq. 20.
        """
        import jax.numpy as jnp

        from pynn_eprop.functional import Model, trial

        wiring = self.wiring(family)
        model = Model.of(wiring.network(early=LEARNER), str(seen.z.dtype))

        def rows(label: str, values: Any) -> Any:
            """Rows of the steps 1 - depth ... T, of which 0 ... T - 1 have the values."""
            depth = model.depth(wiring.index(label))
            return jnp.pad(jnp.asarray(values, seen.z.dtype), ((depth - 1, 1), (0, 0)))

        activity = trial(model, wiring.tree(parameters, jnp), {
            "step": np.arange(1, family.steps + 1, dtype=np.int32),
            "sources": {wiring.index(label): rows(label, values) for label, values in (
                (INPUT, seen.x), (LEARNER, seen.z), (GOAL, seen.goal))},
            "currents": {}, "targets": {}})
        return Sent(sum(activity["y"].values()),
                    {part.label: activity["z"][wiring.index(part.label)] for part in wiring.cells})
