"""The base class of cells that pass on values and learn with e-prop."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import DIMENSIONLESS, component
from pynn_eprop.models.cells.learning import LEARNING_RECEPTOR, Arrays, LearningCells

VALUE = "value"
"""The variable that cells which pass on values, and sources of values, are recorded by."""


@dataclass(frozen=True, kw_only=True)
class AnalogCells(LearningCells):
    """Cells that pass on values in the place of spikes, and learn with e-prop (eq. 30 to 40).

    A kind derives from this class. Beside its parameters (fields made with ``parameter()``) and
    state variables (``x_initial = initial(value)``) it names its receptors and says in NumPy, for
    one time step of all cells at once,

    - :meth:`step`: the next state, from the present one and what arrives at each receptor,
    - :meth:`output`: the value that each cell passes on;
    - the derivatives of both: :meth:`transition` of the state by the state before, :meth:`drive`
      of the state by what arrives at a receptor, :meth:`output_gradient` of the output by the state
      and :meth:`output_drive` of the output by what arrives at a receptor, if that acts on the
      output beside the state.

    From these follow the eligibility vector and the eligibility trace of a synapse at receptor r
    (eq. 2 to 5), with z_i the value, or the spikes, of the presynaptic cell:

        eps_x^t = sum_y (dx^t / dy^{t-1}) eps_y^{t-1} + (dx^t / d arriving_r^t) z_i^{t-d},
        e^t = sum_x (d output^t / dx^t) eps_x^t + (d output^t / d arriving_r^t) z_i^{t-d}.

    There is no pseudo-derivative, and no firing-rate term. A cell passes on W times its value as a
    spiking cell passes on W times its spikes, with the same delays; its output before the first
    step of an interval is 0.

    receptor_types: PyNN's, the last of them "learning_signal"; synapses name one of the others,
    unless there is one only. gates: what a step gives beside the state, for the output and the
    derivatives to read and for scripts to record; the next step does not see it.

    In :meth:`step`, ``cells`` has an array of shape (size,) for each parameter, state variable and
    entry of :meth:`constants`; in all other methods also for each gate, the state is that after the
    step, and ``cells.before`` has the parameters, the constants and the state before it.
    Expressions without functions of NumPy, functions of
    :func:`~pynn_eprop.models.arrays.functions_of`, and jax.numpy run on the machine in JAX as well.

    backwards: as of :class:`SpikingCells`.
    """

    backwards: bool = component(False)

    receptor_types: ClassVar[tuple[str, ...]] = ("excitatory", LEARNING_RECEPTOR)
    gates: ClassVar[tuple[str, ...]] = ()
    emits_spikes: ClassVar[bool] = False
    emits_values: ClassVar[bool] = True

    @classmethod
    def ports(cls) -> tuple[str, ...]:
        """The receptor types that synapses lead to."""
        return tuple(name for name in cls.receptor_types if name != LEARNING_RECEPTOR)

    @classmethod
    def units(cls) -> dict[str, str]:
        """The units of the value passed on, the state variables, gates and learning signal."""
        return {VALUE: DIMENSIONLESS, **cls.state_units(),
                **dict.fromkeys((*cls.gates, "learning_signal"), DIMENSIONLESS)}

    @classmethod
    def default_component(cls, name: str) -> Any:
        """The object that a component is if a script gives none; None without a default."""
        default = next(entry.default for entry in dataclasses.fields(cls) if entry.name == name)
        return None if default is dataclasses.MISSING else default

    @classmethod
    def given_component(cls, name: str, value: Any) -> Any:
        """The object meant by what a script gives for a component.

        Raises :class:`ParameterError` for what cannot be one.
        """
        return value

    def step(self, cells: Any, arriving: Mapping[str, np.ndarray]) -> Arrays:
        """The state variables and the gates after one step.

        arriving: by receptor, the sum of weights times values, or spikes, that arrive, (size,).
        """
        raise NotImplementedError

    def output(self, cells: Any) -> np.ndarray:
        """The value that each cell passes on, (size,)."""
        raise NotImplementedError

    def transition(self, cells: Any) -> Mapping[tuple[str, str], Any]:
        """Derivatives of the state by the state before, keyed (of, by); others are 0."""
        raise NotImplementedError

    def drive(self, cells: Any) -> Mapping[tuple[str, str], Any]:
        """Derivatives of the state by what arrives, keyed (state variable, receptor)."""
        raise NotImplementedError

    def output_gradient(self, cells: Any) -> Mapping[str, Any]:
        """Derivatives of the output by the state; others are 0."""
        raise NotImplementedError

    def output_drive(self, cells: Any) -> Mapping[str, Any]:
        """Derivatives of the output by what arrives, the state held, by receptor; others are 0."""
        return {}
