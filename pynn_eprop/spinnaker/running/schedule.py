"""Script time and machine time: where intervals begin, and which are followed by an update."""

from bisect import bisect_right
from dataclasses import dataclass, field, replace

import numpy as np

UPDATE_LAG = 4
"""Machine steps from the end of an interval until its update has certainly begun; a core that has
begun one finishes it before it stops."""
READOUT_LAG = 2
"""Machine steps by which a run that stops within an interval goes further than script time:
readouts do a step one later than cells, and a step's samples are complete when it is over."""


@dataclass
class Schedule:
    """The times at which intervals begin, in script time and on the machine.

    interval_steps: T, or None if time has no intervals. pause_trial, pause_update: machine
    steps after an interval without and with an update. in_script: whether script time contains
    the pauses, which are equal then. first_interval: number of the interval in
    script time that the machine begins with, as its number 0. base: of each interval begun, and of
    the next, the machine step of its local step 0. learned, updated: whether an interval begun
    counts, and whether an update ends it. pending: intervals begun that no update has gathered.
    lag: 0 without cells of ours.
    """

    interval_steps: int | None
    trials_per_update: int
    pause_trial: int
    pause_update: int
    first_interval: int = 0
    first_update: int = 0
    base: list[int] = field(default_factory=lambda: [0])
    learned: list[bool] = field(default_factory=list)
    updated: list[bool] = field(default_factory=list)
    lag: int = READOUT_LAG
    pending: int = 0
    in_script: bool = False

    @property
    def period(self) -> int:
        """Script steps from the beginning of an interval to that of the next."""
        return (self.interval_steps or 1) + (self.pause_update if self.in_script else 0)

    def copy(self) -> "Schedule":
        """A copy, to go back to after a failed run."""
        return replace(self, base=list(self.base), learned=list(self.learned),
                       updated=list(self.updated))

    def begin_intervals(self, last: int, learning: bool) -> None:
        """Count the intervals that begin before script step ``last``."""
        if self.interval_steps is None:
            return
        while (self.first_interval + len(self.learned)) * self.period < last:
            self.pending += learning
            update = learning and self.pending == self.trials_per_update
            self.learned.append(learning)
            self.updated.append(update)
            pause = self.pause_update if update else self.pause_trial
            self.base.append(self.base[-1] + self.interval_steps + pause)
            if update:
                self.pending = 0

    def over(self, step: int) -> int:
        """Number of intervals that are over at script step ``step``, as the machine counts them."""
        if self.interval_steps is None:
            return 0
        number, local = divmod(step, self.period)
        return max(number + (local >= self.interval_steps) - self.first_interval, 0)

    def updates(self, step: int) -> int:
        """Updates done at script step ``step``."""
        return self.first_update + sum(self.updated[:self.over(step)])

    def machine_step(self, step: int) -> int:
        """The machine step to run to for a run that ends at script step ``step``."""
        if self.interval_steps is None:
            return step + self.lag if step else 0
        interval, local = divmod(step, self.period)
        if local >= self.interval_steps:
            local = max(local, self.interval_steps + UPDATE_LAG) if self.lag else local
        elif local:
            local += self.lag
        return self.base[interval - self.first_interval] + local

    def cells_ahead(self, step: int) -> bool:
        """Whether a machine that stopped for script step ``step`` has done the cells' next step."""
        within = self.interval_steps is None or 0 < step % self.period < self.interval_steps
        return bool(self.lag and step and within)

    def source_step(self, step: int) -> int | None:
        """The machine step at which a source fires for script step ``step``; None if not known."""
        if self.interval_steps is None:
            return step
        interval, local = divmod(step, self.period)
        place = interval - self.first_interval
        return self.base[place] + local if 0 <= place < len(self.base) else None

    def source_steps(self, steps: np.ndarray) -> np.ndarray:
        """As :meth:`source_step`, for many script steps of begun intervals; -1 for others."""
        steps = np.asarray(steps, dtype=np.int64)
        if self.interval_steps is None:
            return steps
        place = steps // self.period - self.first_interval
        begun = (place >= 0) & (place < len(self.learned))
        base = np.asarray(self.base)[np.where(begun, place, 0)]
        return np.where(begun, base + steps % self.period, -1)

    def script_range(self, first: int, last: int) -> tuple[int, int]:
        """Script steps, both included, whose source spikes may fire at first <= machine < last."""
        if self.interval_steps is None:
            return first, last - 1
        begin = max(bisect_right(self.base, first) - 1, 0) + self.first_interval
        end = bisect_right(self.base, last) + self.first_interval
        return begin * self.period, end * self.period - 1

    def script_step(self, machine_step: int) -> int | None:
        """The script step at which a source would fire; None within a pause."""
        if self.interval_steps is None:
            return machine_step
        place = bisect_right(self.base, machine_step) - 1
        local = machine_step - self.base[place]
        if local >= self.period:
            return None
        return (self.first_interval + place) * self.period + local

    def sampled_steps(self, steps: np.ndarray) -> np.ndarray:
        """Script steps of samples that cores recorded at ``steps`` (counted without pauses)."""
        if self.interval_steps is None:
            return steps
        before = steps - 1
        return steps + self.first_interval * self.period \
            + before // self.interval_steps * (self.period - self.interval_steps)

    def ends(self, intervals: np.ndarray) -> np.ndarray:
        """Script steps at which intervals end, from their numbers as cores count them."""
        return (intervals + self.first_interval) * self.period + (self.interval_steps or 1)
