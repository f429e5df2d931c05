"""Waveforms of current sources: amplitude (nA) as a function of time (ms), vectorised."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pynn_eprop.common.grid import TOLERANCE, to_steps
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.counter_random import Draw, normal


def _active(steps: np.ndarray, values: Mapping[str, Any], timestep: float) -> np.ndarray:
    """Whether start <= t < stop at t = step dt."""
    slack = TOLERANCE * timestep
    times = steps * timestep
    return (times >= values["start"] - slack) & (times < values["stop"] - slack)


def direct(steps: np.ndarray, values: Mapping[str, Any], timestep: float) -> np.ndarray:
    """A pulse of constant amplitude."""
    return np.where(_active(steps, values, timestep), values["amplitude"], 0.0)


def alternating(steps: np.ndarray, values: Mapping[str, Any], timestep: float) -> np.ndarray:
    """A sine whose phase (degrees) is that at ``start``; frequency in Hz."""
    since = steps * timestep - values["start"]
    angle = 2 * np.pi * (values["frequency"] * since / 1000.0 + values["phase"] / 360.0)
    wave = values["offset"] + values["amplitude"] * np.sin(angle)
    return np.where(_active(steps, values, timestep), wave, 0.0)


def stepwise(steps: np.ndarray, values: Mapping[str, Any], timestep: float) -> np.ndarray:
    """Constant from each of ``times`` to the next; 0 before the first."""
    changes = np.rint(values["times"] / timestep)
    index = np.searchsorted(changes, steps, side="right")
    return np.concatenate([[0.0], values["amplitudes"]])[index]


def noisy(steps: np.ndarray, values: Mapping[str, Any], timestep: float,
          key: tuple[int, int]) -> np.ndarray:
    """Gaussian, drawn anew every ``dt`` ms from ``start`` on."""
    active = _active(steps, values, timestep)
    since = np.asarray(steps) - round(values["start"] / timestep)
    tick = np.maximum(since, 0) // round(values["dt"] / timestep)
    draws, where = np.unique(tick[active], return_inverse=True)
    current = np.zeros(len(steps))
    current[active] = (values["mean"] + values["stdev"]
                       * normal((draws & 0xFFFFFFFF, draws >> 32, 0), Draw.NOISE, key))[where]
    return current


def check_finite(values: Mapping[str, Any], owner: str) -> None:
    """Raise :class:`ParameterError` unless all numbers are finite."""
    for name, value in values.items():
        if not np.all(np.isfinite(value)):
            raise ParameterError(f"{owner}: {name}={value} must be finite")


def check_steps(values: Mapping[str, Any], timestep: float, owner: str) -> dict[str, np.ndarray]:
    """Times on the grid, the last amplitude given for each.

    Raises :class:`ParameterError` for times that are negative or do not increase.
    """
    times, amplitudes = np.atleast_1d(values["times"]), np.atleast_1d(values["amplitudes"])
    if len(times) != len(amplitudes):
        raise ParameterError(f"{owner}: {len(times)} times but {len(amplitudes)} amplitudes; "
                             "give one amplitude per time")
    if np.any(times < 0):
        raise ParameterError(f"{owner}: times={times[times < 0][0]:g} ms is not allowed; "
                             "times must be >= 0")
    falling = np.diff(times) <= 0
    if np.any(falling):
        at = int(np.argmax(falling))
        raise ParameterError(f"{owner}: times must increase, but {times[at + 1]:g} ms follows "
                             f"{times[at]:g} ms")
    steps = np.rint(times / timestep).astype(np.int64)
    last = np.append(np.diff(steps) > 0, True)[:len(steps)]
    return {"times": np.round(steps[last] * timestep, 9), "amplitudes": amplitudes[last]}


def check_noise(values: Mapping[str, Any], timestep: float, owner: str) -> None:
    """Raise :class:`ParameterError` unless ``dt`` is a whole number of steps and stdev >= 0."""
    if to_steps(values["dt"], timestep, f"{owner}: dt", ParameterError) < 1:
        raise ParameterError(f"{owner}: dt={values['dt']:g} ms must be at least one time step of "
                             f"{timestep:g} ms")
    if values["stdev"] < 0:
        raise ParameterError(f"{owner}: stdev={values['stdev']:g} nA must be >= 0")
