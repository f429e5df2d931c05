"""Cells such as a user's module may bring: the example's, and a copy of our adaptive cell."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from pynn_eprop import SpikingCells, initial, parameter, register_cell
from pynn_eprop.models.cells import CELLS, LearningCells

EXAMPLES = Path(__file__).parents[1] / "examples"


def of_example(name: str) -> Any:
    """An example's module, without the cells that it registers: tests do as long as they need."""
    known = set(CELLS)
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module        # where pickle and dataclasses look for it
    spec.loader.exec_module(module)
    for registered in set(CELLS) - known:
        del CELLS[registered]
    return module


CurrentLIF: Any = of_example("own_cell").CurrentLIF


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
        return {"v": cells.alpha * cells.v + arriving - cells.v_thresh * cells.z_reset,
                "a": cells.rho * cells.a + cells.z}

    def distance(self, cells: Any) -> np.ndarray:
        return cells.v - (cells.v_thresh + cells.beta * cells.a)

    def transition(self, cells: Any) -> dict[tuple[str, str], np.ndarray]:
        return {("v", "v"): cells.alpha, ("a", "v"): cells.h,
                ("a", "a"): cells.rho - cells.beta * cells.h}

    def drive(self, cells: Any) -> dict[str, Any]:
        return {"v": 1.0}

    def distance_gradient(self, cells: Any) -> dict[str, Any]:
        return {"v": 1.0, "a": -cells.beta}


@contextmanager
def registered(kind: type[LearningCells]) -> Iterator[type[LearningCells]]:
    """The kind under its name, which others can have afterwards."""
    register_cell(kind)
    try:
        yield kind
    finally:
        del CELLS[kind.name]
