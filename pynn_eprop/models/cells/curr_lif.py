"""Cells that learn and are reset as PyNN's IF_curr_exp, and most analog chips, reset theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from pynn_eprop.models.cells.fields import DIMENSIONLESS, initial, parameter
from pynn_eprop.models.cells.learning import Arrays
from pynn_eprop.models.cells.spiking import SpikingCells
from pynn_eprop.models.time_grid import decay


@dataclass(frozen=True, kw_only=True)
class CurrLIFCells(SpikingCells):
    """LIF cells with a synaptic current, which a spike sets to v_reset and holds there.

    With R^t = 1 while a cell is refractory, and u = v_reset after a spike, otherwise v:

        i^t = gamma i^{t-1} + arriving
        v^t = R^t v_reset + (1 - R^t) (alpha u^{t-1} + kick i^{t-1}),

    exact between spikes, if kick = tau_m / (tau_m - tau_syn) (alpha - gamma): the current of a
    spike of weight w moves v by w altogether, but for the leak. With tau_syn = 0 what arrives moves
    v at once. The reset, and the hold, leave nothing of an eligibility vector's v.

    isyn: i. held: steps for which v stays, but for those that follow from the last spike.
    """

    tau_m: np.ndarray = parameter(
        20.0, "ms", "membrane time constant; alpha = exp(-dt / tau_m)", minimum=0.0, exclusive=True)
    tau_syn: np.ndarray = parameter(
        5.0, "ms", "of the synaptic current; 0: weights are added to v", minimum=0.0)
    v_thresh: np.ndarray = parameter(
        0.61, DIMENSIONLESS, "threshold v_th", minimum=0.0, exclusive=True)
    v_reset: np.ndarray = parameter(
        0.0, DIMENSIONLESS, "v after a spike, and while the cell is refractory")
    v_initial: np.ndarray = initial(0.0)
    isyn_initial: np.ndarray = initial(0.0)
    held_initial: np.ndarray = initial(0.0)

    name: ClassVar[str] = "EPropCurrLIF"
    meaning: ClassVar[str] = ("LIF cell that is reset and held as PyNN's IF_curr_exp (as "
                              "IF_curr_delta with tau_syn = 0) and learns with e-prop")
    looks_back: ClassVar[bool] = True

    def constants(self, timestep: float) -> Arrays:
        """alpha, gamma, the effect of a current on v, and whether there is none."""
        tau_m, tau_syn = np.broadcast_arrays(np.asarray(self.tau_m, float),
                                             np.asarray(self.tau_syn, float))
        direct = tau_syn == 0.0
        alpha = decay(timestep, tau_m)
        gamma = np.where(direct, 0.0, decay(timestep, np.where(direct, 1.0, tau_syn)))
        # with rate = dt / tau_syn - dt / tau_m, alpha - gamma = gamma (exp(rate) - 1)
        frequency = timestep / np.where(direct, tau_m, tau_syn)
        rate = frequency - timestep / tau_m
        near = np.abs(rate) < 1e-3
        ratio = np.where(near, gamma * (1.0 + rate / 2.0 + rate ** 2 / 6.0),
                         (alpha - gamma) / np.where(near, 1.0, rate))
        kick = np.where(direct, 0.0, frequency * ratio)
        return {"alpha": alpha, "gamma": gamma, "kick": kick, "direct": direct.astype(float)}

    def step(self, cells: Any, arriving: np.ndarray) -> Arrays:
        """Membrane potential, current and hold after one step."""
        remaining, free = _hold(cells)
        v = cells.v * (1.0 - cells.z_reset) + cells.v_reset * cells.z_reset
        driven = cells.alpha * v + cells.kick * cells.isyn + cells.direct * arriving
        return {"v": free * driven + (1.0 - free) * cells.v_reset,
                "isyn": cells.gamma * cells.isyn + arriving * (1.0 - cells.direct),
                "held": remaining - (1.0 - free)}

    def distance(self, cells: Any) -> np.ndarray:
        """Distance from the threshold (eq. 21)."""
        return cells.v - cells.v_thresh

    def transition(self, cells: Any) -> Mapping[tuple[str, str], np.ndarray]:
        """Decay of current and potential, which ends with a spike."""
        _, free = _hold(cells.before)
        return {("v", "v"): cells.alpha * (1.0 - cells.before.z_reset) * free,
                ("v", "isyn"): cells.kick * free, ("isyn", "isyn"): cells.gamma}

    def drive(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """What arrives adds to the current; to v if there is none."""
        _, free = _hold(cells.before)
        return {"v": cells.direct * free, "isyn": 1.0 - cells.direct}

    def distance_gradient(self, cells: Any) -> Mapping[str, np.ndarray | float]:
        """The distance grows with v (eq. 23)."""
        return {"v": 1.0}


def _hold(before: Any) -> tuple[Any, Any]:
    """Steps for which v stays, and 1 for cells of which v moves, in the step after ``before``."""
    remaining = before.z * before.refractory_steps + (1.0 - before.z) * before.held
    return remaining, 1.0 * (remaining <= 0.0)
