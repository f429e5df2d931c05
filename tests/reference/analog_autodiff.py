"""Networks of cells that pass on values by ``autograd``, from their description alone.

Equations 30 to 36 and 41, written out here. ``attached``: derivatives pass between cells, as in
backpropagation through time; otherwise what cells pass on to others counts as given numbers, as in
e-prop (eq. 43). ``forgetful``: the state of the step before counts as given numbers, too, so that
the eligibility vector is the direct derivative alone (results, task 3.2).
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import autograd.numpy as np
import numpy
from autograd import grad
from autograd.tracer import getval

from pynn_eprop.models.cells import AnalogCells, ArtificialCells, LSTMCells, Readouts
from pynn_eprop.models.network import Boundary, Network

# The table of models/activations, written once more.
ACTIVATIONS: dict[str, Any] = {
    "tanh": np.tanh, "sigmoid": lambda s: 1.0 / (1.0 + np.exp(-s)),
    "relu": lambda s: np.maximum(s, 0.0)}


class Run:
    """What a network does, step by step. values: given, of sources, (steps + 1, size), by index.

    z: by population, the values of the steps 0, 1, ...; y: of readouts, likewise, from step 1 on.
    """

    def __init__(self, network: Network, weights: Sequence[Any],
                 values: Mapping[int, numpy.ndarray], steps: int, attached: bool,
                 forgetful: bool = False) -> None:
        self.network, self.weights, self.steps = network, weights, steps
        self.attached, self.forgetful = attached, forgetful
        self.z: dict[int, list[Any]] = {index: list(rows) for index, rows in values.items()}
        self.state: dict[int, Any] = {}
        self.y: dict[int, list[Any]] = {}
        for step in range(1, steps + 1):
            if step == 1 or (network.settings.boundary is Boundary.RESET
                             and (step - 1) % self.length == 0):
                self._begin()
            for index, cells in network.of_kind(AnalogCells).items():
                self.z[index].append(self._advance(index, cells, step))
            for index, readouts in network.of_kind(Readouts).items():
                kappa = math.exp(-network.settings.timestep / readouts.tau_m)
                self.y[index].append(kappa * self.state[index] + readouts.bias
                                     + self._arriving(index, "", step))
                self.state[index] = self.y[index][-1]

    @property
    def length(self) -> int:
        """Steps of an interval."""
        assert self.network.settings.interval_steps is not None
        return self.network.settings.interval_steps

    def _begin(self) -> None:
        for index, cells in self.network.of_kind(AnalogCells).items():
            self.z.setdefault(index, [numpy.zeros(cells.size)])
            self.state[index] = cells.s_initial if isinstance(cells, ArtificialCells) \
                else cells.c_initial
        for index, readouts in self.network.of_kind(Readouts).items():
            self.y.setdefault(index, [])
            self.state[index] = readouts.y_initial

    def _arriving(self, post: int, receptor: str, step: int) -> Any:
        """Sum of weights times values at one receptor; of this interval, if it begins afresh."""
        readout = isinstance(self.network.populations[post], Readouts)
        total = numpy.zeros(self.network.populations[post].size)
        begin = (step - 1) // self.length * self.length \
            if self.network.settings.boundary is Boundary.RESET else 0
        for index, projection in enumerate(self.network.projections):
            if (projection.post, projection.receptor) != (post, receptor):
                continue
            earliest = begin + (not self.network.populations[projection.pre].from_outside)
            for delay in numpy.unique(projection.delay):
                emitted = step - delay + readout
                if emitted < earliest:
                    continue
                z = self.z[projection.pre][emitted]
                z = z if self.attached or readout else getval(z)
                chosen = numpy.nonzero(projection.delay == delay)[0]
                to = numpy.equal.outer(numpy.arange(len(total)), projection.post_index[chosen])
                total = total + np.dot(to.astype(float), self.weights[index][chosen]
                                       * z[projection.pre_index[chosen]])
        return total

    def _advance(self, index: int, cells: AnalogCells, step: int) -> Any:
        before = getval(self.state[index]) if self.forgetful else self.state[index]
        if isinstance(cells, ArtificialCells):
            s = self.state[index] = cells.leak * before + cells.bias + self._arriving(
                index, "excitatory", step)
            return ACTIVATIONS[cells.activation.name](s)
        assert isinstance(cells, LSTMCells)
        sigma = ACTIVATIONS["sigmoid"]
        i = sigma(self._arriving(index, "input_gate", step) + cells.input_bias)
        f = sigma(self._arriving(index, "forget_gate", step) + cells.forget_bias)
        o = sigma(self._arriving(index, "output_gate", step) + cells.output_bias)
        c = self.state[index] = f * before + i * np.tanh(
            self._arriving(index, "cell", step) + cells.cell_bias)
        return o * (np.tanh(c) if cells.tanh_output else c)

    def loss(self, first: int) -> Any:
        """E of the steps after ``first``: half the squared errors, and cross-entropies."""
        total = 0.0
        for index, readouts in self.network.of_kind(Readouts).items():
            for step in range(first + 1, self.steps + 1):
                y, target = self.y[index][step - 1], self._target(readouts, step)
                if readouts.loss is not None and readouts.loss.name == "mse":
                    total = total + 0.5 * np.sum((y - target) ** 2)
                elif readouts.loss is not None:
                    total = total - np.sum(target * (y - np.log(np.sum(np.exp(y)))))
        return total

    @staticmethod
    def _target(readouts: Readouts, step: int) -> numpy.ndarray:
        assert readouts.target is not None
        return readouts.target[:, (step - 1) % readouts.target.shape[1]]


def true_gradients(network: Network, values: Mapping[int, numpy.ndarray], steps: int
                   ) -> list[numpy.ndarray]:
    """dE/dW of all projections, through the whole network, E of all steps."""
    def loss(weights: list[Any]) -> Any:
        return Run(network, weights, values, steps, attached=True).loss(0)

    return grad(loss)([numpy.asarray(each.weight, dtype=float) for each in network.projections])


def eprop_gradients(network: Network, values: Mapping[int, numpy.ndarray], steps: int,
                    signals: Mapping[int, numpy.ndarray], forgetful: bool = False
                    ) -> list[numpy.ndarray]:
    """The gradients of sum_{t,j} G_j^t z_j^t by weights, values between cells detached.

    signals: G by population of cells, (steps, size).
    """
    def weighted(weights: list[Any]) -> Any:
        run = Run(network, weights, values, steps, False, forgetful)
        return sum(np.sum(signals[index][step - 1] * run.z[index][step])
                   for index in signals for step in range(1, steps + 1))

    return grad(weighted)([numpy.asarray(each.weight, dtype=float)
                           for each in network.projections])
