"""Cells that pass on values as scripts bring them: the one of docs/add_a_cell.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop import AnalogCells, initial, parameter
from pynn_eprop.models.arrays import sigmoid


@dataclass(frozen=True, kw_only=True)
class GatedSum(AnalogCells):
    """s^t = leak s^{t-1} + input;  the cell passes on sigmoid(gate) s^t."""

    leak: np.ndarray = parameter(0.9, "dimensionless", "part of s that a step keeps", minimum=0.0,
                                 maximum=1.0)
    s_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "GatedSum"
    receptor_types: ClassVar[tuple[str, ...]] = ("input", "gate", "learning_signal")
    gates: ClassVar[tuple[str, ...]] = ("open",)

    def step(self, cells: Any, arriving: Mapping[str, np.ndarray]) -> dict[str, Any]:
        return {"s": cells.leak * cells.s + arriving["input"], "open": sigmoid(arriving["gate"])}

    def output(self, cells: Any) -> Any:
        return cells.open * cells.s

    def transition(self, cells: Any) -> dict[tuple[str, str], Any]:
        return {("s", "s"): cells.leak}

    def drive(self, cells: Any) -> dict[tuple[str, str], Any]:
        return {("s", "input"): 1.0}

    def output_gradient(self, cells: Any) -> dict[str, Any]:
        return {"s": cells.open}

    def output_drive(self, cells: Any) -> dict[str, Any]:
        return {"gate": cells.s * cells.open * (1.0 - cells.open)}
