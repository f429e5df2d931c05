"""The optimiser of some of a core's weights, with the formats that its constants depend on."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.engine.fixed_constants import optimizer_step
from pynn_eprop.models.optimizers import ScheduledOptimizer
from pynn_eprop.models.optimizers.kernels import KERNELS


@dataclass(frozen=True)
class Learner:
    """An optimiser with what its constants depend on: bounds and formats of its weights."""

    optimizer: ScheduledOptimizer
    w_min: float
    w_max: float
    master_bits: int
    gradient_bits: int

    @property
    def kind(self) -> int:
        """enum ep_optimizer_kind."""
        return KERNELS[type(self.optimizer)]

    def step(self, updates: int) -> np.ndarray:
        """The ep_optimizer_step of the update that follows ``updates`` others."""
        return optimizer_step(self.optimizer, self.w_min, self.w_max, updates, self.master_bits,
                              self.gradient_bits)
