"""A trial of a one-shot network as plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

INPUT, LEARNER, GOAL, OUTPUT = "input", "learner", "goal", "output"
"""Labels of populations that every one-shot network has."""


@dataclass(frozen=True)
class OneShotTrial:
    """A trial of T steps; step t is in row t - 1.

    y: by label of readouts, (T, size). spikes: (times in ms from the start of the trial, cells) by
    label of spiking populations.
    """

    y: Mapping[str, np.ndarray]
    spikes: Mapping[str, tuple[np.ndarray, np.ndarray]]
