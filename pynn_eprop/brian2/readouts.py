"""A population of readouts as a Brian2 group, with target, error and loss."""

from collections.abc import Callable
from typing import Any

import numpy as np
from brian2 import NetworkOperation, NeuronGroup

from pynn_eprop.brian2 import equations
from pynn_eprop.brian2.optimizers import Descent
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss
from pynn_eprop.models.targets import targets_at


def _squared(y: np.ndarray, target: np.ndarray, present: np.ndarray) -> tuple[np.ndarray, float]:
    error = np.zeros(len(y))
    error[present] = y[present] - target[present]                                   # eq. 42
    return error, 0.5 * float(error @ error)


def _cross_entropy(y: np.ndarray, target: np.ndarray, present: np.ndarray
                   ) -> tuple[np.ndarray, float]:
    power = np.exp(y - y.max())
    error = power / power.sum() - target                                            # eq. 51
    return error, float(target @ (np.log(power.sum()) + y.max() - y))


LOSSES: dict[type[Loss], Callable[..., tuple[np.ndarray, float]]] = {
    MSE: _squared, CrossEntropy: _cross_entropy}
"""Error and E of a step, from y, the targets and a mask of readouts that have one."""


class ReadoutGroup:
    """One population. loss: E of the interval in progress, or of the last one at its end."""

    def __init__(self, size: int, clock: Any) -> None:
        self.size = size
        self.loss = 0.0
        self.group = NeuronGroup(size, equations.READOUT_STATE, clock=clock, namespace={})
        self.group.run_regularly(equations.READOUT_STEP, when=equations.READOUTS_STEP,
                                 clock=clock, order=0)
        self.group.run_regularly(equations.READOUT_LEARN, when=equations.READOUTS_STEP,
                                 clock=clock, order=2)
        self._clock = clock
        self.compare = NetworkOperation(self._compare, when=equations.READOUTS_STEP, clock=clock,
                                        order=1)
        self.described: Readouts | None = None
        self.descent: Descent | None = None
        self.bias_gradient = np.zeros(size)

    def configure(self, described: Readouts, timestep: float, bias: np.ndarray | None) -> None:
        """Take parameters and initial values; ``bias``: replaces what was learned."""
        self.described = described
        self.group.kappa = np.exp(-timestep / described.tau_m)
        if bias is not None:
            self.group.bias = bias
        optimizer = described.bias_optimizer
        if self.descent is None and optimizer is not None:
            self.descent = Descent(optimizer, self.read("bias"))

    @property
    def kappa(self) -> float:
        """Decay of the traces that this population's signal multiplies; 0 if it sends y."""
        assert self.described is not None
        return 0.0 if self.described.loss is None else float(self.array("kappa")[0])

    def array(self, name: str) -> np.ndarray:
        """The group's own array of a variable."""
        return np.asarray(self.group.variables[name].get_value())

    def read(self, variable: str) -> np.ndarray:
        """A variable now, (size,)."""
        return np.array(self.array(variable))

    def begin(self) -> None:
        """Set the state to that at the start of an interval."""
        assert self.described is not None
        self.group.y = self.described.y_initial
        self.group.arriving = 0.0
        self.group.bias_trace = 0.0

    @property
    def sent(self) -> np.ndarray:
        """The values that a learning signal sends: the error, or y of readouts without a loss."""
        assert self.described is not None
        return self.array("y" if self.described.loss is None else "error")

    def _compare(self) -> None:
        """Set target, error and loss of the step in progress."""
        assert self.described is not None
        step = int(self._clock.variables["timestep"].get_value().item()) + 1
        target = targets_at(self.described, step)[0]
        present = ~np.isnan(target)
        y = self.array("y")
        error = np.zeros(self.size)
        if self.described.loss is not None and present.any():
            error, value = LOSSES[type(self.described.loss)](y, target, present)
            self.loss += value
        self.group.target = target
        self.group.error = error

    def update(self) -> None:
        """Let biases that learn follow the gradient of the update."""
        if self.descent is not None:
            self.bias_gradient = np.array(self.array("bias_sum"))
            self.group.bias = self.descent.step(self.array("bias"), self.bias_gradient)
        self.group.bias_sum = 0.0

    def restart(self, bias: np.ndarray, learned: bool) -> None:
        """Back to time 0 with the given biases; unless ``learned``, the optimiser begins again."""
        self.group.bias = bias
        if self.descent is not None and not learned:
            self.descent.forget(bias)
            self.bias_gradient = np.zeros(self.size)
