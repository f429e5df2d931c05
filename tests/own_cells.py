"""Cells such as a user's module may bring: one with a synaptic current, and a copy of ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop import SpikingCells, initial, parameter, register_cell
from pynn_eprop.models.cells import CELLS


@dataclass(frozen=True, kw_only=True)
class CurrentLIF(SpikingCells):
    """i^t = gamma i^{t-1} + arriving;  v^t = alpha v^{t-1} + (1 - gamma) i^t - v_thresh z^{t-1}."""

    tau_m: np.ndarray = parameter(20.0, "ms", "membrane time constant", minimum=0.0, exclusive=True)
    tau_syn: np.ndarray = parameter(5.0, "ms", "of the synaptic current", minimum=0.0,
                                    exclusive=True)
    v_thresh: np.ndarray = parameter(0.61, "dimensionless", "threshold and reset", minimum=0.0,
                                     exclusive=True)
    i_initial: np.ndarray = initial(0.0)
    v_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "CurrentLIF"
    meaning: ClassVar[str] = "LIF cell with an exponential synaptic current"

    def constants(self, timestep: float) -> dict[str, np.ndarray]:
        return {"alpha": np.exp(-timestep / self.tau_m), "gamma": np.exp(-timestep / self.tau_syn)}

    def step(self, cells: Any, arriving: np.ndarray) -> dict[str, np.ndarray]:
        i = cells.gamma * cells.i + arriving
        v = cells.alpha * cells.v + (1.0 - cells.gamma) * i - cells.v_thresh * cells.z
        return {"i": i, "v": v}

    def distance(self, cells: Any) -> np.ndarray:
        return np.asarray(cells.v - cells.v_thresh)

    def transition(self, cells: Any) -> dict[tuple[str, str], np.ndarray]:
        return {("i", "i"): cells.gamma, ("v", "v"): cells.alpha,
                ("v", "i"): (1.0 - cells.gamma) * cells.gamma}

    def drive(self, cells: Any) -> dict[str, Any]:
        return {"i": 1.0, "v": 1.0 - cells.gamma}

    def distance_gradient(self, cells: Any) -> dict[str, Any]:
        return {"v": 1.0}


@dataclass(frozen=True, kw_only=True)
class OwnALIF(SpikingCells):
    """The adaptive cell of eq. 20-28, written as a user would."""

    tau_m: np.ndarray = parameter(20.0, "ms", "membrane", minimum=0.0, exclusive=True)
    v_thresh: np.ndarray = parameter(0.61, "dimensionless", "threshold", minimum=0.0,
                                     exclusive=True)
    beta: np.ndarray = parameter(0.03, "dimensionless", "threshold increase")
    tau_a: np.ndarray = parameter(1200.0, "ms", "adaptation", minimum=0.0, exclusive=True)
    v_initial: np.ndarray = initial(0.0)
    a_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "OwnALIF"
    presynaptic_trace: ClassVar[tuple[tuple[str, str], ...]] = (("v", "v"),)

    def constants(self, timestep: float) -> dict[str, np.ndarray]:
        return {"alpha": np.exp(-timestep / self.tau_m), "rho": np.exp(-timestep / self.tau_a)}

    def step(self, cells: Any, arriving: np.ndarray) -> dict[str, np.ndarray]:
        return {"v": cells.alpha * cells.v + arriving - cells.v_thresh * cells.z,
                "a": cells.rho * cells.a + cells.z}

    def distance(self, cells: Any) -> np.ndarray:
        return np.asarray(cells.v - (cells.v_thresh + cells.beta * cells.a))

    def transition(self, cells: Any) -> dict[tuple[str, str], np.ndarray]:
        return {("v", "v"): cells.alpha, ("a", "v"): cells.h,
                ("a", "a"): cells.rho - cells.beta * cells.h}

    def drive(self, cells: Any) -> dict[str, Any]:
        return {"v": 1.0}

    def distance_gradient(self, cells: Any) -> dict[str, Any]:
        return {"v": 1.0, "a": -cells.beta}


@contextmanager
def registered(kind: type[SpikingCells]) -> Iterator[type[SpikingCells]]:
    """The kind under its name, which others can have afterwards."""
    register_cell(kind)
    try:
        yield kind
    finally:
        del CELLS[kind.name]
