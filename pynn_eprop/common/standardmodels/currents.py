"""Waveforms of current sources: amplitude (nA) as a function of time (ms), vectorised."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop.common.arguments.grid import to_ms, to_steps
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.counter_random import Draw, normal
from pynn_eprop.models.time_grid import first_steps, nearest_steps, whole_steps


def on_grid(values: Mapping[str, Any], timestep: float, owner: str) -> dict[str, Any]:
    """Parameters of a current source with their times on the grid of steps.

    A source is on at start <= t < stop, so that ``start`` and ``stop`` go to the first step that
    is not before them. ``dt``: how long a noise value lasts; times of steps: see
    :func:`check_steps`.
    Raises :class:`ParameterError` for a ``dt`` off the grid and for bad times of steps.
    """
    moved = dict(values)
    for name in ("start", "stop"):
        if isinstance(moved.get(name), (int, float)):
            moved[name] = float(to_ms(first_steps(moved[name], timestep), timestep))
    if isinstance(moved.get("dt"), (int, float)) \
            and to_steps(moved["dt"], timestep, f"{owner}: dt", ParameterError) < 1:
        raise ParameterError(f"{owner}: dt={moved['dt']:g} ms must be at least one time step of "
                             f"{timestep:g} ms")
    if {"times", "amplitudes"} <= set(moved):
        moved.update(check_steps({name: _array(moved[name]) for name in ("times", "amplitudes")},
                                 timestep, owner))
    return moved


def _array(values: Any) -> np.ndarray:
    return np.asarray(values.value if isinstance(values, Sequence) else values, dtype=float)


class OnGrid:
    """Mixed into a parent backend's current sources: times as on every backend."""

    _simulator: Any

    def __init__(self, **parameters: Any) -> None:
        timestep = self._simulator.state.dt
        if "dt" in self.default_parameters:     # type: ignore[attr-defined]
            parameters = {"dt": timestep, **parameters}
        super().__init__(**on_grid(parameters, timestep, type(self).__name__))

    def set_parameters(self, copy: bool = True, **parameters: Any) -> None:
        """Change parameters from now on."""
        super().set_parameters(     # type: ignore[misc]
            copy, **on_grid(parameters, self._simulator.state.dt, type(self).__name__))


def _steps(time: float, timestep: float) -> float:
    """A time on the grid in steps; infinite if it is."""
    return float(whole_steps(time, timestep)[0])


def _active(steps: np.ndarray, values: Mapping[str, Any], timestep: float) -> np.ndarray:
    """Whether start <= t < stop at t = step dt."""
    return (steps >= _steps(values["start"], timestep)) & (steps < _steps(values["stop"], timestep))


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
    changes, _ = whole_steps(values["times"], timestep)
    index = np.searchsorted(changes, steps, side="right")
    return np.concatenate([[0.0], values["amplitudes"]])[index]


def noisy(steps: np.ndarray, values: Mapping[str, Any], timestep: float,
          key: tuple[int, int]) -> np.ndarray:
    """Gaussian, a new draw every ``dt`` ms from ``start`` on."""
    active = _active(steps, values, timestep)
    since = np.asarray(steps) - int(_steps(values["start"], timestep))
    tick = np.maximum(since, 0) // int(_steps(values["dt"], timestep))
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
    """Times moved to the nearest step (halfway: the later), each with its last amplitude.

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
    steps = nearest_steps(times, timestep)
    last = np.append(np.diff(steps) > 0, True)[:len(steps)]
    return {"times": np.asarray(to_ms(steps[last], timestep)), "amplitudes": amplitudes[last]}


def check_noise(values: Mapping[str, Any], owner: str) -> None:
    """Raise :class:`ParameterError` unless stdev >= 0."""
    if values["stdev"] < 0:
        raise ParameterError(f"{owner}: stdev={values['stdev']:g} nA must be >= 0")
