"""A task's network as plain data: sizes, parameters and initial weights, no simulator."""

from dataclasses import dataclass, field

import numpy as np

from pynn_eprop.models.optimizers import Optimizer
from pynn_eprop.models.rules import EProp, Rule
from pynn_eprop.tasks.feedback import Feedback


@dataclass(frozen=True)
class CellsPlan:
    """A population of cells that learn; ``model`` is "EPropLIF" or "EPropALIF"."""

    label: str
    model: str
    size: int
    parameters: dict[str, float]


@dataclass(frozen=True)
class ReadoutPlan:
    """The readouts. ``target``: (size, steps of one interval), NaN where there is no target."""

    label: str
    size: int
    parameters: dict[str, float]
    loss: str
    target: np.ndarray


@dataclass(frozen=True)
class SynapsesPlan:
    """All-to-all synapses without self-connections. ``weight``: (pre cells, post cells)."""

    label: str
    pre: str
    post: str
    weight: np.ndarray


@dataclass(frozen=True)
class FeedbackPlan:
    """Learning signal from the readouts to the cells ``post``.

    ``weight``: (readouts, cells), or None where ``feedback`` is symmetric or windowed; ``scale``
    is the standard deviation of windowed weights.
    """

    label: str
    post: str
    feedback: Feedback
    weight: np.ndarray | None
    scale: float


@dataclass(frozen=True)
class NetworkPlan:
    """Everything that an experiment builds.

    Times in ms. optimizer: None if nothing learns. rule: of the synapses onto cells.
    """

    timestep: float
    interval: float
    trials_per_update: int
    inputs_label: str
    n_inputs: int
    cells: tuple[CellsPlan, ...]
    readout: ReadoutPlan
    synapses: tuple[SynapsesPlan, ...]
    feedback: tuple[FeedbackPlan, ...]
    optimizer: Optimizer | None
    rule: Rule = field(default_factory=EProp)

    @property
    def interval_steps(self) -> int:
        """Steps of one trial."""
        return round(self.interval / self.timestep)
