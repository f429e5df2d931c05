"""Values of analog sources: from a script's forms to frames, and when each of these holds."""

import math
from typing import Any

import numpy as np
from pyNN.parameters import Sequence

from pynn_eprop.common.arguments.grid import LAST_STEP, to_ms, to_steps
from pynn_eprop.errors import ParameterError
from pynn_eprop.models.parameters import as_numbers


def as_sequences(values: Any, owner: str) -> Sequence | list[Sequence]:
    """Values in the form that PyNN's parameters have: a Sequence, or one per cell.

    ``values``: array (cells, frames) or (frames,) for all cells alike, a Sequence, or a list of
    Sequences. Raises :class:`ParameterError`.
    """
    if isinstance(values, Sequence):
        return values
    if isinstance(values, np.ndarray) and values.dtype == object:
        values = values.tolist()
    if isinstance(values, (list, tuple)) and len(values) \
            and all(isinstance(row, Sequence) for row in values):
        return list(values)
    numbers = None if values is None else as_numbers(values)
    if numbers is None or numbers.ndim not in (1, 2):
        found = f"{values!r}" if numbers is None else f"an array of shape {numbers.shape}"
        raise ParameterError(f"{owner}: values are {found}; give an array (cells, frames) of "
                             "numbers, (frames,) for all cells alike, or a list of Sequences, one "
                             "per cell")
    return Sequence(numbers) if numbers.ndim == 1 else [Sequence(row) for row in numbers]


def check_rows(sequences: Any, size: int, owner: str) -> None:
    """Raise :class:`ParameterError` unless there is one row, or one per cell."""
    if isinstance(sequences, list) and len(sequences) != size:
        raise ParameterError(f"{owner}: values have {len(sequences)} rows, but there are {size} "
                             "cells; give an array (cells, frames)")


def to_frames(sequences: np.ndarray, owner: str) -> np.ndarray:
    """One Sequence per cell as an array (frames, cells).

    Raises :class:`ParameterError` for values that are not finite, or lengths that differ.
    """
    rows = [np.asarray(sequence.value, dtype=float) for sequence in sequences]
    lengths = sorted({len(row) for row in rows})
    if len(lengths) > 1:
        raise ParameterError(f"{owner}: the values of the cells differ in length ({lengths[0]} to "
                             f"{lengths[-1]} frames); all must have the same")
    frames = np.stack(rows, axis=1)
    if not np.all(np.isfinite(frames)):
        raise ParameterError(f"{owner}: value {frames[~np.isfinite(frames)][0]:g} is not allowed; "
                             "values must be finite, 0 for no input")
    return frames


class AnalogValues:
    """Given values of a population, ready to be cut into stretches.

    Frame f holds at the steps first + f n ... first + (f + 1) n - 1, n the steps of a frame; before
    and after, values are 0. Of values that repeat, these are steps of each interval.

    Parameters
    ----------
    frames: (frames, cells)
    frame_duration, start: ms
    repeats: None: if the values, from ``start`` on, end with an interval
    given: the step at which they were given, from which ``start`` counts unless they repeat
    interval_steps: of an update interval, or None

    Raises :class:`ParameterError` for values that repeat but do not fit into an interval, and for
    times that are too long.
    """

    def __init__(self, frames: np.ndarray, frame_duration: float, start: float,
                 repeats: bool | None, given: int, timestep: float, interval_steps: int | None,
                 owner: str) -> None:
        self.frames = frames
        self.frame_steps, offset = (
            int(to_steps(time, timestep, f"{owner}: {name}", ParameterError, LAST_STEP))
            for name, time in (("frame_duration", frame_duration), ("start", start)))
        end = offset + len(frames) * self.frame_steps
        if repeats:
            if interval_steps is None:
                raise ParameterError(f"{owner}: repeats=True needs setup(update_interval=...), as "
                                     "values begin again with each interval")
            if end > interval_steps:
                raise ParameterError(
                    f"{owner}: {len(frames)} frames of {to_ms(self.frame_steps, timestep):g} ms "
                    f"from {start:g} ms on end at {to_ms(end, timestep):g} ms, beyond the update "
                    f"interval of {to_ms(interval_steps, timestep):g} ms in which they are to "
                    "repeat; give fewer, or repeats=False")
        if repeats is None:
            repeats = end == interval_steps
        self.interval_steps = interval_steps if repeats else None
        self.first = offset if repeats else given + offset

    def between(self, first: int, last: int) -> np.ndarray:
        """The values at the steps ``first`` ... ``last``, (steps, cells)."""
        steps = np.arange(first, last + 1)
        if self.interval_steps is not None:
            steps = steps % self.interval_steps
        frame = (steps - self.first) // self.frame_steps
        present = (frame >= 0) & (frame < len(self.frames))
        rows = np.zeros((len(steps), self.frames.shape[1]))
        rows[present] = self.frames[frame[present]]
        return rows

    @property
    def largest(self) -> float:
        """The largest magnitude of a value."""
        return float(np.max(np.abs(self.frames), initial=0.0))


def complete(values: dict[str, np.ndarray], timestep: float) -> None:
    """Put one time step in the place of a frame's duration that was not given."""
    duration = values.get("frame_duration")
    if duration is not None:
        values["frame_duration"] = np.where([math.isnan(each) for each in duration], timestep,
                                            duration)
