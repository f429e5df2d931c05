"""e-prop's gradient by automatic differentiation, as an independent witness.

The network is simulated with ``autograd`` from its description alone. Two links are detached, as
eq. 1 and 43 demand: spikes on their way to other cells, and the reset. What stays are each cell's
own state (v, and a with its own spikes) and the readouts. The spike itself is a primitive whose
derivative is the pseudo-derivative.
"""

import math
from collections.abc import Callable, Sequence

import autograd.numpy as np
import numpy
from autograd import grad
from autograd.extend import defvjp, primitive
from autograd.tracer import getval

from pynn_eprop.models.cells import ALIFCells, Readouts, SpikingCells
from pynn_eprop.models.network import (
    Boundary,
    FixedFeedback,
    Network,
    SymmetricFeedback,
    WindowedFeedback,
)

# The table of models/pseudo_derivatives.py, written once more.
SHAPES: dict[str, Callable[[numpy.ndarray], numpy.ndarray]] = {
    "piecewise_linear": lambda u: numpy.where(abs(u) < 1, 1 - abs(u), 0.0),
    "exponential": lambda u: numpy.exp(-abs(u)),
    "fast_sigmoid": lambda u: (1 + abs(u)) ** -2.0,
    "arctan": lambda u: 1 / (1 + numpy.pi ** 2 * u ** 2),
}


@primitive
def spike(distance: numpy.ndarray, slope: numpy.ndarray) -> numpy.ndarray:
    """1 where the threshold is reached and the cell is ready (slope NaN where it is not)."""
    return numpy.where(numpy.isnan(slope), 0.0, distance >= 0)


defvjp(spike, lambda ans, distance, slope: lambda g: g * numpy.nan_to_num(slope), argnums=(0,))


class Trial:
    """One interval (reset) or everything from the start (continuous), with W and b traced."""

    def __init__(self, network: Network, weights: Sequence[np.ndarray],
                 biases: dict[int, np.ndarray], attached: bool = False, cut: int = 0) -> None:
        self.network = network
        self.attached = attached
        self.cut = cut
        self.weights = weights
        self.biases = biases
        self.z: dict[int, list] = {}
        self.v: dict[int, np.ndarray] = {}
        self.a: dict[int, np.ndarray] = {}
        self.silent: dict[int, numpy.ndarray] = {}
        self.y: dict[int, np.ndarray] = {}
        for index, population in enumerate(network.populations):
            self.z[index] = []
            if isinstance(population, SpikingCells):
                self.v[index] = population.v_initial
                self.a[index] = (population.a_initial if isinstance(population, ALIFCells)
                                 else numpy.zeros(population.size))
                self.silent[index] = numpy.zeros(population.size)
            elif isinstance(population, Readouts):
                self.y[index] = population.y_initial

    def arrivals(self, post: int, step: int, detached: bool) -> np.ndarray:
        """Weighted sum of what arrives at a population."""
        readout = isinstance(self.network.populations[post], Readouts)
        total = numpy.zeros(self.network.populations[post].size)
        for index, projection in enumerate(self.network.projections):
            if projection.post != post:
                continue
            for delay in numpy.unique(projection.delay):
                emitted = step - delay + readout
                earliest = 0 if self.network.populations[projection.pre].from_outside else 1
                if emitted < earliest or emitted >= len(self.z[projection.pre]):
                    continue
                z = self.z[projection.pre][emitted]
                z = getval(z) if detached else z
                chosen = numpy.nonzero(projection.delay == delay)[0]
                to = numpy.equal.outer(numpy.arange(len(total)), projection.post_index[chosen])
                arriving = self.weights[index][chosen] * z[projection.pre_index[chosen]]
                total = total + np.dot(to.astype(float), arriving)
        return total

    def advance(self, step: int, detached_readouts: bool) -> None:
        """Step ``step`` = 1, 2, ... of cells and readouts; source spikes are in ``z`` already."""
        dt = self.network.settings.timestep
        if self.cut and step > 1 and (self.steps - step + 1) % self.cut == 0:
            self._detach()
        for index, cells in enumerate(self.network.populations):
            if isinstance(cells, SpikingCells):
                before = self.z[index][-1] if self.z[index] else numpy.zeros(cells.size)
                if not self.z[index]:
                    self.z[index].append(before)
                reset = before if self.attached else getval(before)
                v = numpy.exp(-dt / cells.tau_m) * self.v[index] - cells.v_thresh * reset
                self.v[index] = v + self.arrivals(index, step, detached=not self.attached)
                threshold = cells.v_thresh
                if isinstance(cells, ALIFCells):
                    self.a[index] = numpy.exp(-dt / cells.tau_a) * self.a[index] + before
                    threshold = threshold + cells.beta * self.a[index]
        for index, cells in enumerate(self.network.populations):
            if isinstance(cells, SpikingCells):
                adapted = cells.beta * self.a[index] if isinstance(cells, ALIFCells) else 0.0
                threshold = cells.v_thresh + adapted
                distance = self.v[index] - threshold
                shape = cells.pseudo_derivative
                u = getval(distance) / (shape.width * cells.v_thresh)
                slope = shape.height * SHAPES[shape.name](u)
                slope = numpy.where(self.silent[index] > 0, numpy.nan, slope)
                z = spike(distance, slope)
                self.z[index].append(z)
                self.silent[index] = numpy.where(getval(z) > 0, cells.refractory_steps,
                                                 self.silent[index] - 1)
        for index, readout in enumerate(self.network.populations):
            if isinstance(readout, Readouts):
                kappa = math.exp(-dt / readout.tau_m)
                arriving = self.arrivals(index, step, detached_readouts)
                self.y[index] = kappa * self.y[index] + arriving + self.biases[index]

    def _detach(self) -> None:
        """Make numbers of everything that has happened."""
        for index, history in self.z.items():
            self.z[index] = [getval(z) for z in history]
        for values in (self.v, self.a, self.y):
            for index, value in values.items():
                values[index] = getval(value)

    @property
    def steps(self) -> int:
        """Length of the trial."""
        assert self.network.settings.interval_steps is not None
        return self.network.settings.interval_steps

    def error(self, index: int, step: int) -> tuple[np.ndarray, numpy.ndarray]:
        """E of one step, and dE / dy."""
        readout, y = self.network.populations[index], self.y[index]
        assert isinstance(readout, Readouts)
        if readout.loss is None:
            return 0.0, numpy.zeros(readout.size)
        assert readout.target is not None
        target = readout.target[:, (step - 1) % readout.target.shape[1]]
        present = numpy.nonzero(~numpy.isnan(target))[0]
        if readout.loss.name == "mse":
            loss = 0.5 * np.sum((y[present] - target[present]) ** 2)
            return loss, numpy.where(numpy.isnan(target), 0.0, getval(y) - target)
        if not len(present):
            return 0.0, numpy.zeros(readout.size)
        log_pi = y - np.log(np.sum(np.exp(y)))
        return -np.sum(target * log_pi), numpy.exp(getval(log_pi)) - target


def feedback_weights(network: Network, r: int, weights: Sequence, step: int) -> numpy.ndarray:
    """B of learning signal ``r`` at a step of an interval, (cells, readouts)."""
    signal = network.learning_signals[r]
    if isinstance(signal.feedback, FixedFeedback):
        return signal.feedback.weight
    if isinstance(signal.feedback, WindowedFeedback):
        return signal.feedback.weight[(step - 1) // signal.feedback.window_steps]
    assert isinstance(signal.feedback, SymmetricFeedback)
    forward = network.projections[signal.feedback.projection]
    matrix = numpy.zeros((network.populations[signal.target].size,
                          network.populations[signal.source].size))
    for i, k, w in zip(forward.pre_index, forward.post_index,
                       getval(weights[signal.feedback.projection]), strict=True):
        matrix[i, k] += w
    return matrix


def objective(network: Network, inputs: Sequence[dict[int, numpy.ndarray]], exact: bool,
              weights: Sequence[np.ndarray], biases: dict[int, np.ndarray],
              first_step: int = 1, attached: bool = False, cut: int = 0) -> np.ndarray:
    """A scalar whose derivative by W and b is e-prop's gradient of one update.

    inputs: for each trial (boundary "continuous": one trial), population -> (steps + 1, size)
    spike counts, or values, of the sources. Only steps from ``first_step`` on count.

    ``exact``: the error E itself, so that its derivative is the gradient of eq. 43 with the true
    dE/dz; e-prop equals it when its feedback is symmetric. Otherwise the readouts' spikes are
    detached, and the learning signals L^t enter as given numbers: sum_t L^t zf^t with z filtered
    by kappa, whose derivative is sum_t L^t ebar^t.

    ``attached``, with ``exact``: nothing is detached, so that the derivative is that of
    backpropagation through time; with ``cut``, the past is before every so many steps from the end.
    """
    dt = network.settings.timestep
    total: np.ndarray = 0.0
    count = {index: 0.0 for index, p in enumerate(network.populations)
             if isinstance(p, SpikingCells)}
    counted = 0
    for trial_inputs in inputs:
        trial = Trial(network, weights, biases, attached, cut)
        filtered: list = [0.0] * len(network.learning_signals)
        steps = len(next(iter(trial_inputs.values()))) - 1
        for index, counts in trial_inputs.items():
            trial.z[index] = list(counts)
        for step in range(1, steps + 1):
            trial.advance(step, detached_readouts=not exact)
            counts_now = step >= first_step
            counted += counts_now
            for index in count:
                count[index] = count[index] + counts_now * trial.z[index][-1]
            errors = {}
            for index in trial.y:
                loss, errors[index] = trial.error(index, step)
                total = total + counts_now * loss
            for r, signal in enumerate(network.learning_signals):
                source = network.populations[signal.source]
                assert isinstance(source, Readouts)
                kappa = 0.0 if source.loss is None else math.exp(-dt / source.tau_m)
                sent = getval(trial.y[signal.source]) if source.loss is None \
                    else errors[signal.source]
                filtered[r] = kappa * filtered[r] + trial.z[signal.target][-1]
                if not exact and counts_now:
                    interval = network.settings.interval_steps
                    assert interval is not None
                    local = (step - 1) % interval + 1
                    given = feedback_weights(network, r, weights, local) @ sent
                    total = total + np.sum(given * filtered[r])
    seconds = counted * dt / 1000
    for index, spikes in count.items():
        cells = network.populations[index]
        assert isinstance(cells, SpikingCells)
        # d/dz of this is C_j = c_reg (f_j - f_target): eq. 54 and 55, constants in c_reg
        total = total + 0.5 * seconds * np.sum(
            cells.c_reg * (spikes / seconds - cells.f_target) ** 2)
    return total


def gradients(network: Network, inputs: Sequence[dict[int, numpy.ndarray]], exact: bool,
              first_step: int = 1) -> tuple[list[numpy.ndarray], dict[int, numpy.ndarray]]:
    """dE/dW of every projection, and dE/db of every readout population; see :func:`objective`."""
    assert network.settings.boundary == Boundary.RESET or len(inputs) == 1
    weights = [p.weight for p in network.projections]
    biases = {i: p.bias for i, p in enumerate(network.populations) if isinstance(p, Readouts)}

    def value(parameters: tuple[list[np.ndarray], dict[int, np.ndarray]]) -> np.ndarray:
        return objective(network, inputs, exact, *parameters, first_step=first_step)

    return grad(value)((weights, biases))


def true_gradients(network: Network, inputs: Sequence[dict[int, numpy.ndarray]], cut: int = 0
                   ) -> tuple[list[numpy.ndarray], dict[int, numpy.ndarray]]:
    """As :func:`gradients`, of backpropagation through time; see :func:`objective`."""
    weights = [p.weight for p in network.projections]
    biases = {i: p.bias for i, p in enumerate(network.populations) if isinstance(p, Readouts)}

    def value(parameters: tuple[list[np.ndarray], dict[int, np.ndarray]]) -> np.ndarray:
        return objective(network, inputs, True, *parameters, attached=True, cut=cut)

    return grad(value)((weights, biases))
