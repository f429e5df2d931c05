"""Records of a stretch: its losses and spikes, copied from the compiled engine."""

from typing import Any

import numpy as np

from pynn_eprop.engine._eprop import ffi, lib
from pynn_eprop.models.network import Inputs, Network, Recording


def losses(engine: Any, population: int, network: Network) -> np.ndarray:
    """One loss per interval that ended in the stretch."""
    out = ffi.new("double **")
    count = lib.eprop_losses(engine, population, out)
    if count == 0 or network.settings.interval_steps is None:
        return np.zeros(0)
    return np.frombuffer(ffi.buffer(out[0], count * 8)).copy()


def spikes(engine: Any, recording: Recording, network: Network, of_cells: list[int],
           inputs: Inputs, start: int, end: int) -> tuple[np.ndarray, np.ndarray]:
    """Each spike once over a sequence of stretches, as in the reference."""
    index, size = recording.population, network.populations[recording.population].size
    if index in of_cells:
        step_out, cell_out = ffi.new("int64_t **"), ffi.new("int32_t **")
        count = lib.eprop_spikes(engine, of_cells.index(index), step_out, cell_out)
        step, cell = np.zeros(0, np.int64), np.zeros(0, np.int32)
        if count:
            step = np.frombuffer(ffi.buffer(step_out[0], count * 8), np.int64).copy()
            cell = np.frombuffer(ffi.buffer(cell_out[0], count * 4), np.int32).copy()
    else:
        step, cell = inputs.spikes.get(index, (np.zeros(0, np.int64), np.zeros(0, np.int32)))
        kept = (step > start) | (step == 0)
        step, cell = step[kept & (step <= end)], cell[kept & (step <= end)]
    if len(recording.cells) < size:
        wanted = np.zeros(size, dtype=bool)
        wanted[recording.cells] = True
        step, cell = step[wanted[cell]], cell[wanted[cell]]
    return step, cell
