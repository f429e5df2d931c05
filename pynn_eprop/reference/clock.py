"""Global steps, and the intervals that they belong to."""

from dataclasses import dataclass

import numpy as np

from pynn_eprop.models.network import Boundary, Settings


@dataclass(frozen=True)
class Clock:
    """The rule of time: global step g = k T + s is step s = 1..T of interval k.

    Without intervals (T is None) there is one that never ends.
    """

    settings: Settings

    def interval(self, step: int) -> int:
        """The k of a step at which something arrives, is computed, or a cell spikes."""
        length = self.settings.interval_steps
        return 0 if length is None else (step - 1) // length

    def local(self, step: int) -> int:
        """The s of a step."""
        length = self.settings.interval_steps
        return step if length is None else (step - 1) % length + 1

    def starts(self, step: int) -> bool:
        """Whether this is the first step of an interval."""
        return self.local(step) == 1

    def ends(self, step: int) -> bool:
        """Whether this is the last step of an interval."""
        return self.local(step) == self.settings.interval_steps

    def same_interval(self, emitted: np.ndarray, step: int, source: bool,
                      steps: int | None = None) -> np.ndarray:
        """Whether spikes emitted at these steps belong to the interval that ``step`` is in.

        Spikes of a source belong to steps 0..n-1 of an interval of n steps (T, or ``steps``),
        spikes of a cell to 1..n.
        """
        length = self.settings.interval_steps
        if length is None:
            return emitted >= (0 if source else 1)
        since = (emitted if source else emitted - 1) - length * self.interval(step)
        return (since >= 0) & (since < (length if steps is None else steps))

    @property
    def resets(self) -> bool:
        """Whether e-prop cells and readouts forget everything at the end of an interval."""
        return self.settings.boundary == Boundary.RESET
