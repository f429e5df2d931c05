"""LSTM units (eq. 31-40)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.errors import ParameterError
from pynn_eprop.models.arrays import functions_of, sigmoid
from pynn_eprop.models.cells.analog import AnalogCells
from pynn_eprop.models.cells.fields import DIMENSIONLESS, component, initial, parameter
from pynn_eprop.models.cells.learning import LEARNING_RECEPTOR, Arrays


@dataclass(frozen=True, kw_only=True)
class LSTMCells(AnalogCells):
    """Units of long short-term memory (Hochreiter and Schmidhuber, 1997).

    With a_r the input at receptor r, and its bias,

        i = sigmoid(a_input_gate), f = sigmoid(a_forget_gate), o = sigmoid(a_output_gate),
        candidate = tanh(a_cell),                                            (eq. 31 to 34)
        c^t = f^t c^{t-1} + i^t candidate^t,                                 (eq. 35)
        h^t = o^t c^t, or with ``tanh_output`` h^t = o^t tanh(c^t).          (eq. 36)

    h is the value that is passed on. As printed it has no bound.
    """

    input_bias: np.ndarray = parameter(0.0, DIMENSIONLESS, "added to the input of the input gate")
    forget_bias: np.ndarray = parameter(
        1.0, DIMENSIONLESS, "added to the input of the forget gate; 1 lets units begin by keeping "
        "most of their memory")
    output_bias: np.ndarray = parameter(0.0, DIMENSIONLESS, "added to the input of the output gate")
    cell_bias: np.ndarray = parameter(0.0, DIMENSIONLESS, "added to the input of the cell")
    c_initial: np.ndarray = initial(0.0)
    tanh_output: bool = component(False)

    name: ClassVar[str] = "EPropLSTM"
    meaning: ClassVar[str] = ("LSTM unit that passes on h = o c, or h = o tanh(c), and learns with "
                              "e-prop (eq. 31-40)")
    receptor_types: ClassVar[tuple[str, ...]] = (
        "input_gate", "forget_gate", "output_gate", "cell", LEARNING_RECEPTOR)
    gates: ClassVar[tuple[str, ...]] = ("input_gate", "forget_gate", "output_gate", "candidate")

    @classmethod
    def given_component(cls, name: str, value: Any) -> Any:
        """A truth value. Raises :class:`ParameterError` for anything else."""
        if name == "tanh_output" and not isinstance(value, (bool, np.bool_)):
            raise ParameterError(f"{cls.name}: {name}={value!r} must be True or False")
        return bool(value) if name == "tanh_output" else value

    def step(self, cells: Any, arriving: Mapping[str, np.ndarray]) -> Arrays:
        """The memory, the gates and the candidate after one step."""
        i = sigmoid(arriving["input_gate"] + cells.input_bias)                          # eq. 31
        f = sigmoid(arriving["forget_gate"] + cells.forget_bias)                        # eq. 32
        o = sigmoid(arriving["output_gate"] + cells.output_bias)                        # eq. 33
        total = arriving["cell"] + cells.cell_bias
        candidate = functions_of(total).tanh(total)                                     # eq. 34
        return {"c": f * cells.c + i * candidate,                                       # eq. 35
                "input_gate": i, "forget_gate": f, "output_gate": o, "candidate": candidate}

    def output(self, cells: Any) -> np.ndarray:
        """h (eq. 36)."""
        return cells.output_gate * self._shown(cells.c)

    def transition(self, cells: Any) -> Mapping[tuple[str, str], Any]:
        """The forget gate of the very step (D_j^{t-1}; eq. 37 prints that of the step before)."""
        return {("c", "c"): cells.forget_gate}

    def drive(self, cells: Any) -> Mapping[tuple[str, str], Any]:
        """By way of the input gate, the forget gate and the candidate (eq. 37)."""
        i, f, candidate = cells.input_gate, cells.forget_gate, cells.candidate
        return {("c", "input_gate"): candidate * i * (1.0 - i),
                ("c", "forget_gate"): cells.before.c * f * (1.0 - f),
                ("c", "cell"): i * (1.0 - candidate ** 2)}

    def output_gradient(self, cells: Any) -> Mapping[str, Any]:
        """The output gate (eq. 38)."""
        if not self.tanh_output:
            return {"c": cells.output_gate}
        return {"c": cells.output_gate * (1.0 - self._shown(cells.c) ** 2)}

    def output_drive(self, cells: Any) -> Mapping[str, Any]:
        """By way of the output gate (eq. 40)."""
        o = cells.output_gate
        return {"output_gate": self._shown(cells.c) * o * (1.0 - o)}

    def _shown(self, c: Any) -> Any:
        return functions_of(c).tanh(c) if self.tanh_output else c
