"""Regions RUN and TARGET: what a stretch of a run needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.fixed.numbers import STATE_BITS
from pynn_eprop.models.network import Readouts
from pynn_eprop.models.targets import targets_at
from pynn_eprop.spinnaker.image_numbers import STEP_WORDS, to_targets
from pynn_eprop.spinnaker.layout import NOT_DONE, RUN_HEADER, UPDATE_ACTIVITY


@dataclass(frozen=True)
class Run:
    """One stretch of a run.

    first_interval, last_interval: those that it runs in (the last not included), as the core counts
    them. script_interval: number in script time of the core's interval 0. Others: run_header.
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


def run_bytes(run: Run, learners: Sequence[Any]) -> bytes:
    """Region RUN: the header, and for each update its activity and the optimisers' constants."""
    header = np.zeros(1, RUN_HEADER.dtype)
    for name in ("learning", "restart", "reload", "mirror", "first_update", "n_updates"):
        header[name] = getattr(run, name)
    header["first_target"] = run.first_interval
    header["n_targets"] = run.last_interval - run.first_interval
    not_done = np.zeros(1, UPDATE_ACTIVITY.dtype)
    not_done["spikes"] = NOT_DONE
    updates = [not_done.tobytes() + b"".join(learner.step(update).tobytes() for learner in learners)
               for update in range(run.first_update, run.first_update + run.n_updates)]
    return header.tobytes() + b"".join(updates)


def run_size(updates: int, learners: int) -> int:
    """Bytes of region RUN for so many updates, of a core with so many learners."""
    return int(RUN_HEADER.dtype.itemsize + updates * _update_type(learners).itemsize)


def read_activity(data: bytes, learners: int) -> tuple[int, np.ndarray, np.ndarray]:
    """What a core with so many learners reports of updates in its last run, from region RUN.

    The number of updates before them; of each, (updates,), spikes of its cells and whether one had
    a pseudo-derivative other than 0.
    """
    header = np.frombuffer(data, RUN_HEADER.dtype, count=1)[0]
    updates = np.frombuffer(data, _update_type(learners), int(header["n_updates"]),
                            RUN_HEADER.dtype.itemsize)["activity"]
    done = updates[updates["spikes"] != NOT_DONE]       # they come first
    return int(header["first_update"]), done["spikes"].astype(np.int64), done["slope"] != 0


def _update_type(learners: int) -> np.dtype:
    return np.dtype([("activity", UPDATE_ACTIVITY.dtype),
                     ("constants", "<u4", (learners, STEP_WORDS))])


def target_bytes(readouts: Readouts, interval: int | None, run: Run) -> bytes:
    """Region TARGET: of one interval where it repeats, else of the stretch's intervals."""
    if interval is None or readouts.target is None:
        return b""
    steps = np.arange(interval)
    if not readouts.target_repeats:
        first, last = ((each + run.script_interval) * interval
                       for each in (run.first_interval, run.last_interval))
        steps = np.arange(first, last)
    return to_targets(targets_at(readouts, steps + 1), STATE_BITS).astype("<i4").tobytes()
