"""A plastic projection: its traces, the gradient of the last update, and the optimiser."""

import numpy as np

from pynn_eprop.reference.component import Component
from pynn_eprop.reference.optimizers import OptimizerState
from pynn_eprop.reference.synapses import Synapses
from pynn_eprop.reference.traces import CellTraces, ReadoutTraces


class Plasticity(Component):
    """Traces, gradient and optimiser of a plastic projection. gradient: shape (synapses,)."""

    variables = ("gradient",)

    def __init__(self, synapses: Synapses, traces: CellTraces | ReadoutTraces) -> None:
        self.synapses = synapses
        self.traces = traces
        self.gradient = np.zeros(len(synapses.weight))
        self.optimizer = OptimizerState(synapses.projection.optimizer, synapses.weight)

    def step_optimizer(self) -> None:
        """Let the weights follow the gradient, and keep them within their bounds."""
        projection = self.synapses.projection
        assert projection.optimizer is not None
        weight = self.optimizer.step(projection.optimizer, self.synapses.weight, self.gradient)
        self.synapses.weight = np.clip(weight, projection.w_min, projection.w_max)
