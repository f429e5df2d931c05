"""Leaky readouts (eq. 41), their targets, losses and errors, and the gradient of their biases."""

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.answers import as_answer, ask, called
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.targets import targets_at
from pynn_eprop.reference.component import Component
from pynn_eprop.reference.optimizers import OptimizerState


class ReadoutState(Component):
    """State of one readout population; arrays have shape (size,) unless stated.

    error: err_k^t. target: of the last step. loss: E of the interval so far, shape ().
    bias_trace: dy_k^t / db_k. bias_sum: the gradient of the update in progress. bias_gradient:
    that of the last update, 0 for biases that do not learn.
    """

    variables = ("y", "error", "target", "loss", "bias", "bias_trace", "bias_sum", "bias_gradient")

    def __init__(self, population: Readouts, timestep: float) -> None:
        self.timestep = timestep
        self.configure(population)
        size = population.size
        self.error = np.zeros(size)
        self.target = np.full(size, np.nan)
        self.loss = np.zeros(())
        self.bias_sum = np.zeros(size)
        self.bias_gradient = np.zeros(size)
        self.optimizer = OptimizerState(population.bias_optimizer, self.bias)
        self.reset()

    def configure(self, population: Readouts) -> None:
        """Take the parameters."""
        self.population = population
        self.kappa = float(np.exp(-self.timestep / population.tau_m))
        self.bias = np.array(population.bias, dtype=float)

    def reset(self) -> None:
        """The state at the start of an interval."""
        self.y = np.array(self.population.y_initial, dtype=float)
        self.bias_trace = np.zeros(self.population.size)

    def advance(self, step: int, arriving: np.ndarray, learning: bool) -> None:
        """One step; ``arriving`` is the sum of the weights of arriving spikes."""
        self.y = self.kappa * self.y + arriving + self.bias                         # eq. 41
        self.target = targets_at(self.population, step)[0]
        self.error, loss = self.error_now()
        self.loss = self.loss + loss
        self._gather_bias(learning)

    def take(self, error: np.ndarray) -> None:
        """One step whose error, or y of readouts without a loss, is given."""
        if self.population.loss is None:
            self.y, error = error, np.zeros(self.population.size)
        self.error = error
        self._gather_bias(True)

    def _gather_bias(self, learning: bool) -> None:
        self.bias_trace = self.kappa * self.bias_trace + 1.0
        if learning:
            self.bias_sum = self.bias_sum + self.error * self.bias_trace

    def error_now(self) -> tuple[np.ndarray, float]:
        """err_k^t = dE / dy_k^t without the leak, and this step's part of E."""
        loss = self.population.loss
        if loss is None or np.all(np.isnan(self.target)):
            return np.zeros(self.population.size), 0.0
        owner = self.population.label
        error, value = (                                                            # eq. 42, 51
            as_answer(ask(owner, "loss", loss, method, self.y.copy(), self.target.copy()), shape,
                      called(owner, "loss", loss, method), one=False)
            for method, shape in (("error", self.y.shape), ("value", ())))
        without = np.isnan(self.target)
        for method, wrong in (("error", np.isnan(error) & without), ("value", np.isnan(value))):
            if np.any(wrong) and np.any(without) and np.all(np.isfinite(self.y)):
                raise ParameterError(f"{called(owner, 'loss', loss, method)} gives NaN for a "
                                     "readout without a target (NaN); it must have no error, and "
                                     "add nothing")
        return np.array(error, dtype=float), float(value)

    def end_update(self) -> None:
        """Make the gathered sums the gradient, and begin again from 0."""
        if self.population.bias_optimizer is not None:
            self.bias_gradient = self.bias_sum
        self.bias_sum = np.zeros(self.population.size)

    def step_optimizer(self) -> None:
        """Let biases that learn follow their gradient."""
        if self.population.bias_optimizer is not None:
            self.bias = self.optimizer.step(self.population.bias_optimizer, self.bias,
                                            self.bias_gradient)
