"""Regions RUN and TARGET, which are written for each stretch of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pynn_eprop.engine.fixed_constants import to_fixed
from pynn_eprop.fixed.numbers import STATE_BITS
from pynn_eprop.models.cells import Readouts
from pynn_eprop.models.targets import targets_at
from pynn_eprop.spinnaker.memory.layout import (
    NOT_DONE,
    OPTIMIZER_STEP,
    RUN_HEADER,
    UPDATE_ACTIVITY,
)
from pynn_eprop.spinnaker.memory.numbers import Learner

STEPS_AHEAD = 4
"""Steps by which cores without intervals may be ahead of the script."""


@dataclass(frozen=True)
class Run:
    """One stretch of a run.

    first_interval, last_interval: those that it runs in (the last not included), as the core counts
    them. script_interval: number in script time of the core's interval 0. first_step, last_step:
    script steps without intervals. Others: run_header.
    """

    learning: bool = True
    restart: bool = False
    reload: bool = False
    mirror: bool = True
    first_update: int = 0
    n_updates: int = 1
    first_interval: int = 0
    last_interval: int = 1
    script_interval: int = 0
    first_step: int = 0
    last_step: int = 0

    def values(self, interval: int | None, delay: int) -> tuple[int, int]:
        """The first step whose values cores need, as they count steps, and how many steps.

        interval: steps of one, or None. delay: the longest.
        """
        if interval is None:
            first = max(self.first_step - delay, 0)
            return first, self.last_step + STEPS_AHEAD - first
        return self.first_interval * interval, (
            self.last_interval - self.first_interval) * interval


def run_bytes(run: Run, learners: Sequence[Learner], values: tuple[int, int] = (0, 0)) -> bytes:
    """Region RUN: the header, and for each update its activity and the optimisers' constants.

    values: as of :meth:`Run.values`.
    """
    header = np.zeros((), RUN_HEADER.dtype)
    for name in ("learning", "restart", "reload", "mirror", "first_update", "n_updates"):
        header[name] = getattr(run, name)
    header["first_interval"] = run.first_interval
    header["n_targets"] = run.last_interval - run.first_interval
    header["first_value"], header["n_values"] = values
    updates = np.zeros(run.n_updates, _update_type(len(learners)))
    updates["activity"]["spikes"] = NOT_DONE
    for number, constants in enumerate(updates["constants"], run.first_update):
        for place, learner in enumerate(learners):
            constants[place] = learner.step(number)
    return header.tobytes() + updates.tobytes()


def run_size(updates: int, learners: int) -> int:
    """Bytes of region RUN for a number of updates, of a core with a number of learners."""
    return int(RUN_HEADER.dtype.itemsize + updates * _update_type(learners).itemsize)


def read_activity(data: bytes, learners: int) -> tuple[int, np.ndarray, np.ndarray]:
    """A report on the updates in a core's last run, from region RUN.

    ``learners``: how many the core has.
    Gives the number of updates before them and, for each of them, (updates,), the spikes of its
    cells and whether one had a pseudo-derivative other than 0.
    """
    header = np.frombuffer(data, RUN_HEADER.dtype, count=1)[0]
    updates = np.frombuffer(data, _update_type(learners), int(header["n_updates"]),
                            RUN_HEADER.dtype.itemsize)["activity"]
    done = updates[updates["spikes"] != NOT_DONE]       # they come first
    return int(header["first_update"]), done["spikes"].astype(np.int64), done["slope"] != 0


def _update_type(learners: int) -> np.dtype:
    return np.dtype([("activity", UPDATE_ACTIVITY.dtype),
                     ("constants", OPTIMIZER_STEP.dtype, (learners,))])


def target_bytes(readouts: Readouts, interval: int | None, run: Run) -> bytes:
    """Region TARGET: of one interval if it repeats, else of the stretch's intervals."""
    if interval is None or readouts.target is None:
        return b""
    steps = np.arange(interval)
    if not readouts.target_repeats:
        first, last = ((each + run.script_interval) * interval
                       for each in (run.first_interval, run.last_interval))
        steps = np.arange(first, last)
    return to_fixed(targets_at(readouts, steps + 1), STATE_BITS).tobytes()
