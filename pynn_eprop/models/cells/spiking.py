"""The base class of cells that spike and learn with e-prop."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import DIMENSIONLESS, component, parameter, parameter_of
from pynn_eprop.models.cells.learning import LEARNING_RECEPTOR, Arrays, LearningCells
from pynn_eprop.models.parameters import Parameter
from pynn_eprop.models.pseudo_derivatives import PseudoDerivative


@dataclass(frozen=True, kw_only=True)
class SpikingCells(LearningCells):
    """Cells that spike and learn with e-prop. Arrays have shape (size,).

    A kind derives from this class. Beside its parameters (fields made with ``parameter()``) and
    state variables (``x_initial = initial(value)``) it says in NumPy, for one time step of all
    cells at once,

    - :meth:`step`: the next state, from the present one and the arriving input,
    - :meth:`distance`: how far each cell is above its threshold; it spikes from 0 on (eq. 21);
    - the derivatives of both: :meth:`transition` of the state by the state before and
      :meth:`drive` by the input, :meth:`distance_gradient` of the distance by the state.

    From these, with h the pseudo-derivative of the distance, follow the eligibility vector and the
    eligibility trace of a synapse (eq. 2 to 5, 22 to 28):

        eps_x^t = sum_y (dx^t / dy^{t-1}) eps_y^{t-1} + (dx^t / d arriving) z_i^{t-d},
        e^t = h^t sum_x (d distance / dx) eps_x^t.

    The methods get ``cells``: an object with an array of shape (size,) for each parameter, state
    variable and entry of :meth:`constants`, and ``z`` (spikes, 0 or 1) and ``h`` of the last step
    done. The machine keeps z and h at 0 for ``refractory_steps`` after a spike. ``z_reset`` has the
    values of z: a reset uses it, as in eq. 20, and everything else that the cell's own spike does
    uses z, as in eq. 26. e-prop passes no derivative through z_reset (eq. 22); backpropagation
    through time passes one through both.

    decays: state variables whose derivatives in :meth:`transition` are constants, and by variables
    of this list only; a parameter that changes between updates acts on their eligibility vectors
    from the next step on, as it does on them. looks_back: :meth:`transition` and :meth:`drive` have
    the derivatives of the step just done instead, and need not be constants: machines provide
    ``cells.before``, an object with the parameters and constants, and the state, z and h as they
    were before this step (z and h 0 at the start of an interval), and ``cells.arriving``, its
    input. presynaptic_trace: entries of :meth:`transition` that
    filter the presynaptic spikes, which simplified traces leave out; a kind without any has no such
    traces. learns_from_h: the derivatives are functions of h and constants; of other kinds an
    activity from elsewhere has the state, too.

    backwards: the population runs each trial from its end to its start. In a trial of n steps its
    own step s is the network's step n + 1 - s; all of the above is in its own time, what is
    recorded of it stands at the network's (docs/semantics.md).
    """

    refractory_steps: np.ndarray = parameter(
        5.0, "ms", "time after a spike in which the cell cannot spike again", name="tau_refrac",
        in_steps=True, minimum=0.0, on_grid=True)
    f_target: np.ndarray = parameter(
        10.0, "Hz", "target rate of the firing-rate term (eq. 54)", minimum=0.0)
    c_reg: np.ndarray = parameter(
        0.0, DIMENSIONLESS,
        "strength of the firing-rate term: C_j = c_reg (f_j - f_target), rates in Hz", minimum=0.0)
    pseudo_derivative: PseudoDerivative = component()
    backwards: bool = component(False)

    receptor_types: ClassVar[tuple[str, ...]] = ("excitatory", "inhibitory", LEARNING_RECEPTOR)
    takes_current: ClassVar[bool] = True
    decays: ClassVar[tuple[str, ...]] = ()
    presynaptic_trace: ClassVar[tuple[tuple[str, str], ...]] = ()
    looks_back: ClassVar[bool] = False
    learns_from_h: ClassVar[bool] = False

    @classmethod
    def parameters(cls) -> dict[str, Parameter]:
        """The parameters by name, those of all kinds last."""
        common = {row.name for entry in dataclasses.fields(SpikingCells)
                  if (row := parameter_of(entry)) is not None}
        found = super().parameters()
        return {**{name: row for name, row in found.items() if name not in common},
                **{name: row for name, row in found.items() if name in common}}

    @classmethod
    def units(cls) -> dict[str, str]:
        """The units of spikes, the state variables, h and the learning signal."""
        return {"spikes": "ms", **cls.state_units(), "h": DIMENSIONLESS,
                "learning_signal": DIMENSIONLESS}

    @classmethod
    def carried_at_start(cls) -> tuple[str, ...]:
        """State variables whose eligibility vectors move on when a step starts, by its derivatives.

        The others move on when it ends, by those of the step to come.
        """
        return cls.state_variables() if cls.looks_back else cls.decays

    def scale(self, cells: Any) -> np.ndarray:
        """The unit of the pseudo-derivative's width: the baseline threshold."""
        return cells.v_thresh

    def step(self, cells: Any, arriving: np.ndarray) -> Arrays:
        """The state variables after one step.

        arriving: the sum of the weights of arriving spikes and of currents, (size,).
        """
        raise NotImplementedError

    def distance(self, cells: Any) -> np.ndarray:
        """How far each cell is above its threshold, (size,), after a step."""
        raise NotImplementedError

    def transition(self, cells: Any) -> Mapping[tuple[str, str], np.ndarray]:
        """Derivatives of the next state by the present one, keyed (of, by); others are 0.

        If the kind looks back: of the present state by the one before.

        The spike's own effect on the next state counts by way of the distance, with h as
        dz / d distance; the paper leaves out the effect of the reset (eq. 22).
        """
        raise NotImplementedError

    def drive(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """Derivatives of the state by the input of this step; others are 0."""
        raise NotImplementedError

    def distance_gradient(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """Derivatives of the distance by the state; others are 0."""
        raise NotImplementedError

    def gradient_depends_on(self) -> tuple[str, ...]:
        """Every parameter but those that all kinds have."""
        common = {entry.name for entry in dataclasses.fields(SpikingCells)}
        return tuple(entry.name for entry in dataclasses.fields(self)
                     if entry.name not in common and "parameter" in entry.metadata)
