"""PyNN's current-based LIF cells, which never learn. Their parameters are declared by PyNN."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import initial_of, value_of
from pynn_eprop.models.cells.kind import Population


@dataclass(frozen=True, kw_only=True)
class CurrentBasedCells(Population):
    """PyNN's IF_curr_exp or IF_curr_delta cells.

    Arrays have shape (size,), in PyNN's units (ms, mV, nF, nA).
    """

    tau_m: np.ndarray = value_of("tau_m")
    cm: np.ndarray = value_of("cm")
    v_rest: np.ndarray = value_of("v_rest")
    v_thresh: np.ndarray = value_of("v_thresh")
    v_reset: np.ndarray = value_of("v_reset")
    refractory_steps: np.ndarray = value_of("tau_refrac", in_steps=True)
    i_offset: np.ndarray = value_of("i_offset")
    v_initial: np.ndarray = initial_of("v")

    takes_current: ClassVar[bool] = True
    resets: ClassVar[bool] = False
    separate_ports: ClassVar[bool] = True


@dataclass(frozen=True, kw_only=True)
class CurrDeltaCells(CurrentBasedCells):
    """Cells whose membrane potential jumps with each arriving spike."""

    name: ClassVar[str] = "IF_curr_delta"
    meaning: ClassVar[str] = "PyNN's cell with delta synapses; it does not learn"

    @classmethod
    def units(cls) -> dict[str, str]:
        """The unit of each variable that can be recorded."""
        return {"spikes": "ms", "v": "mV"}


@dataclass(frozen=True, kw_only=True)
class CurrExpCells(CurrentBasedCells):
    """Cells with exponentially decaying synaptic currents."""

    tau_syn_E: np.ndarray = value_of("tau_syn_E")
    tau_syn_I: np.ndarray = value_of("tau_syn_I")
    isyn_exc_initial: np.ndarray = initial_of("isyn_exc")
    isyn_inh_initial: np.ndarray = initial_of("isyn_inh")

    name: ClassVar[str] = "IF_curr_exp"
    meaning: ClassVar[str] = "PyNN's cell with exponential synaptic currents; it does not learn"

    @classmethod
    def units(cls) -> dict[str, str]:
        """The unit of each variable that can be recorded."""
        return {"spikes": "ms", "v": "mV", "isyn_exc": "nA", "isyn_inh": "nA"}
