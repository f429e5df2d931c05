"""Membrane potentials of each time step from samples, and the pseudo-derivative of given ones."""

from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np

from pynn_eprop.in_the_loop.measured import Samples
from pynn_eprop.in_the_loop.substrate import Dynamics
from pynn_eprop.models.answers import as_answer, ask, called
from pynn_eprop.models.cells import SpikingCells, fixed_values

_AT_ONCE = 1e-9     # of a step: how long a reset takes


def interpolated(samples: Samples, spikes: tuple[np.ndarray, np.ndarray], timestep: float,
                 cells: SpikingCells, threshold: np.ndarray, dynamics: Dynamics
                 ) -> tuple[np.ndarray, np.ndarray]:
    """v at the steps 1 ... T, (T, size), and whether samples say what it is, (T, size).

    spikes: (times in ms, cells). threshold: v as a cell spikes at each step, (T, size).

    Straight lines between samples and what is known besides: v has its initial value at the start,
    is at the threshold as a cell spikes, and at its v_reset, the resting potential if it has none,
    when it is released (or less by the baseline threshold, if resets subtract it). Behind a cell's
    last sample, further than twice the usual distance of two of its samples, nothing is known.
    """
    steps, size = threshold.shape
    at = np.arange(1, steps + 1)
    v, known = np.zeros((steps, size)), np.zeros((steps, size), dtype=bool)
    fixed = fixed_values(cells, timestep)
    subtracted = np.broadcast_to(fixed["v_thresh"], (size,))
    left = np.broadcast_to(fixed.get("v_reset", np.zeros(())), (size,))
    first = np.broadcast_to(cells.initial_state().get("v", np.zeros(())), (size,))
    held = np.broadcast_to(np.asarray(cells.refractory_steps, float), (size,)) \
        if dynamics.holds else np.zeros(size)
    positions = _in_steps(samples.times, timestep)
    spike_times, spiking = spikes
    order = np.argsort(spiking, kind="stable")
    bounds = np.searchsorted(spiking[order], np.arange(size + 1))
    for cell in range(size):
        own = _in_steps(np.asarray(spike_times)[order[bounds[cell]:bounds[cell + 1]]], timestep)
        values = np.asarray(samples.v[:, cell], dtype=float)
        taken = np.isfinite(values)
        if not np.any(taken):
            continue
        x, y = positions[taken], values[taken]
        usual = float(np.median(np.diff(x))) if len(x) > 1 else 1.0
        last = x[-1] + 2.0 * usual
        spike_steps = step_of(own)
        seen = np.zeros(len(own), dtype=bool)
        if len(own):
            place = np.searchsorted(own, x, side="right") - 1
            behind = (place >= 0) & (x <= spike_steps[np.maximum(place, 0)] + _AT_ONCE)
            if dynamics.before_reset:   # samples of the step itself are v as it crossed
                crossing = behind & (np.abs(x - spike_steps[np.maximum(place, 0)]) <= _AT_ONCE)
                seen[place[crossing]] = True
                behind &= ~crossing
            x, y = x[~behind], y[~behind]
            unseen = spike_steps[~seen]
            reset = spike_steps + _AT_ONCE
            released = spike_steps + held[cell] + 2 * _AT_ONCE
            crossed = threshold[np.clip(spike_steps.astype(int), 1, steps) - 1, cell]
            crossed[seen] = y[np.searchsorted(x, spike_steps[seen] - _AT_ONCE)]
            after = np.full(len(own), left[cell]) if dynamics.holds \
                else crossed - subtracted[cell]
            x = np.concatenate([x, unseen, reset, released])
            y = np.concatenate([y, crossed[~seen], after, after])
        x, y = np.concatenate([[0.0], x]), np.concatenate([[first[cell]], y])
        order_of = np.argsort(x, kind="stable")
        v[:, cell] = np.interp(at, x[order_of], y[order_of])
        known[:, cell] = at <= last
    return v, known


def _in_steps(times: np.ndarray, timestep: float) -> np.ndarray:
    """Times in steps; whole numbers without what rounding leaves, on which a reset is steep."""
    positions = np.asarray(times, dtype=float) / timestep
    whole = np.rint(positions)
    return np.where(np.abs(positions - whole) < _AT_ONCE, whole, positions)


def step_of(positions: np.ndarray) -> np.ndarray:
    """The step of spikes at positions in steps: the end of the one that they fall in."""
    return np.ceil(np.asarray(positions, dtype=float) - 1e-6)


def distance_of(cells: SpikingCells, states: Mapping[str, np.ndarray], timestep: float
                ) -> np.ndarray:
    """The distance from the threshold at each step, (T, size), from state variables of each.

    Raises :class:`ParameterError` and :class:`SimulationError` as machines do.
    """
    values = fixed_values(cells, timestep)
    del values["width"]
    shape = next(iter(states.values())).shape
    with cells.double_precision():
        return np.broadcast_to(as_answer(
            ask(cells.label, "cell", cells, "distance",
                SimpleNamespace(**values, **states, timestep=timestep)), shape,
            called(cells.label, "cell", cells, "distance")), shape)


def slope_of(cells: SpikingCells, distance: np.ndarray, refractory: np.ndarray, timestep: float
             ) -> np.ndarray:
    """h of each step, (T, size); 0 while cells are refractory. Raises as :func:`distance_of`."""
    shape, width = distance.shape, fixed_values(cells, timestep)["width"]
    slope = as_answer(ask(cells.label, "pseudo-derivative", cells.pseudo_derivative, "__call__",
                          distance / width), shape,
                      called(cells.label, "pseudo-derivative", cells.pseudo_derivative,
                             "__call__"))
    return np.where(refractory, 0.0, slope)
