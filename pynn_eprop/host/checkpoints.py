"""Checkpoints: all that a script which builds the same network needs to go on identically."""

from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.common.archives import read_archive, write_archive
from pynn_eprop.common.fingerprints import check_fingerprints, fingerprints
from pynn_eprop.errors import CheckpointError

_FORMAT = 1


def write_checkpoint(path: str | Path, state: Any) -> None:
    """Write weights, optimisers, activity, clock and recorded data, atomically."""
    simulation = state.simulation
    machine = simulation.prepare()
    arrays = {f"machine/{name}": array for name, array in machine.state().items()}
    recorders = {}
    for population in simulation.populations:
        recorded, about = population.recorder.saved()
        arrays.update({f"recorder/{population.index}/{name}": array
                       for name, array in recorded.items()})
        recorders[str(population.index)] = about
    for source in simulation.current_sources:
        arrays.update({f"current/{source.index}/{name}": array
                       for name, array in source.saved().items()})
    write_archive(path, arrays, {
        "format": _FORMAT, "precision": simulation.precision.value,
        "parts": fingerprints(simulation.description.network),
        "learning": simulation.learning, "recorders": recorders,
        "running": state.running, "segment_counter": state.segment_counter})


def read_checkpoint(path: str | Path, state: Any) -> None:
    """Go on where a checkpoint was written, with the network that the script has built.

    Raises :class:`CheckpointError` for another network or precision, or a damaged file; then
    nothing was changed.
    """
    simulation = state.simulation
    arrays, header = read_archive(path)
    if header.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is no checkpoint of this version")
    if header["precision"] != simulation.precision.value:
        raise CheckpointError(f"{path} was written with precision={header['precision']!r}, but "
                              f"this run has {simulation.precision.value!r}; use the same in "
                              "setup()")
    simulation.prepare()
    check_fingerprints(header["parts"], simulation.description.network, str(path))
    simulation.restore(_under("machine/", arrays))
    for population in simulation.populations:
        population.recorder.restore(_under(f"recorder/{population.index}/", arrays),
                                    header["recorders"][str(population.index)])
    for source in simulation.current_sources:
        source.restore(_under(f"current/{source.index}/", arrays))
    simulation.learning = header["learning"]
    state.running, state.segment_counter = header["running"], header["segment_counter"]


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items()
            if name.startswith(prefix)}
