"""Learning windows: NEST has one, the last steps of every interval, in which there are targets."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pynn_eprop.errors import UnsupportedError


def window_steps(readouts: Sequence[Any], first: int, last: int,
                 interval_steps: int) -> int | None:
    """Steps at the end of each interval in which there are targets; None if none are needed.

    Looks at the intervals that have steps in ``first`` < step <= ``last``. Raises
    :class:`UnsupportedError` unless all intervals and readouts have the same window, and there are
    targets in all of it.
    """
    found: dict[int, str] = {}
    for readout in readouts:
        if readout.celltype.loss is not None:
            for window in _windows(readout, first, last, interval_steps):
                found.setdefault(window, readout.label)
    if len(found) > 1:
        texts = [f"{window} steps ({label})" for window, label in sorted(found.items())]
        raise UnsupportedError(
            f"targets are there in the last {' and in the last '.join(texts)} of an interval; "
            "NEST has one learning window, the same for all readouts and intervals")
    return next(iter(found), None)


def _windows(readout: Any, first: int, last: int, length: int) -> list[int]:
    begin, end = first // length * length, -(-last // length) * length
    if readout.target_repeats:
        begin, end = 0, length
    steps = np.arange(begin + 1, end + 1)
    missing = np.isnan(readout.target_at(steps)).reshape(-1, length, readout.size)
    prefix = np.argmin(missing.all(axis=2), axis=1)
    windows = []
    for number, (start, interval) in enumerate(zip(prefix.tolist(), missing, strict=True)):
        if interval.all():
            raise UnsupportedError(f"{readout.label}: interval {begin // length + number} has no "
                                   "target at all; NEST needs one in every interval")
        if interval[start:].any():
            raise UnsupportedError(
                f"{readout.label}: there is no target at step "
                f"{start + 1 + int(np.argmax(interval[start:].any(axis=1)))} of interval "
                f"{begin // length + number}; NEST accepts NaN only at the beginning of every "
                "interval, up to the same step for all readouts")
        windows.append(length - start)
    return sorted(set(windows))
