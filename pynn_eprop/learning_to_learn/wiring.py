"""Networks of named parts: weights by name, in JAX and in PyNN scripts alike."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.models.cells import AnalogSources, LIFCells, Population, Readouts, Sources
from pynn_eprop.models.network import E_PROP, Network, Projection, Settings
from pynn_eprop.models.optimizers import SGD
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear
from pynn_eprop.models.rules import Rule
from pynn_eprop.models.time_grid import first_steps

SLOPE = PiecewiseLinear()
"""The pseudo-derivative of all cells, that of scripts which give none."""


@dataclass(frozen=True)
class CellsPart:
    """A population of LIF cells. Times in ms."""

    label: str
    size: int
    tau_m: float
    tau_refrac: float
    v_thresh: float


@dataclass(frozen=True)
class ReadoutsPart:
    """A population of readouts without a loss. bias: whether they have learned biases."""

    label: str
    size: int
    tau_m: float
    bias: bool = False


@dataclass(frozen=True)
class Synapses:
    """All-to-all synapses; those within a population leave out self-connections.

    name: of the weights. width: of the initial ones, this times N(0, 1) / sqrt(inputs). delay:
    in time steps. plastic: whether the update of the inner loop changes them.
    """

    name: str
    pre: str
    post: str
    width: float = 1.0
    delay: int = 1
    plastic: bool = False


@dataclass(frozen=True)
class Wiring:
    """A network. spiking, analog: sizes of its sources by label."""

    timestep: float
    steps: int
    spiking: Mapping[str, int]
    analog: Mapping[str, int]
    cells: tuple[CellsPart, ...]
    readouts: tuple[ReadoutsPart, ...]
    synapses: tuple[Synapses, ...]

    @property
    def sizes(self) -> dict[str, int]:
        """Cells of each population by label, in the order of the description."""
        return {**self.spiking, **self.analog, **{each.label: each.size for each in self.cells},
                **{each.label: each.size for each in self.readouts}}

    def index(self, label: str) -> int:
        """The place of a population in the description."""
        return list(self.sizes).index(label)

    @property
    def names(self) -> list[str]:
        """Of the weights and biases that :meth:`start` gives; one that is there twice, twice."""
        return [*(each.name for each in self.synapses),
                *(bias_of(part.label) for part in self.readouts if part.bias)]

    def start(self, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Initial weights (pre, post) by name of the synapses, and biases by label."""
        found = {}
        sizes = self.sizes
        for each in self.synapses:
            shape = sizes[each.pre], sizes[each.post]
            found[each.name] = each.width * rng.normal(size=shape) / np.sqrt(shape[0])
            if each.pre == each.post:
                np.fill_diagonal(found[each.name], 0.0)
        for part in self.readouts:
            if part.bias:
                found[bias_of(part.label)] = np.zeros(part.size)
        return found

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of :meth:`start`."""
        sizes = self.sizes
        return {**{each.name: (sizes[each.pre], sizes[each.post]) for each in self.synapses},
                **{bias_of(part.label): (part.size,) for part in self.readouts if part.bias}}

    def network(self, rule: Rule = E_PROP, rate: float | None = None, early: str = "") -> Network:
        """The description, with weights of 0.

        rate: of the update of plastic synapses. early: the label of a population that is given as
        a source here and is one of cells elsewhere. A source has the steps 0 ... T - 1, cells have
        1 ... T; so its spikes are given one step early, and take one step longer.
        """
        optimizer = None if rate is None else SGD(lr=rate)
        populations: list[Population] = [
            *(Sources(size=size, label=label) for label, size in self.spiking.items()),
            *(AnalogSources(size=size, label=label) for label, size in self.analog.items()),
            *(self._described(part) for part in self.cells),
            *(Readouts(size=part.size, label=part.label, tau_m=part.tau_m,
                       bias=np.zeros(part.size), y_initial=np.zeros(part.size))
              for part in self.readouts)]
        sizes = self.sizes
        projections = []
        for each in self.synapses:
            pre, post = np.indices((sizes[each.pre], sizes[each.post])).reshape(2, -1)
            if each.pre == each.post:
                pre, post = pre[pre != post], post[pre != post]
            projections.append(Projection(
                each.name, self.index(each.pre), self.index(each.post), pre, post,
                np.zeros(len(pre)), np.full(len(pre), each.delay + (each.pre == early)),
                optimizer=optimizer if each.plastic else None, rule=rule))
        return Network(Settings(timestep=self.timestep, interval_steps=self.steps),
                       tuple(populations), tuple(projections))

    def _described(self, part: CellsPart) -> LIFCells:
        def every(value: float) -> np.ndarray:
            return np.full(part.size, value)

        return LIFCells(
            size=part.size, label=part.label, tau_m=every(part.tau_m),
            v_thresh=every(part.v_thresh), v_initial=every(0.0),
            refractory_steps=np.full(part.size, first_steps(part.tau_refrac, self.timestep),
                                     np.int32),
            f_target=every(0.0), c_reg=every(0.0), pseudo_derivative=SLOPE)

    def tree(self, weights: Mapping[str, Any], xp: Any) -> Any:
        """Parameters of the description's model from weights by name, in ``jax.numpy``.

        Its blocks are in the order of the synapses, as each has one delay.
        """
        return {
            "weights": [weights[each.name] * (1 - xp.eye(*np.shape(weights[each.name])))
                        if each.pre == each.post else weights[each.name]
                        for each in self.synapses],
            "biases": {self.index(part.label): weights[bias_of(part.label)] if part.bias
                       else xp.zeros(part.size) for part in self.readouts}}


def bias_of(label: str) -> str:
    """The name of the biases of readouts."""
    return f"{label}_bias"
