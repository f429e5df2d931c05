"""The base classes of error modules."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import TaskError, UnsupportedError
from pynn_eprop.families.family import Family, Tasks
from pynn_eprop.families.trial import GOAL, INPUT, LEARNER, OUTPUT
from pynn_eprop.learning_to_learn.learner import learner_wiring
from pynn_eprop.learning_to_learn.wiring import Wiring
from pynn_eprop.models.answers import ask
from pynn_eprop.models.parameters import as_numbers
from pynn_eprop.tasks.quantities import require_whole


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
    """

    name: ClassVar[str] = ""
    meaning: ClassVar[str] = ""
    gain: ClassVar[float] = 1.0

    @abstractmethod
    def start(self, family: Family, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial parameters by name."""

    @abstractmethod
    def send(self, family: Family, parameters: Mapping[str, Any], seen: Seen) -> Sent:
        """The learning signals for one task, as a function in ``jax.numpy``."""

    def gain_in(self, family: Family) -> float:
        """The factor on its signals."""
        return family.gain or self.gain


def start_of(module: ErrorModule, family: Family, rng: np.random.Generator
             ) -> dict[str, np.ndarray]:
    """What :meth:`ErrorModule.start` gives.

    Raises :class:`TaskError` unless these are finite numbers by name, and
    :class:`SimulationError` for what the module's own methods raise.
    """
    found = ask("", "error module", module, "start", family, rng)
    owner = f"error module {module.name!r}: start()"
    if not isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        raise TaskError(f"{owner} gave {type(found).__name__}; it must give a dict of arrays by "
                        "name")
    for name, array in found.items():
        numbers = as_numbers(array)
        if numbers is None or not np.all(np.isfinite(numbers)):
            raise TaskError(f"{owner} gave {name!r} with values that are not finite numbers")
    return found


class NetworkModule(ErrorModule):
    """An error module that is a network: it runs in the outer loop, and in scripts on any backend.

    Its sources are those of :data:`INPUT`, :data:`LEARNER` and :data:`GOAL`. All of its readouts
    have a cell of the learner each, and send it what they have; signals of several add up.
    """

    @abstractmethod
    def wiring(self, family: Family) -> Wiring:
        """The network; :meth:`sources` gives the first arguments that it needs."""

    @staticmethod
    def sources(family: Family) -> dict[str, Any]:
        """timestep, steps, spiking and analog of the wiring of every module."""
        return {"timestep": family.timestep, "steps": family.steps,
                "spiking": {INPUT: family.n_inputs, LEARNER: family.n_neurons},
                "analog": {GOAL: family.n_goals}}

    def checked_wiring(self, family: Family) -> Wiring:
        """The network.

        Raises :class:`TaskError` unless scripts can build it beside the learner: names of weights
        and labels of populations are of one network alone.
        """
        owner = f"error module {self.name!r}: wiring()"
        wiring = ask("", "error module", self, "wiring", family)
        if not isinstance(wiring, Wiring):
            raise TaskError(f"{owner} gave {type(wiring).__name__}; it must give a Wiring")
        sources = self.sources(family)
        for name, needed in sources.items():
            if getattr(wiring, name) != needed:
                raise TaskError(f"{owner} has {name}={getattr(wiring, name)!r}; needed is "
                                f"{needed!r}, of self.sources(family)")
        labels = [*(part.label for part in wiring.cells), *(part.label for part in wiring.readouts)]
        known = [*sources["spiking"], *sources["analog"], *labels]
        _require_free(labels, [*sources["spiking"], *sources["analog"], OUTPUT], owner, "label")
        learner = learner_wiring(family)
        _require_free(list(wiring.names), list(learner.names), owner, "name of weights")
        if not wiring.readouts:
            raise TaskError(f"{owner} has no readouts, which send the signals")
        for readouts in wiring.readouts:
            if readouts.size != family.n_neurons:
                raise TaskError(f"{owner}: readouts {readouts.label!r} are {readouts.size}; needed "
                                f"is one for each of the {family.n_neurons} cells of the learner")
        for each in wiring.synapses:
            for end, choices in (("pre", known), ("post", labels)):
                if getattr(each, end) not in choices:
                    raise TaskError(f"{owner}: synapses {each.name!r} have {end}="
                                    f"{getattr(each, end)!r}; choose one of {choices}")
            require_whole(each.delay, f"delay of synapses {each.name!r}, in steps", 1, owner)
            if each.plastic:
                raise TaskError(f"{owner}: synapses {each.name!r} are plastic; in a trial the "
                                "learner alone learns")
        return wiring

    def start(self, family: Family, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial weights."""
        return self.checked_wiring(family).start(rng)

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


def require_network(module: ErrorModule) -> NetworkModule:
    """The module itself. Raises :class:`UnsupportedError` for one that no script can build."""
    if not isinstance(module, NetworkModule):
        raise UnsupportedError(f"error module {module.name!r} is no network, so that no script "
                               "can run it; it is for the outer loop alone")
    return module


def _require_free(names: list[str], taken: list[str], owner: str, what: str) -> None:
    """Raise :class:`TaskError` for a name that is there twice, or is the learner's."""
    for number, name in enumerate(names):
        if name in taken or name in names[:number]:
            of = "taken by the learner" if name in taken else "there twice"
            raise TaskError(f"{owner}: the {what} {name!r} is {of}; choose another")
