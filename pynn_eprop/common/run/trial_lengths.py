"""How long trials last that are shorter than the update interval."""

from typing import Any

import numpy as np

from pynn_eprop.common.arguments.grid import to_steps
from pynn_eprop.common.arguments.setup import SharedOptions
from pynn_eprop.common.run.timeline import Timeline
from pynn_eprop.errors import ParameterError, TimeError, UnsupportedError
from pynn_eprop.models.network import Boundary
from pynn_eprop.models.parameters import as_numbers

_CALL = "set_trial_durations()"


class TrialLengths:
    """Steps of the trials (update intervals) that a script gave, by their number from 0 on.

    Others have all steps of the interval. Lengths stay, as times of spikes do, also after a reset.
    """

    def __init__(self, options: SharedOptions, timeline: Timeline) -> None:
        self._options = options
        self._timeline = timeline
        self._steps: dict[int, int] = {}

    def give(self, durations: Any, start: Any, now: int) -> None:
        """Take durations in ms of the trials that begin from ``start`` (ms, or None: next) on.

        now: the present step. Raises :class:`UnsupportedError` for trials that do not stand on
        their own, :class:`ParameterError` for what are no durations of trials, and
        :class:`TimeError` for a start within a trial, or in the past.
        """
        whole = self._options.interval_steps
        if whole is None:
            raise UnsupportedError(f"{_CALL}: there are no trials; give setup(update_interval=...)")
        if self._options.boundary != Boundary.RESET:
            raise UnsupportedError(f"{_CALL}: with boundary='continuous' trials go on in each "
                                   "other; use boundary='reset'")
        lengths = self._checked(durations, whole)
        first = self._first(start, whole, now)
        self._steps |= {first + number: int(length) for number, length in enumerate(lengths)}

    def _checked(self, durations: Any, whole: int) -> np.ndarray:
        numbers = as_numbers(durations)
        if numbers is None or numbers.ndim > 1:
            raise ParameterError(f"{_CALL}: durations={durations!r} must be numbers of ms, one for "
                                 "each trial")
        steps = to_steps(np.atleast_1d(numbers), self._options.timestep, f"{_CALL}: a duration",
                         ParameterError)
        wrong = (steps < 1) | (steps > whole)
        if np.any(wrong):
            raise ParameterError(
                f"{_CALL}: a duration={np.atleast_1d(numbers)[wrong][0]:g} ms must be at least one "
                f"time step, and at most the update interval of {self._timeline.time(whole):g} ms")
        return steps

    def _first(self, start: Any, whole: int, now: int) -> int:
        """The number of the trial that begins at ``start``."""
        following = -(-now // whole)
        if start is None:
            return following
        number = as_numbers(start)
        if number is None or number.ndim:
            raise TimeError(f"{_CALL}: start={start!r} must be a number of ms")
        step = int(to_steps(number, self._options.timestep, f"{_CALL}: start", TimeError))
        if step % whole or step < following * whole:
            time = self._timeline.time
            raise TimeError(f"{_CALL}: start={start:g} ms is not the beginning of a trial to come; "
                            f"the next begins at {time(following * whole):g} ms, and one every "
                            f"{time(whole):g} ms")
        return step // whole

    def between(self, first: int, last: int) -> np.ndarray | None:
        """Steps of the trials that begin at first <= step < last; None if all are whole."""
        whole = self._options.interval_steps
        if whole is None or not self._steps:
            return None
        lengths = np.array([self._steps.get(number, whole)
                            for number in range(-(-first // whole), -(-last // whole))], dtype=int)
        return None if np.all(lengths == whole) else lengths
