"""What a substrate gives back of one trial."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from pynn_eprop.errors import SimulationError
from pynn_eprop.models.cells import SpikingCells

_DECIMALS_OF_FLOAT32 = 4        # of times in ms, up to a second


@dataclass(frozen=True)
class Samples:
    """Membrane potentials of one population.

    times: ms since the trial's start, increasing, (samples,). v: (samples, cells), in the units of
    ``v_thresh``, with the resting potential as 0; NaN where a cell has none.
    """

    times: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class Measured:
    """Spikes and samples of one trial, by population.

    spikes: (times in ms since the trial's start, cells), sorted by time; between time steps, too.
    samples: of the populations whose potentials were asked for.
    """

    spikes: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    samples: dict[int, Samples] = field(default_factory=dict)


def spikes_of(measured: Measured, place: int, cells: SpikingCells, name: str
              ) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of a population, (times in ms, cells); none if there is no entry.

    name: of the substrate. Raises :class:`SimulationError` for anything else.
    """
    found = _entries(measured, "spikes", name).get(place, (np.zeros(0), np.zeros(0, dtype=int)))
    try:
        times, spiking = found
        when, who = _times(times), np.asarray(spiking)
        fits = when.ndim == 1 and who.shape == when.shape and bool(np.all(np.isfinite(when))) \
            and (who.dtype.kind in "iu" or not who.size)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise SimulationError(f"{cells.label}: {name} gave back spikes that are not (times in ms, "
                              "cells), finite and whole numbers, as many of both")
    if np.any((who < 0) | (who >= cells.size)):
        raise SimulationError(f"{cells.label}: {name} gave back spikes of cells beyond the "
                              f"{cells.size} of the population")
    return when, who.astype(int)


def samples_of(measured: Measured, place: int, cells: SpikingCells, name: str) -> Samples | None:
    """Samples of a population; None if there is no entry. Raises as :func:`spikes_of`."""
    found = _entries(measured, "samples", name).get(place)
    if found is None:
        return None
    try:
        times, v = _times(found.times), np.asarray(found.v, dtype=float)
        fits = times.ndim == 1 and bool(np.all(np.isfinite(times)))
    except (AttributeError, TypeError, ValueError):
        fits = False
    if not fits or v.shape != (len(times), cells.size):
        raise SimulationError(f"{cells.label}: {name} gave back samples that are not Samples of "
                              f"times, (samples,), and v, (samples, {cells.size})")
    if np.any(np.diff(times) < 0.0):
        raise SimulationError(f"{cells.label}: {name} gave back samples whose times decrease")
    return Samples(times, v)


def _entries(measured: Any, name: str, substrate: str) -> Mapping[int, Any]:
    entries = getattr(measured, name, None)
    if not isinstance(entries, Mapping):
        raise SimulationError(f"{substrate}: trial() gave back {type(measured).__name__}; it must "
                              "be Measured, with dicts by population")
    return entries


def _times(times: Any) -> np.ndarray:
    """Times in float64; those in float32 without the digits that it does not have."""
    given = np.asarray(times)
    exact = given.astype(float, casting="same_kind" if given.size else "unsafe")
    return np.round(exact, _DECIMALS_OF_FLOAT32) if given.dtype == np.float32 else exact
