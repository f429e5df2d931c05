"""What a network gets in a stretch of trials: input spikes and targets."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Trials:
    """One or more trials in a row.

    spike_times: per input cell, sorted, in ms from the start of the first trial.
    target: shape (readouts, steps of all trials), NaN where there is none; None where the
    target given when the network was built goes on repeating.
    """

    n_trials: int
    spike_times: tuple[np.ndarray, ...]
    target: np.ndarray | None = None
