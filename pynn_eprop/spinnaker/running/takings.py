"""Recordings of a stretch as rows of steps and values, joined over a population's cores."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pynn_eprop.common.recordings import SampledLog
from pynn_eprop.common.timeline import Timeline
from pynn_eprop.errors import SimulationError


@dataclass
class Rows:
    """Values (rows, columns) at script steps (rows,); of spikes, columns are cells."""

    steps: np.ndarray
    values: np.ndarray


def joined(parts: Sequence[Rows]) -> Rows:
    """The rows of all cores side by side; 0 where a core has none."""
    if len(parts) == 1:
        return Rows(parts[0].steps, parts[0].values)
    steps = np.unique(np.concatenate([part.steps for part in parts]))
    columns = []
    for part in parts:
        values = np.zeros((len(steps), part.values.shape[1]), dtype=part.values.dtype)
        values[np.searchsorted(steps, part.steps)] = part.values
        columns.append(values)
    return Rows(steps, np.concatenate(columns, axis=1))


def after(earlier: Rows | None, rows: Rows) -> Rows:
    """``rows`` behind those that an earlier stretch gave ahead of script time."""
    if earlier is None or not len(earlier.steps):
        return rows
    return Rows(np.concatenate([earlier.steps, rows.steps]),
                np.concatenate([earlier.values, rows.values]))


def split(rows: Rows, last: int) -> tuple[Rows, Rows]:
    """Rows up to script step ``last``, and those ahead of it."""
    count = int(np.searchsorted(rows.steps, last, side="right"))
    return Rows(rows.steps[:count], rows.values[:count]), \
        Rows(rows.steps[count:], rows.values[count:])


def spikes(rows: Rows, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Spikes of some cells as (steps, cells), sorted by step."""
    row, column = np.nonzero(rows.values[:, cells])
    return rows.steps[row].astype(np.int64), cells[column]


def samples(rows: Rows, log: SampledLog, last: int, timeline: Timeline, label: str) -> np.ndarray:
    """Samples for a log up to script step ``last``, (samples, cells).

    Learning signals are there when their interval is over. Integers as float; NaN in pauses. Raises
    :class:`SimulationError` where cores left samples out.
    """
    if log.variable == "learning_signal" and not timeline.starts_interval(last):
        last -= last % timeline.period
    wanted = np.arange(log.first + len(log.values()) * log.every, last + 1, log.every)
    within = timeline.within_intervals(wanted)
    rows = Rows(*(part[rows.steps % log.every == 0] for part in (rows.steps, rows.values)))
    expected = wanted[within]
    if not np.array_equal(rows.steps, expected):
        missing = np.setdiff1d(expected, rows.steps)
        raise SimulationError(f"{label}: the recording of {log.variable} lacks the sample of step "
                              f"{int(missing[0])}; the memory for recordings was too small")
    values = np.full((len(wanted), rows.values.shape[1]), np.nan)
    values[within] = rows.values
    return values
