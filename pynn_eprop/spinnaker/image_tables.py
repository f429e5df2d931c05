"""Regions RUN and TARGET: what a stretch of a run needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pynn_eprop.engine.fixed_numbers import STATE_BITS
from pynn_eprop.models.network import Readouts
from pynn_eprop.spinnaker.image_numbers import NO_TARGET, to_targets
from pynn_eprop.spinnaker.layout import RUN_HEADER


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
    """Region RUN: the header, and the optimisers' constants for each update."""
    header = np.zeros(1, RUN_HEADER.dtype)
    for name in ("learning", "restart", "reload", "mirror", "first_update", "n_updates"):
        header[name] = getattr(run, name)
    header["first_target"] = run.first_interval
    header["n_targets"] = run.last_interval - run.first_interval
    if not learners:
        header["n_updates"] = 0
    steps = [learner.step(update) for update in range(run.first_update,
                                                      run.first_update + run.n_updates)
             for learner in learners]
    return header.tobytes() + b"".join(step.tobytes() for step in steps)


def target_bytes(readouts: Readouts, interval: int | None, run: Run) -> bytes:
    """Region TARGET: of one interval where it repeats, else of the stretch's intervals."""
    if interval is None or readouts.target is None:
        return b""
    target = np.asarray(readouts.target, dtype=float)
    if readouts.target_repeats:
        return to_targets(target.T, STATE_BITS).astype("<i4").tobytes()
    first = (run.first_interval + run.script_interval) * interval
    count = (run.last_interval - run.first_interval) * interval
    rows = np.full((count, readouts.size), NO_TARGET, "<i4")
    place = np.arange(first, first + count) - readouts.target_start
    inside = (place >= 0) & (place < target.shape[1])
    rows[inside] = to_targets(target.T[place[inside]], STATE_BITS)
    return rows.tobytes()
