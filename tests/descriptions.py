"""Short ways to write a network description in a test. Every default can be replaced."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynn_eprop.models.activations import resolve_activation
from pynn_eprop.models.cells import (
    ALIFCells,
    AnalogSources,
    ArtificialCells,
    CurrDeltaCells,
    CurrentBasedCells,
    CurrExpCells,
    LIFCells,
    LSTMCells,
    Readouts,
)
from pynn_eprop.models.network import (
    FixedFeedback,
    Inputs,
    LearningSignal,
    Network,
    Projection,
    Recording,
    Settings,
)
from pynn_eprop.models.pseudo_derivatives import PiecewiseLinear

_LIF: dict[str, Any] = {
    "label": "cells", "pseudo_derivative": PiecewiseLinear(), "tau_m": 20.0, "v_thresh": 0.61,
    "refractory_steps": 0, "f_target": 10.0, "c_reg": 0.0, "v_initial": 0.0}
_ALIF = {**_LIF, "beta": 0.3, "tau_a": 100.0, "a_initial": 0.0}


def lif(size: int = 1, **parameters: Any) -> LIFCells:
    """LIF cells: tau_m 20 ms, v_th 0.61, not refractory, no rate term."""
    return LIFCells(size=size, **_arrays(size, {**_LIF, **parameters}))


def alif(size: int = 1, **parameters: Any) -> ALIFCells:
    """Adaptive LIF cells: beta 0.3, tau_a 100 ms, the rest as :func:`lif`."""
    return ALIFCells(size=size, **_arrays(size, {**_ALIF, **parameters}))


def artificial(size: int = 1, activation: str = "tanh", **parameters: Any) -> ArtificialCells:
    """Artificial neurons without leak and bias."""
    values = {"label": "cells", "leak": 0.0, "bias": 0.0, "s_initial": 0.0, **parameters}
    return ArtificialCells(size=size, activation=resolve_activation(activation),
                           **_arrays(size, values))


def lstm(size: int = 1, tanh_output: bool = False, **parameters: Any) -> LSTMCells:
    """LSTM units: forget bias 1, no other bias."""
    values = {"label": "units", "input_bias": 0.0, "forget_bias": 1.0, "output_bias": 0.0,
              "cell_bias": 0.0, "c_initial": 0.0, **parameters}
    return LSTMCells(size=size, tanh_output=tanh_output, **_arrays(size, values))


def readouts(size: int = 1, **parameters: Any) -> Readouts:
    """Readouts: tau_out 20 ms, no bias, no loss."""
    values = {"label": "readouts", "bias": 0.0, "y_initial": 0.0, "tau_m": 20.0, **parameters}
    for name in ("bias", "y_initial"):
        values[name] = np.broadcast_to(np.asarray(values[name], dtype=float), size).copy()
    return Readouts(size=size, **values)


def current_based(size: int = 1, exponential: bool = False, **parameters: Any
                  ) -> CurrentBasedCells:
    """IF_curr_delta or IF_curr_exp cells with PyNN's default parameters, not refractory."""
    values: dict[str, Any] = {
        "label": "never learning", "tau_m": 20.0, "cm": 1.0, "v_rest": -65.0, "v_thresh": -50.0,
        "v_reset": -65.0, "refractory_steps": 0, "i_offset": 0.0, "v_initial": -65.0}
    if exponential:
        values |= {"tau_syn_E": 5.0, "tau_syn_I": 5.0, "isyn_exc_initial": 0.0,
                   "isyn_inh_initial": 0.0}
    kind = CurrExpCells if exponential else CurrDeltaCells
    return kind(size=size, **_arrays(size, {**values, **parameters}))


def _arrays(size: int, values: dict[str, Any]) -> dict[str, Any]:
    """Every number becomes an array over the cells."""
    fixed = ("label", "pseudo_derivative", "backwards")
    return {name: value if name in fixed or value is None
            else np.broadcast_to(np.asarray(value, dtype=int if "steps" in name else float),
                                 size).copy()
            for name, value in values.items()}


def synapses(pre: int, post: int, pairs: Sequence[tuple[int, int]], weight: Any = 1.0,
             delay: Any = 1, **options: Any) -> Projection:
    """A projection with one synapse per (pre, post) pair of cells."""
    index = np.array(pairs, dtype=int).reshape(-1, 2)
    return Projection(
        label=options.pop("label", f"{pre} to {post}"), pre=pre, post=post,
        pre_index=index[:, 0], post_index=index[:, 1],
        weight=np.broadcast_to(np.asarray(weight, dtype=float), len(index)).copy(),
        delay=np.broadcast_to(np.asarray(delay, dtype=int), len(index)).copy(), **options)


def all_pairs(pre: int, post: int, self_connections: bool = True) -> list[tuple[int, int]]:
    """All pairs of cells, presynaptic cell by presynaptic cell."""
    return [(i, j) for i in range(pre) for j in range(post) if self_connections or i != j]


def feedback(source: int, target: int, weight: Any, label: str = "feedback") -> LearningSignal:
    """Fixed feedback with weights (cells, readouts)."""
    return LearningSignal(label, source, target, FixedFeedback(np.array(weight, dtype=float)))


def network(populations: Sequence[Any], projections: Sequence[Projection] = (),
            signals: Sequence[LearningSignal] = (), **settings: Any) -> Network:
    """A network; keywords go to :class:`Settings`."""
    return Network(Settings(**settings), tuple(populations), tuple(projections), tuple(signals))


def spikes(population: int, *pairs: tuple[int, int]) -> Inputs:
    """Source spikes as (step, cell) pairs in order of time."""
    array = np.array(pairs, dtype=int).reshape(-1, 2)
    return Inputs(spikes={population: (array[:, 0], array[:, 1])})


def analog(size: int = 1, label: str = "analog") -> AnalogSources:
    """Sources of values."""
    return AnalogSources(label, size)


def values(population: int, *rows: Sequence[float]) -> Inputs:
    """Values of the steps from the first of a run to its end, (steps + 1) rows."""
    return Inputs(values={population: np.array(rows, dtype=float)})


def record(population: int, variable: str, *cells: int, every: int = 1) -> Recording:
    """Record a variable of some cells (the first if none is named)."""
    return Recording(population, variable, np.array(cells or (0,), dtype=int), every)
