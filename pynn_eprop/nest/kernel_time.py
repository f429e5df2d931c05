"""Script time and NEST's: how far the kernel is ahead, and when it stamps what.

Interval k of NEST's e-prop neurons starts at kernel step k T + 2, that of its readouts one step
later. So a kernel that starts two steps early makes their step 1 script step 1. ``LAG`` holds, by
recordable, how many kernel steps after script step s NEST stamps its value of step s: a signal is
one step later behind a synapse, an error is computed from the y of the step before, and a learning
signal is reported when it can no longer change.
"""

from dataclasses import dataclass

OFFSET = 2
LAG = {"spikes": OFFSET, "v": OFFSET, "a": OFFSET, "h": OFFSET, "learning_signal": OFFSET + 3,
       "y": OFFSET + 1, "error": OFFSET + 2, "target": OFFSET + 2, "loss": OFFSET + 1}
STOCK_LAG = OFFSET      # of all that cells of other types record
DELIVERY = 1            # steps until a recording device has what is stamped
SOURCE_LEAD = 1         # steps from script time to a generator's spike; its relay is one later
TARGET_LEAD = OFFSET + 1    # the generator's stamp of a target of script step s
RATE_CHANGE = OFFSET + 1    # after this many steps of an interval no spike is of the one before


@dataclass(frozen=True)
class KernelTime:
    """Kernel time: steps as ms, and the offset to script time."""

    timestep: float

    @property
    def offset(self) -> float:
        """Kernel time minus script time, ms."""
        return OFFSET * self.timestep

    def ms(self, steps: int) -> float:
        """A kernel step, in ms on NEST's grid."""
        return round(steps * self.timestep, 9)
