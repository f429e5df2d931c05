"""Artificial neurons: a leaky sum of the input, and an activation function of it (eq. 30)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.activations import Activation, Tanh, resolve_activation
from pynn_eprop.models.cells.analog import AnalogCells
from pynn_eprop.models.cells.fields import DIMENSIONLESS, component, initial, parameter
from pynn_eprop.models.cells.learning import Arrays


@dataclass(frozen=True, kw_only=True)
class ArtificialCells(AnalogCells):
    """s^t = leak s^{t-1} + sum_i W_ji z_i^{t-1} + bias, z^t = sigma(s^t).

    leak 0: the plain recurrent network; 1: a recurrent version of residual networks.
    """

    leak: np.ndarray = parameter(
        0.0, DIMENSIONLESS, "the part of s that a time step keeps (alpha in eq. 30)", minimum=0.0,
        maximum=1.0)
    bias: np.ndarray = parameter(0.0, DIMENSIONLESS, "added to s at every step")
    s_initial: np.ndarray = initial(0.0)
    activation: Activation = component(Tanh())

    name: ClassVar[str] = "EPropArtificial"
    meaning: ClassVar[str] = ("artificial neuron that passes on sigma(s), s a leaky sum of its "
                              "input, and learns with e-prop (eq. 30)")

    @classmethod
    def given_component(cls, name: str, value: Any) -> Any:
        """The activation function meant by a name or an object. Raises :class:`ParameterError`."""
        return resolve_activation(value) if name == "activation" else value

    def step(self, cells: Any, arriving: Mapping[str, np.ndarray]) -> Arrays:
        """The sum after one step."""
        return {"s": cells.leak * cells.s + arriving["excitatory"] + cells.bias}        # eq. 30

    def output(self, cells: Any) -> np.ndarray:
        """z = sigma(s)."""
        return self.activation(cells.s)

    def transition(self, cells: Any) -> Mapping[tuple[str, str], Any]:
        """The leak (D_j^t of eq. 30)."""
        return {("s", "s"): cells.leak}

    def drive(self, cells: Any) -> Mapping[tuple[str, str], Any]:
        """Input adds to s."""
        return {("s", "excitatory"): 1.0}

    def output_gradient(self, cells: Any) -> Mapping[str, Any]:
        """sigma'(s), h_j^t of eq. 30."""
        return {"s": self.activation.slope(cells.s)}
