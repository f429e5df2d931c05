"""What a substrate gives back of one trial."""

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Samples:
    """Membrane potentials of one population.

    times: ms since the trial's start, increasing, (samples,). v: (samples, cells), in the units of
    ``v_thresh``, with the resting potential as 0; NaN where a cell has none.
    """

    times: np.ndarray
    v: np.ndarray


@dataclass(frozen=True)
class Measured:
    """Spikes and samples of one trial, by population.

    spikes: (times in ms since the trial's start, cells), sorted by time; between time steps, too.
    samples: of the populations whose potentials were asked for.
    """

    spikes: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    samples: dict[int, Samples] = field(default_factory=dict)
