"""Targets of readouts: those of a step, and where they end."""

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike


class Taught(Protocol):
    """Anything with a target, as :class:`pynn_eprop.models.cells.Readouts`."""

    @property
    def size(self) -> int:
        """Number of readouts."""
        ...

    @property
    def target(self) -> np.ndarray | None:
        """(readouts, steps), or None."""
        ...

    @property
    def target_repeats(self) -> bool:
        """Whether its steps are those of one interval."""
        ...

    @property
    def target_start(self) -> int:
        """The global step before that of its first column, if it does not repeat."""
        ...


def targets_at(readouts: Taught, steps: ArrayLike) -> np.ndarray:
    """Targets at global steps 1, 2, ...: (steps, readouts), NaN where there is none."""
    steps, target = np.atleast_1d(np.asarray(steps)), readouts.target
    values = np.full((len(steps), readouts.size), np.nan)
    if target is None:
        return values
    columns = (steps - 1) % target.shape[1] if readouts.target_repeats \
        else steps - 1 - readouts.target_start
    known = (steps > 0) & (columns >= 0) & (columns < target.shape[1])
    values[known] = target[:, columns[known]].T
    return values


def target_end(readouts: Taught) -> int | None:
    """The last global step that has a target; None if it repeats, or there is none."""
    if readouts.target is None or readouts.target_repeats:
        return None
    return int(readouts.target_start) + int(readouts.target.shape[1])
