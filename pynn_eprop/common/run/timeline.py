"""Steps and intervals of a run, their times, and how far to go at once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pynn_eprop.common.arguments.grid import LAST_STEP, to_ms, to_steps
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.errors import TimeError

CHUNK_SECONDS = 0.2         # between two checks for signals and checkpoints
_LARGEST_GROWTH = 16        # from one chunk to the next


@dataclass(frozen=True)
class Timeline:
    """Global steps as times in ms, and intervals.

    ``update_steps``: steps from one weight update to the next (while learning is on), or None
    if nothing learns. ``pause_steps``: steps after each interval that belong to none, if script
    time contains the pauses of a machine.
    """

    timestep: float
    interval_steps: int | None
    update_steps: int | None
    pause_steps: int = 0

    @classmethod
    def of(cls, options: SharedOptions) -> "Timeline":
        """The timeline that ``setup()`` asked for."""
        interval = options.interval_steps
        update = None if interval is None else interval * options.trials_per_update
        return cls(options.timestep, interval, update)

    def time(self, step: int) -> float:
        """Script time of a step in ms, without the binary noise of the product."""
        return float(to_ms(step, self.timestep))

    def step_at(self, time: float) -> int:
        """The step at a time in ms. Raises :class:`TimeError` for one off the grid."""
        return int(to_steps(time, self.timestep, "the end of a run", TimeError, LAST_STEP))

    @property
    def period(self) -> int:
        """Steps from the beginning of an interval to that of the next; 1 without intervals."""
        return 1 if self.interval_steps is None else self.interval_steps + self.pause_steps

    def starts_interval(self, step: int) -> bool:
        """Whether no interval is half done after ``step``."""
        local = step % self.period
        return self.interval_steps is None or local == 0 or local >= self.interval_steps

    def interval_end(self, step: int) -> int:
        """The last step of the interval in progress (of the next one at a boundary)."""
        length = self.interval_steps or 1
        number = step // self.period + (step % self.period >= length)
        return number * self.period + length

    def within_intervals(self, steps: np.ndarray) -> np.ndarray:
        """Whether each of these steps, from 1 on, is a step of an interval."""
        if self.interval_steps is None:
            return np.ones(np.shape(steps), dtype=bool)
        return (np.asarray(steps) - 1) % self.period < self.interval_steps

    def without_pauses(self, steps: ArrayLike) -> np.ndarray:
        """How many steps up to each of ``steps`` are steps of intervals."""
        numbers, local = np.divmod(steps, self.period)
        return np.asarray(numbers * (self.interval_steps or 1)
                          + np.minimum(local, self.interval_steps or 1))

    def with_pauses(self, steps: int) -> int:
        """The step at which so many steps of intervals have been done."""
        return steps + max(steps - 1, 0) // (self.interval_steps or 1) * (self.period - (
            self.interval_steps or 1))


class Pace:
    """Chooses chunks of about :data:`CHUNK_SECONDS`, in whole updates if there are updates."""

    def __init__(self, timeline: Timeline) -> None:
        self._unit = timeline.update_steps or 1
        self._chunk = timeline.update_steps or 1000

    def next(self, step: int, last: int, most_steps: int | None = None) -> int:
        """How many steps to go from ``step``, not beyond ``last``.

        ``most_steps``: a limit for the memory that a chunk needs; it may end it within an update.
        """
        chunk = self._chunk if most_steps is None else min(self._chunk, max(most_steps, 1))
        end = (step + chunk) // self._unit * self._unit
        if end <= step:
            boundary = (step // self._unit + 1) * self._unit
            end = boundary if most_steps is None else min(boundary, step + max(most_steps, 1))
        return min(end, last) - step

    def took(self, steps: int, seconds: float) -> None:
        """Adapt to the time that a chunk took."""
        affordable = steps * CHUNK_SECONDS / max(seconds, 1e-6)
        self._chunk = max(int(min(affordable, self._chunk * _LARGEST_GROWTH)), self._unit)
