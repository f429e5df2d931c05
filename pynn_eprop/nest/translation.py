"""The parameters of NEST's e-prop models, from a network description: numbers only.

NEST differs from the equations of docs/equations.md in factors; docs/nest.md derives each.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.grid import LARGEST_STEPS
from pynn_eprop.errors import UnsupportedError
from pynn_eprop.models.cells import ALIFCells, LIFCells, Population, Readouts
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss
from pynn_eprop.models.optimizers import SGD, Adam, Optimizer
from pynn_eprop.models.pseudo_derivatives import (
    Arctan,
    Exponential,
    FastSigmoid,
    PiecewiseLinear,
    PseudoDerivative,
)
from pynn_eprop.models.rules import EProp

LIF, ALIF = "eprop_iaf_bsshslm_2020", "eprop_iaf_adapt_bsshslm_2020"
READOUTS = "eprop_readout_bsshslm_2020"
PLASTIC = "eprop_synapse_bsshslm_2020"
FEEDBACK = "eprop_learning_signal_connection_bsshslm_2020"
RATE = "rate_connection_delayed"
NORMALISATION_PORT, TARGET_PORT = 1, 2

_MS_PER_S = 1000.0
_UNBOUNDED = float(np.finfo(float).max)
_UNIT = {"C_m": 1.0, "E_L": 0.0, "I_e": 0.0, "V_m": 0.0, "regular_spike_arrival": True}
SHAPES: dict[type[PseudoDerivative], tuple[str, float]] = {
    PiecewiseLinear: ("piecewise_linear", 1.0),
    Exponential: ("exponential", 1.0),
    FastSigmoid: ("fast_sigmoid_derivative", 1.0),
    Arctan: ("arctan_derivative", 1.0 / math.pi),
}
LOSSES: dict[type[Loss], str] = {MSE: "mean_squared_error", CrossEntropy: "cross_entropy"}
NORMALISED = "cross_entropy"    # readouts with this loss are connected to each other
RECORDABLES = {"v": "V_m", "h": "surrogate_gradient", "learning_signal": "learning_signal",
               "a": "adaptation", "y": "V_m", "error": "error_signal", "target": "target_signal",
               "loss": "V_m"}


def trace_factor(tau_out: float | None, timestep: float) -> float:
    """1 - kappa, which NEST multiplies eligibility traces by as it filters them.

    ``tau_out``: of the readouts that teach the cells; None for cells that none teaches. Raises
    :class:`UnsupportedError` if that is too long for it to be a number.
    """
    if tau_out is None:
        return 1.0
    factor = 1.0 - math.exp(-timestep / tau_out)
    if factor == 0.0:
        raise UnsupportedError(f"readouts with tau_m={tau_out:g} ms teach: with a time step of "
                               f"{timestep:g} ms kappa = exp(-dt / tau_m) is 1 within rounding; "
                               "NEST's traces carry 1 - kappa and would be 0; use a shorter tau_m")
    return factor


@dataclass(frozen=True)
class Surroundings:
    """Quantities beside the cells themselves on which their parameters depend.

    timestep: dt in ms. tau_out: tau_m in ms of the readouts that teach them, None without any.
    """

    timestep: float
    interval_steps: int
    tau_out: float | None


def lif_parameters(cells: LIFCells, around: Surroundings) -> dict[str, Any]:
    """Parameters of LIF cells, numbers or one per cell.

    The rate term counts spikes per step and is divided by T in NEST; it must shrink like the rest
    of the gradient (:func:`trace_factor`). Raises :class:`UnsupportedError` for a
    pseudo-derivative of height 0.
    """
    timestep = around.timestep
    name, width = SHAPES[type(cells.pseudo_derivative)]
    if cells.pseudo_derivative.height == 0.0:
        raise UnsupportedError(f"{cells.label}: {cells.pseudo_derivative!r}; NEST takes no height "
                               "of 0, with which nothing is learned: use optimizer=None")
    steps = np.asarray(cells.refractory_steps)
    rate = _MS_PER_S * around.interval_steps / timestep * trace_factor(around.tau_out, timestep)
    return {
        **_UNIT, "tau_m": cells.tau_m, "V_th": cells.v_thresh,
        # NEST counts the step of the spike
        "t_ref": np.where(steps > 0, np.minimum(steps + np.int64(1), LARGEST_STEPS), 0) * timestep,
        "f_target": cells.f_target, "c_reg": cells.c_reg * rate,
        "surrogate_gradient_function": name,
        "surrogate_gradient_height": cells.pseudo_derivative.height,
        "surrogate_gradient_width": cells.pseudo_derivative.width * width * cells.v_thresh,
    }


def alif_parameters(cells: ALIFCells, around: Surroundings) -> dict[str, Any]:
    """Parameters of ALIF cells. Raises :class:`UnsupportedError` for a negative beta, too."""
    if np.any(cells.beta < 0):
        raise UnsupportedError(f"{cells.label}: beta={np.min(cells.beta):g}; NEST takes no "
                               "negative beta")
    return {**lif_parameters(cells, around), "adapt_beta": cells.beta, "adapt_tau": cells.tau_a,
            "adaptation": 0.0}


def readout_parameters(readouts: Readouts, around: Surroundings) -> dict[str, Any]:
    """Parameters of readouts. One without a loss gets NEST's, whose error nobody reads."""
    loss = MSE if readouts.loss is None else type(readouts.loss)
    return {**_UNIT, "tau_m": readouts.tau_m, "loss": LOSSES[loss]}


KINDS: dict[type[Population], Callable[[Any, Surroundings], dict[str, Any]]] = {
    LIFCells: lif_parameters, ALIFCells: alif_parameters, Readouts: readout_parameters}
"""Kinds of cell that learn in NEST; NEST's other cells, and sources, take PyNN's parameters."""


def one_by_one(parameters: Mapping[str, Any], size: int) -> list[dict[str, Any]]:
    """The parameters of each cell, in types that NEST takes."""
    columns = {name: [value] * size if isinstance(value, (str, bool))
               else np.broadcast_to(np.asarray(value, dtype=float), size).tolist()
               for name, value in parameters.items()}
    return [{name: column[cell] for name, column in columns.items()} for cell in range(size)]


def _sgd(sgd: SGD, update: int, trials: int, factor: float) -> dict[str, Any]:
    return {"type": "gradient_descent", "eta": sgd.rate(update) * trials / factor}


def _adam(adam: Adam, update: int, trials: int, factor: float) -> dict[str, Any]:
    """Adam: only its epsilon is scaled, as steps do not depend on the size of the gradient."""
    return {"type": "adam", "beta_1": adam.beta1, "beta_2": adam.beta2,
            "epsilon": adam.eps * factor / trials, "eta": adam.rate(update)}


OPTIMIZERS: dict[type[Optimizer], Callable[[Any, int, int, float], dict[str, Any]]] = {
    SGD: _sgd, Adam: _adam}
"""NEST's optimiser in update 0, 1, ..., from the paper's, the update, trials and factor.

NEST's gradient is ``factor`` times the paper's and the mean over the trials of an update, not their
sum.
"""


def learning_rate(optimizer: Optimizer, update: int, trials: int, factor: float) -> float:
    """NEST's eta in update 0, 1, ..."""
    return float(OPTIMIZERS[type(optimizer)](optimizer, update, trials, factor)["eta"])


def optimizer_parameters(optimizer: Optimizer, trials: int, factor: float, w_min: float,
                         w_max: float) -> dict[str, Any]:
    """NEST's optimiser with the rate of the first update; its bounds are finite."""
    return {**OPTIMIZERS[type(optimizer)](optimizer, 0, trials, factor), "batch_size": trials,
            "Wmin": max(w_min, -_UNBOUNDED), "Wmax": min(w_max, _UNBOUNDED)}


def static_parameters() -> dict[str, Any]:
    """The optimiser of synapses that do not learn, but drop spikes at boundaries as others do."""
    return {"type": "gradient_descent", "batch_size": 1, "eta": 0.0, "Wmin": -_UNBOUNDED,
            "Wmax": _UNBOUNDED}


KNOWN = KnownKinds("NEST", KINDS, (EProp,), LOSSES, OPTIMIZERS, SHAPES)
"""Kinds that NEST's models have; all others are refused by name."""
