"""Cells in jax.numpy such as a user's module may bring: the example's, and copies of ours."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop import AutodiffCells, initial, parameter
from tests.own_cells import of_example

_example = of_example("own_jax_cells")
TwoCompartments: Any = _example.TwoCompartments
Izhikevich: Any = _example.IzhikevichCells
ResonateAndFire: Any = _example.ResonateAndFire


@dataclass(frozen=True, kw_only=True)
class JaxLIF(AutodiffCells):
    """The cell of eq. 20-24, without its derivatives."""

    tau_m: np.ndarray = parameter(20.0, "ms", "membrane", minimum=0.0, exclusive=True)
    v_thresh: np.ndarray = parameter(0.61, "dimensionless", "threshold", minimum=0.0,
                                     exclusive=True)
    v_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "JaxLIF"
    presynaptic_trace: ClassVar[tuple[tuple[str, str], ...]] = (("v", "v"),)

    def constants(self, timestep: float) -> dict[str, np.ndarray]:
        return {"alpha": np.exp(-timestep / self.tau_m)}

    def step(self, cells: Any, arriving: Any) -> dict[str, Any]:
        return {"v": cells.alpha * cells.v + arriving - cells.v_thresh * cells.z_reset}

    def distance(self, cells: Any) -> Any:
        return cells.v - cells.v_thresh


@dataclass(frozen=True, kw_only=True)
class JaxALIF(JaxLIF):
    """The adaptive cell of eq. 25-28, likewise."""

    beta: np.ndarray = parameter(0.03, "dimensionless", "threshold increase")
    tau_a: np.ndarray = parameter(1200.0, "ms", "adaptation", minimum=0.0, exclusive=True)
    a_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "JaxALIF"

    def constants(self, timestep: float) -> dict[str, np.ndarray]:
        return {**super().constants(timestep), "rho": np.exp(-timestep / self.tau_a)}

    def step(self, cells: Any, arriving: Any) -> dict[str, Any]:
        return {**super().step(cells, arriving), "a": cells.rho * cells.a + cells.z}

    def distance(self, cells: Any) -> Any:
        return cells.v - (cells.v_thresh + cells.beta * cells.a)
