"""Leaky readouts without spikes (eq. 41)."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import DIMENSIONLESS, component, initial, parameter
from pynn_eprop.models.cells.kind import Population
from pynn_eprop.models.losses import Loss
from pynn_eprop.models.optimizers import Optimizer


@dataclass(frozen=True, kw_only=True)
class Readouts(Population):
    """Leaky readouts. Arrays have shape (size,); ``tau_m`` is one number.

    target: shape (size, steps) or None. With ``target_repeats`` its steps are those of one
    interval, repeated; otherwise its first column belongs to global step ``target_start`` + 1.
    """

    tau_m: float = parameter(
        20.0, "ms", "time constant tau_out; kappa = exp(-dt / tau_m)", minimum=0.0, exclusive=True,
        uniform=True)
    bias: np.ndarray = parameter(0.0, DIMENSIONLESS, "b_k, added at every step")
    y_initial: np.ndarray = initial(0.0)
    loss: Loss | None = component(None)
    target: np.ndarray | None = component(None)
    target_repeats: bool = component(True)
    target_start: int = component(0)
    bias_optimizer: Optimizer | None = component(None)

    name: ClassVar[str] = "EPropReadout"
    meaning: ClassVar[str] = "leaky readout without spikes (eq. 41), with a loss and its error"
    receptor_types: ClassVar[tuple[str, ...]] = ("excitatory", "inhibitory")
    emits_spikes: ClassVar[bool] = False
    learns: ClassVar[bool] = True
    arrives_earlier: ClassVar[int] = 1

    @property
    def signal(self) -> str:
        """The variable that learning signals carry: the error, or y without a loss."""
        return "y" if self.loss is None else "error"

    def gradient_depends_on(self) -> tuple[str, ...]:
        """The filter of the traces, and the parameters of the error."""
        return ("tau_m", "loss")

    @classmethod
    def units(cls) -> dict[str, str]:
        """The unit of each variable that can be recorded."""
        return dict.fromkeys(("y", "error", "target", "loss"), DIMENSIONLESS)
