"""Leaky integrate-and-fire cells that learn (eq. 20-24)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import DIMENSIONLESS, initial, parameter
from pynn_eprop.models.cells.learning import Arrays
from pynn_eprop.models.cells.spiking import SpikingCells
from pynn_eprop.models.time_grid import decay


@dataclass(frozen=True, kw_only=True)
class LIFCells(SpikingCells):
    """Leaky integrate-and-fire cells."""

    tau_m: np.ndarray = parameter(
        20.0, "ms", "membrane time constant; alpha = exp(-dt / tau_m)", minimum=0.0, exclusive=True)
    v_thresh: np.ndarray = parameter(
        0.61, DIMENSIONLESS, "baseline threshold v_th, also the reset amplitude", minimum=0.0,
        exclusive=True)
    v_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "EPropLIF"
    meaning: ClassVar[str] = "leaky integrate-and-fire cell that learns with e-prop (eq. 20-24)"
    decays: ClassVar[tuple[str, ...]] = ("v",)
    presynaptic_trace: ClassVar[tuple[tuple[str, str], ...]] = (("v", "v"),)
    learns_from_h: ClassVar[bool] = True

    def constants(self, timestep: float) -> Arrays:
        """alpha, and 0 for rho, beta and the adaptation a, as these cells do not adapt."""
        none = np.zeros(self.size)
        return {"alpha": decay(timestep, self.tau_m), "v_th": np.asarray(self.v_thresh, float),
                "rho": none, "beta": none, "a": none}

    def step(self, cells: Any, arriving: np.ndarray) -> Arrays:
        """The membrane potential after one step."""
        return {"v": cells.alpha * cells.v + arriving - cells.v_th * cells.z_reset}     # eq. 20

    def distance(self, cells: Any) -> np.ndarray:
        """Distance from the threshold (eq. 21)."""
        return cells.v - cells.v_th

    def transition(self, cells: Any) -> Mapping[tuple[str, str], np.ndarray]:
        """Decay of the membrane potential, without the reset (eq. 22)."""
        return {("v", "v"): cells.alpha}

    def drive(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """Input adds to v."""
        return {"v": 1.0}

    def distance_gradient(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """The distance grows with v (eq. 23)."""
        return {"v": 1.0}

    def gradient_depends_on(self) -> tuple[str, ...]:
        """The parameters in the eligibility vector; h is that of its step."""
        return ("tau_m",)
