"""A task's network as plain data: sizes, parameters and initial weights, no simulator."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.errors import TaskError
from pynn_eprop.models.optimizers import Optimizer
from pynn_eprop.models.rules import EProp, Rule
from pynn_eprop.tasks.feedback import Feedback
from pynn_eprop.tasks.trials import INPUTS


@dataclass(frozen=True)
class InputPlan:
    """A population of sources, which trials bring the spikes of, or the values.

    frame: ms for which a frame of analog values holds; None if the sources spike.
    """

    label: str
    size: int
    frame: float | None = None


@dataclass(frozen=True)
class CellsPlan:
    """A population of cells.

    model: name of a cell type of the backends, such as "EPropLIF". record: state variables in the
    recorded trial beside spikes. backwards: whether it runs trials from their end to their start.
    spiking: False for cells that pass on values.
    """

    label: str
    model: str
    size: int
    parameters: Mapping[str, float]
    record: tuple[str, ...] = ()
    backwards: bool = False
    spiking: bool = True


@dataclass(frozen=True)
class ReadoutPlan:
    """A population of readouts.

    target: shape (size, steps of one trial), NaN for no target.
    """

    label: str
    size: int
    parameters: Mapping[str, float]
    loss: str
    target: np.ndarray


@dataclass(frozen=True)
class ConnectorPlan:
    """A connector of PyNN: the name of its class, and its keywords."""

    name: str
    keywords: Mapping[str, Any] = field(default_factory=dict)


READOUT_ONLY = "readout-only"
"""In the place of a rule's name: nothing but the readouts learns."""

ALL_TO_ALL = ConnectorPlan("AllToAllConnector", {"allow_self_connections": False})


@dataclass(frozen=True)
class SynapsesPlan:
    """Synapses from the population ``pre`` to the population ``post``.

    weight: shape (pre cells, post cells), or one number for all. connector: all-to-all without
    self-connections if not given. optimizer, rule: None stands for the network's. Only ``plastic``
    synapses learn. receptor: the receptor type, empty for that of cells with one.
    """

    label: str
    pre: str
    post: str
    weight: np.ndarray | float
    connector: ConnectorPlan = ALL_TO_ALL
    optimizer: Optimizer | None = None
    rule: Rule | None = None
    plastic: bool = True
    receptor: str = ""


@dataclass(frozen=True)
class FeedbackPlan:
    """Learning signal from the readouts ``source`` to the cells ``post``.

    weight: (readouts, cells), or None if ``feedback`` is symmetric or windowed. scale: the
    standard deviation of windowed weights.
    """

    label: str
    source: str
    post: str
    feedback: Feedback
    weight: np.ndarray | None
    scale: float


@dataclass(frozen=True)
class NetworkPlan:
    """All that an experiment builds.

    Times in ms. optimizer: None if nothing learns. rule: of the synapses onto cells. Raises
    :class:`TaskError` if the parts do not fit together.
    """

    timestep: float
    interval: float
    trials_per_update: int
    inputs: tuple[InputPlan, ...]
    cells: tuple[CellsPlan, ...]
    readouts: tuple[ReadoutPlan, ...]
    synapses: tuple[SynapsesPlan, ...]
    feedback: tuple[FeedbackPlan, ...]
    optimizer: Optimizer | None
    rule: Rule = field(default_factory=EProp)

    def __post_init__(self) -> None:
        _require_unique("populations", [label for label, _ in self._populations()])
        _require_unique("projections", [*(each.label for each in self.synapses),
                                        *(each.label for each in self.feedback)])
        _require_some("readouts", self.readouts)
        readouts = {each.label: each.size for each in self.readouts}
        cells = {each.label: each.size for each in self.cells}
        for readout in self.readouts:
            _require_shape(readout.target, (readout.size, self.interval_steps),
                           f"target of readouts {readout.label!r}")
        for synapses in self.synapses:
            owner = f"synapses {synapses.label!r}"
            shape = (_size(self.sizes, synapses.pre, owner, "pre"),
                     _size(cells | readouts, synapses.post, owner, "post"))
            if np.ndim(synapses.weight):
                _require_shape(synapses.weight, shape, f"weight of {owner}")
        for feedback in self.feedback:
            owner = f"feedback {feedback.label!r}"
            shape = (_size(readouts, feedback.source, owner, "source"),
                     _size(cells, feedback.post, owner, "post"))
            if feedback.weight is not None:
                _require_shape(feedback.weight, shape, f"weight of {owner}")

    @classmethod
    def one_layer(cls, *, timestep: float, interval: float, trials_per_update: int,
                  n_inputs: int, cells: CellsPlan, readout: ReadoutPlan,
                  input_weight: np.ndarray, recurrent_weight: np.ndarray | None,
                  output_weight: np.ndarray, feedback: Feedback,
                  feedback_weight: np.ndarray | None, optimizer: Optimizer) -> "NetworkPlan":
        """One population of cells, between the inputs :data:`INPUTS` and one of readouts.

        Without ``recurrent_weight`` the cells have no connections among themselves.
        """
        synapses = [SynapsesPlan(f"input_to_{cells.label}", INPUTS, cells.label, input_weight)]
        if recurrent_weight is not None:
            synapses.append(SynapsesPlan(f"{cells.label}_to_{cells.label}", cells.label,
                                         cells.label, recurrent_weight))
        synapses.append(SynapsesPlan(f"{cells.label}_to_{readout.label}", cells.label,
                                     readout.label, output_weight))
        return cls(
            timestep=timestep, interval=interval, trials_per_update=trials_per_update,
            inputs=(InputPlan(INPUTS, n_inputs),), cells=(cells,), readouts=(readout,),
            synapses=tuple(synapses),
            feedback=(FeedbackPlan(f"feedback_to_{cells.label}", readout.label, cells.label,
                                   feedback, feedback_weight, feedback.scale(cells.size)),),
            optimizer=optimizer)

    @property
    def interval_steps(self) -> int:
        """Steps of one trial."""
        return round(self.interval / self.timestep)

    @property
    def sizes(self) -> dict[str, int]:
        """Cells of each population, by label."""
        return dict(self._populations())

    @property
    def most_synapses(self) -> int:
        """Pairs of cells that synapses can connect, in all."""
        sizes = self.sizes
        return sum(sizes[each.pre] * sizes[each.post] for each in self.synapses)

    def optimizer_of(self, synapses: SynapsesPlan) -> Optimizer | None:
        """The optimiser of these synapses; None if they do not learn."""
        if not synapses.plastic:
            return None
        return self.optimizer if synapses.optimizer is None else synapses.optimizer

    def rule_of(self, synapses: SynapsesPlan) -> Rule:
        """The learning rule of these synapses."""
        return self.rule if synapses.rule is None else synapses.rule

    def readouts_alone(self) -> "NetworkPlan":
        """This network with synapses onto cells that stay, and so without learning signals."""
        cells = {each.label for each in self.cells}
        plan = self._changed(lambda synapses: dataclasses.replace(
            synapses, plastic=synapses.plastic and synapses.post not in cells))
        return dataclasses.replace(plan, feedback=())

    def without_learning(self) -> "NetworkPlan":
        """This network without plasticity."""
        return self._changed(lambda synapses: dataclasses.replace(synapses, plastic=False))

    def with_optimizers(self, change: Callable[[Optimizer], Optimizer]) -> "NetworkPlan":
        """This network with each optimiser replaced by ``change`` of it."""
        def changed(optimizer: Optimizer | None) -> Optimizer | None:
            return None if optimizer is None else change(optimizer)

        plan = self._changed(lambda synapses: dataclasses.replace(
            synapses, optimizer=changed(synapses.optimizer)))
        return dataclasses.replace(plan, optimizer=changed(self.optimizer))

    def _populations(self) -> list[tuple[str, int]]:
        return [*((each.label, each.size) for each in self.inputs),
                *((each.label, each.size) for each in self.cells),
                *((each.label, each.size) for each in self.readouts)]

    def _changed(self, change: Callable[[SynapsesPlan], SynapsesPlan]) -> "NetworkPlan":
        return dataclasses.replace(self, synapses=tuple(map(change, self.synapses)))


def _require_some(what: str, entries: tuple[Any, ...]) -> None:
    if not entries:
        raise TaskError(f"network: it has no {what}, which its error is computed from; give at "
                        "least one population")


def _require_unique(what: str, labels: list[str]) -> None:
    for label in labels:
        if labels.count(label) > 1:
            raise TaskError(f"network: two {what} have the label {label!r}; choose another")


def _size(known: Mapping[str, int], label: str, owner: str, role: str) -> int:
    if label not in known:
        raise TaskError(f"network: {owner}: {role}={label!r} is none of {list(known)}")
    return known[label]


def _require_shape(array: Any, shape: tuple[int, int], what: str) -> None:
    if np.shape(array) != shape:
        raise TaskError(f"network: {what} has the shape {np.shape(array)}, not {shape}")
