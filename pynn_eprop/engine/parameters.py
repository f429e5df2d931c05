"""Network descriptions in the engine's C structures: constants per step, arrays kept alive."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.fixed.formats import height_shift, inverse_width, slope_bits
from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogSources,
    CurrDeltaCells,
    CurrentBasedCells,
    CurrExpCells,
    LIFCells,
    Population,
    Readouts,
    Sources,
)
from pynn_eprop.models.known_kinds import KnownKinds
from pynn_eprop.models.losses import MSE, CrossEntropy, Loss
from pynn_eprop.models.network import Network, Projection
from pynn_eprop.models.optimizers import Optimizer
from pynn_eprop.models.optimizers.kernels import KERNELS, kernel_fields
from pynn_eprop.models.pseudo_derivatives import (
    Arctan,
    Exponential,
    FastSigmoid,
    PiecewiseLinear,
    PseudoDerivative,
)
from pynn_eprop.models.rules import (
    ClopathRule,
    EligibilityVectors,
    EProp,
    Rule,
    SimplifiedTraces,
    TruncatedAdaptation,
    TruncatedTraces,
)
from pynn_eprop.models.time_grid import decay

SHAPES: dict[type[PseudoDerivative], int] = {
    PiecewiseLinear: 0, Exponential: 1, FastSigmoid: 2, Arctan: 3}
"""enum ep_shape."""

LOSSES: dict[type[Loss], int] = {MSE: lib.EPROP_MSE, CrossEntropy: lib.EPROP_CROSS_ENTROPY}

_CLOPATH = 1               # enum ep_factor_kind


def _vector(rule: EligibilityVectors, timestep: float, bits: int) -> dict[str, Any]:
    return {"membrane_trace": rule.membrane_trace, "adaptation_trace": rule.adaptation_trace}


def _clopath(rule: ClopathRule, timestep: float, bits: int) -> dict[str, Any]:
    return {"membrane_trace": rule.membrane_trace, "factor": {
        "kind": _CLOPATH, "while_refractory": rule.while_refractory, "v_plus": rule.v_plus,
        "v_minus": rule.v_minus, "v_decay": rule.v_decay(timestep), "bits": bits}}


RULES: dict[type[Rule], Callable[[Any, float, int], dict[str, Any]]] = {
    EProp: _vector, TruncatedTraces: _vector, TruncatedAdaptation: _vector,
    SimplifiedTraces: _vector, ClopathRule: _clopath}
"""The rules that the engine knows: fields of ``eprop_block`` with the parts of their traces."""


class Arrays:
    """Contiguous arrays that C structures point to; they live as long as this object."""

    def __init__(self) -> None:
        self._kept: list[Any] = []

    def doubles(self, values: Any, size: int | None = None) -> Any:
        """Pointer to ``values`` as doubles, broadcast to ``size`` if given."""
        array = np.asarray(values, dtype=np.float64)
        if size is not None:
            array = np.broadcast_to(array, (size,))
        return self._pointer(np.ascontiguousarray(array), "double[]")

    def integers(self, values: Any, bits: int = 32) -> Any:
        """Pointer to ``values`` as signed integers."""
        array = np.ascontiguousarray(values, dtype=f"int{bits}")
        return self._pointer(array, f"int{bits}_t[]")

    def keep(self, thing: Any) -> Any:
        """Keep ``thing`` alive, and return it."""
        self._kept.append(thing)
        return thing

    def _pointer(self, array: np.ndarray, kind: str) -> Any:
        self._kept.append(array)
        return self.keep(ffi.from_buffer(kind, array))


@dataclass(frozen=True)
class Given:
    """Values that a population's structure needs beside its description.

    timestep: dt in ms. intervals: whether the network has any. signal_bits: the format of learning
    signals or errors, or of a source's values, in fixed point.
    """

    timestep: float
    intervals: bool
    arrays: Arrays
    signal_bits: int = 0


def is_own(value: Optimizer | None) -> bool:
    """Whether the step of an optimiser is made outside the engine."""
    return value is not None and type(value) not in KERNELS


def traces(projection: Projection, network: Network, factor_bits: int) -> dict[str, Any]:
    """Fields of ``eprop_block`` for the projection's rule; none for one that has no use."""
    fields, cells = RULES.get(type(projection.rule)), network.populations[projection.post]
    if fields is None or projection.optimizer is None or not isinstance(cells, LIFCells):
        return {}
    return fields(projection.rule, network.settings.timestep, factor_bits)


def analog_sources(sources: AnalogSources, given: Given) -> Any:
    """An ``eprop_analog_sources``."""
    return given.arrays.keep(ffi.new("eprop_analog_sources *", {
        "size": sources.size, "value_bits": given.signal_bits}))


def lif_cells(cells: LIFCells, given: Given) -> Any:
    """An ``eprop_spiking_cells`` without adaptation."""
    return given.arrays.keep(ffi.new("eprop_spiking_cells *", _lif(cells, given)))


def alif_cells(cells: ALIFCells, given: Given) -> Any:
    """An ``eprop_spiking_cells`` with adaptation."""
    n, arrays = cells.size, given.arrays
    return arrays.keep(ffi.new("eprop_spiking_cells *", {
        **_lif(cells, given), "adaptive": True,
        "rho": arrays.doubles(decay(given.timestep, cells.tau_a), n),
        "beta": arrays.doubles(cells.beta, n),
        "a_initial": arrays.doubles(cells.a_initial, n)}))


def _lif(cells: LIFCells, given: Given) -> dict[str, Any]:
    n, shape, arrays = cells.size, cells.pseudo_derivative, given.arrays
    bits = given.signal_bits
    formats = {} if not bits else {"filter_bits": bits - height_shift(shape.height),
                                   "slope_bits": slope_bits(cells)}
    return {
        "size": n, "backwards": cells.backwards, "shape": SHAPES[type(shape)],
        "height": shape.height, "signal_bits": bits, **formats,
        "alpha": arrays.doubles(decay(given.timestep, cells.tau_m), n),
        "v_thresh": arrays.doubles(cells.v_thresh, n),
        "inverse_width": arrays.doubles(inverse_width(cells)),
        "f_target": arrays.doubles(cells.f_target, n),
        "c_reg": arrays.doubles(cells.c_reg, n),
        "v_initial": arrays.doubles(cells.v_initial, n),
        "refractory": arrays.integers(np.broadcast_to(cells.refractory_steps, (n,))),
    }


def readouts(population: Readouts, given: Given) -> Any:
    """An ``eprop_readouts``. Without intervals, a target is that of the whole run."""
    n, loss, arrays = population.size, population.loss, given.arrays
    fields = {
        "size": n, "loss": lib.EPROP_NO_LOSS,
        "kappa": float(decay(given.timestep, population.tau_m)),
        "bias": arrays.doubles(population.bias, n),
        "y_initial": arrays.doubles(population.y_initial, n),
        "bias_optimizer": kernel_fields(population.bias_optimizer),
        "target_repeats": population.target_repeats and given.intervals,
        "target_start": population.target_start, "signal_bits": given.signal_bits,
    }
    if population.target is not None:   # without a loss it can be recorded
        target = np.asarray(population.target, dtype=float).T
        fields |= {"target": arrays.doubles(target), "target_steps": len(target)}
        if loss is not None:
            fields["loss"] = LOSSES[type(loss)]
    return arrays.keep(ffi.new("eprop_readouts *", fields))


def delta_cells(cells: CurrDeltaCells, given: Given) -> Any:
    """An ``eprop_stock_cells`` without synaptic currents."""
    return given.arrays.keep(ffi.new("eprop_stock_cells *", _current_based(cells, given)))


def exponential_cells(cells: CurrExpCells, given: Given) -> Any:
    """An ``eprop_stock_cells``; the exact solution over a step, as in NEST's iaf_psc_exp."""
    n, timestep, arrays = cells.size, given.timestep, given.arrays
    tau_m, cm = np.asarray(cells.tau_m, dtype=float), np.asarray(cells.cm, dtype=float)
    fields = {**_current_based(cells, given), "exponential": True}
    for port, tau, initial in (("exc", cells.tau_syn_E, cells.isyn_exc_initial),
                               ("inh", cells.tau_syn_I, cells.isyn_inh_initial)):
        tau = np.asarray(tau, dtype=float)
        fields |= {
            f"{port}_decay": arrays.doubles(decay(timestep, tau), n),
            f"from_{port}": arrays.doubles(_response(timestep, tau_m, cm, tau), n),
            f"{port}_initial": arrays.doubles(initial, n),
        }
    return arrays.keep(ffi.new("eprop_stock_cells *", fields))


def _current_based(cells: CurrentBasedCells, given: Given) -> dict[str, Any]:
    n, arrays = cells.size, given.arrays
    tau_m, cm = np.asarray(cells.tau_m, dtype=float), np.asarray(cells.cm, dtype=float)
    membrane = decay(given.timestep, tau_m)
    return {
        "size": n,
        "decay": arrays.doubles(membrane, n),
        "v_rest": arrays.doubles(cells.v_rest, n), "v_thresh": arrays.doubles(cells.v_thresh, n),
        "v_reset": arrays.doubles(cells.v_reset, n), "i_offset": arrays.doubles(cells.i_offset, n),
        "from_current": arrays.doubles((1.0 - membrane) * tau_m / cm, n),
        "v_initial": arrays.doubles(cells.v_initial, n),
        "refractory": arrays.integers(np.broadcast_to(cells.refractory_steps, (n,))),
    }


def _response(timestep: float, tau_m: np.ndarray, cm: np.ndarray, tau: np.ndarray) -> np.ndarray:
    """v after one step that begins with a synaptic current of 1 nA and v at rest."""
    difference = np.where(tau_m == tau, 1.0, 1.0 / tau_m - 1.0 / tau)
    unequal = (decay(timestep, tau) - decay(timestep, tau_m)) / difference / cm
    return np.where(tau_m == tau, timestep * decay(timestep, tau_m) / cm, unequal)


@dataclass(frozen=True)
class EngineKind:
    """The engine's functions for a kind of cell that it knows.

    structure: makes the C structure. add, replace: the C functions that take it; replace also takes
    the population's index.
    """

    structure: Callable[[Any, Given], Any]
    add: Any
    replace: Any


KINDS: dict[type[Population], EngineKind] = {
    LIFCells: EngineKind(lif_cells, lib.eprop_add_spiking_cells, lib.eprop_set_spiking_cells),
    ALIFCells: EngineKind(alif_cells, lib.eprop_add_spiking_cells, lib.eprop_set_spiking_cells),
    Readouts: EngineKind(readouts, lib.eprop_add_readouts, lib.eprop_set_readouts),
    CurrExpCells: EngineKind(exponential_cells, lib.eprop_add_stock_cells,
                             lib.eprop_set_stock_cells),
    CurrDeltaCells: EngineKind(delta_cells, lib.eprop_add_stock_cells, lib.eprop_set_stock_cells),
    AnalogSources: EngineKind(analog_sources, lib.eprop_add_analog_sources,
                              lambda engine, index, sources: lib.EPROP_OK),
    Sources: EngineKind(lambda sources, given: sources.size, lib.eprop_add_sources,
                        lambda engine, index, size: lib.EPROP_OK),
}
"""The kinds of cell that the engine has kernels for."""

FLOAT_KINDS = KnownKinds("the host engine", KINDS, RULES, LOSSES, None, SHAPES, backwards=True,
                         short_trials=True)
FIXED_KINDS = KnownKinds("the host engine in fixed point", KINDS, RULES, LOSSES, KERNELS, SHAPES,
                         backwards=True, short_trials=True)
"""The kinds that the engine has kernels for, in floating and in fixed point."""
