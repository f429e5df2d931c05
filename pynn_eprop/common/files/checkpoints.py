"""Checkpoints: all that a script needs, once it has built the same network, to continue a run."""

import math
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from pynn_eprop.common.arguments.all_or_nothing import all_or_nothing
from pynn_eprop.common.arguments.typed_errors import as_error
from pynn_eprop.common.files.archives import check_writable, read_archive, write_archive
from pynn_eprop.common.files.fingerprints import check_fingerprints, fingerprints
from pynn_eprop.errors import CheckpointError
from pynn_eprop.fixed.formats import Formats

_FORMAT = 1
_HEADER = {"precision", "parts", "learning", "recorders", "running", "segment_counter"}

EPROP_GRADIENT = "gradient='eprop'"     # all that most backends have, and older files
CHECKPOINT_SECONDS = 5.0    # between two checkpoints of a run,
_WRITING_SHARE = 0.1        # or more if writing would take more than this share of the time,
_LONGEST_SECONDS = 9.0      # but not more than this
_SHORTEST_SECONDS = 1.0     # between those that end short runs


class CheckpointKeeper:
    """Writes the checkpoints of ``setup(checkpoint=...)``; none without that keyword."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._written = -math.inf
        self._due = time.monotonic() + CHECKPOINT_SECONDS
        self._pending = False

    @property
    def what_is_kept(self) -> str:
        """The end of the message of an interrupted run."""
        if self._path is None:
            return "nothing was written; setup(checkpoint=...) keeps a checkpoint"
        if self._pending:
            return f"within an update nothing is written; the checkpoint {self._path} is an " \
                "earlier one, if there is one"
        return f"the checkpoint {self._path} has everything up to there; go on with " \
            "load_checkpoint()"

    def after_chunk(self, state: Any, finished: bool, stop: bool) -> None:
        """Write if it is time: at the end of a run, on a signal, and every few seconds.

        After short runs that follow closely it waits; :meth:`flush` then writes the last.
        """
        now = time.monotonic()
        between = state.simulation.timeline.starts_interval(state.simulation.step)
        self._pending = True
        if stop or (finished and now - self._written >= _SHORTEST_SECONDS) \
                or (between and now >= self._due):
            self.flush(state)

    def flush(self, state: Any) -> None:
        """Write a checkpoint that is due, if it can be written now."""
        if self._path is None or not self._pending or not state.simulation.can_be_kept:
            return
        started = time.monotonic()
        write_checkpoint(self._path, state)
        self._written = time.monotonic()
        pause = (self._written - started) / _WRITING_SHARE
        self._due = self._written + min(max(CHECKPOINT_SECONDS, pause), _LONGEST_SECONDS)
        self._pending = False


def write_checkpoint(path: str | Path, state: Any) -> None:
    """Write weights, optimisers, activity, clock and recorded data, atomically.

    Of several processes, which all have them, that of rank 0 writes.
    """
    check_writable(path)
    simulation = state.simulation
    machine = simulation.prepare()
    if simulation.processes.rank:
        return
    arrays = {f"machine/{name}": array for name, array in machine.state().items()}
    recorders = {}
    for population in _recorded(simulation):
        recorded, about = population.recorder.saved()
        arrays.update({f"recorder/{population.index}/{name}": array
                       for name, array in recorded.items()})
        recorders[str(population.index)] = about
    of_synapses = {}
    for projection in _with_recorder(simulation):
        recorded, about = projection.recorder.saved()
        arrays.update({f"synapses/{projection.index}/{name}": array
                       for name, array in recorded.items()})
        of_synapses[str(projection.index)] = about
    for source in simulation.current_sources:
        arrays.update({f"current/{source.index}/{name}": array
                       for name, array in source.saved().items()})
    write_archive(path, arrays, {
        "format": _FORMAT, "precision": simulation.arithmetic,
        "gradient": simulation.gradient_setting,
        "formats": None if simulation.formats is None else asdict(simulation.formats),
        "parts": fingerprints(simulation.description.network),
        "learning": simulation.learning, "recorders": recorders, "of_synapses": of_synapses,
        "running": state.running, "segment_counter": state.segment_counter})


def read_checkpoint(path: str | Path, state: Any) -> None:
    """Continue from a checkpoint, with the network that the script has built.

    Raises :class:`CheckpointError` for another network, precision or gradient, or a damaged file;
    then nothing was changed.
    """
    simulation = state.simulation
    simulation.processes.meet(f"load_checkpoint({str(path)!r})")    # it has been written by then
    arrays, header = read_archive(path)
    if header.get("format") != _FORMAT:
        raise CheckpointError(f"{path} is not a checkpoint of this version")
    missing = sorted(_HEADER - set(header))
    if missing:
        raise CheckpointError(f"{path} is damaged: its header has no {missing[0]!r}")
    if header["precision"] != simulation.arithmetic:
        raise _other_setting(path, _setting(header["precision"]), _setting(simulation.arithmetic))
    gradient = header.get("gradient", EPROP_GRADIENT)
    if gradient != simulation.gradient_setting:
        raise _other_setting(path, gradient, simulation.gradient_setting)
    simulation.prepare()
    check_fingerprints(header["parts"], simulation.description.network, str(path))
    recorded = _recorded(simulation)
    of_synapses = header.get("of_synapses", {})     # older files have none
    with all_or_nothing(state, simulation, *simulation.current_sources, *simulation.projections,
                        *(each.recorder for each in (*recorded, *_with_recorder(simulation)))):
        with as_error(CheckpointError, f"{path} is damaged"):
            data = [population.recorder.restored(_under(f"recorder/{population.index}/", arrays),
                                                 header["recorders"][str(population.index)])
                    for population in recorded]
            for source in simulation.current_sources:
                source.restore(_under(f"current/{source.index}/", arrays))
            simulation.learning = bool(header["learning"])
            state.running = bool(header["running"])
            state.segment_counter = int(header["segment_counter"])
            formats = header.get("formats")
            if formats is not None:
                formats = Formats(**{name: tuple(map(int, bits)) for name, bits in formats.items()})
        simulation.restore(_under("machine/", arrays), formats)
        for population, segments in zip(recorded, data, strict=True):
            population.recorder.take_over(segments)
        for projection in _with_recorder(simulation):
            if str(projection.index) not in of_synapses:
                projection.recorder.begin_again()
        with as_error(CheckpointError, f"{path} is damaged"):
            for index, about in of_synapses.items():
                simulation.projections[int(index)].continue_recording(
                    _under(f"synapses/{index}/", arrays), about)


def _other_setting(path: str | Path, written: str, present: str) -> CheckpointError:
    return CheckpointError(f"{path} was written with {written}, but this run has {present}; use "
                           "the same in setup()")


def _setting(arithmetic: str) -> str:
    """The argument of ``setup()`` that chooses an arithmetic: the host's, or BACKEND-PRECISION."""
    backend, dash, precision = arithmetic.partition("-")
    if dash:
        return f"precision={precision!r} of the backend {backend!r}"
    keyword = "machine" if arithmetic == "reference" else "precision"
    return f"{keyword}={arithmetic!r}"


def _recorded(simulation: Any) -> list[Any]:
    """The populations recorded by this package, not by a parent backend."""
    return [population for population in simulation.populations if hasattr(population, "recorder")]


def _with_recorder(simulation: Any) -> list[Any]:
    """The projections of which synapses are recorded."""
    return [projection for projection in simulation.projections
            if getattr(projection, "recorder", None) is not None]


def _under(prefix: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items()
            if name.startswith(prefix)}
