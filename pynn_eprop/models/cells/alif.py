"""LIF cells with an adaptive threshold: the LSNN's (eq. 25-28)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import DIMENSIONLESS, initial, parameter
from pynn_eprop.models.cells.learning import Arrays
from pynn_eprop.models.cells.lif import LIFCells
from pynn_eprop.models.time_grid import decay


@dataclass(frozen=True, kw_only=True)
class ALIFCells(LIFCells):
    """LIF cells whose threshold rises with each spike, and decays."""

    beta: np.ndarray = parameter(
        0.03, DIMENSIONLESS, "threshold increase: A = v_th + beta a (eq. 25)")
    tau_a: np.ndarray = parameter(
        1200.0, "ms", "time constant of the adaptation; rho = exp(-dt / tau_a)", minimum=0.0,
        exclusive=True)
    a_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "EPropALIF"
    meaning: ClassVar[str] = ("LIF cell with an adaptive threshold (LSNN, eq. 25-28) that learns "
                              "with e-prop")

    def constants(self, timestep: float) -> Arrays:
        """alpha and rho."""
        own = super().constants(timestep)
        del own["a"]
        return {**own, "rho": decay(timestep, self.tau_a), "beta": np.asarray(self.beta, float)}

    def step(self, cells: Any, arriving: np.ndarray) -> Arrays:
        """Membrane potential and adaptation after one step."""
        a = cells.rho * cells.a + cells.z                                               # eq. 26
        return {**super().step(cells, arriving), "a": a}

    def distance(self, cells: Any) -> np.ndarray:
        """Distance from the threshold A (eq. 25)."""
        return cells.v - (cells.v_th + cells.beta * cells.a)

    def transition(self, cells: Any) -> Mapping[tuple[str, str], np.ndarray]:
        """Derivatives of v, and of a, which depends on v and a by way of the spike (eq. 27)."""
        h = cells.h
        return {**super().transition(cells), ("a", "v"): h, ("a", "a"): cells.rho - cells.beta * h}

    def distance_gradient(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """The threshold rises with a (eq. 28)."""
        return {"v": 1.0, "a": -cells.beta}

    def gradient_depends_on(self) -> tuple[str, ...]:
        """The parameters in the eligibility vector; h is that of its step."""
        return ("tau_m", "beta", "tau_a")
