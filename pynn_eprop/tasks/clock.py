"""A clock as input: groups of cells that are active one after the other."""

import numpy as np

from pynn_eprop.models.time_grid import nearest_steps


def clock_times(interval: float, n_inputs: int, n_groups: int, period: float, timestep: float,
                start: float = 0.0) -> tuple[np.ndarray, ...]:
    """Spike times (ms) in a trial of each input: group i fires in its i-th part of it.

    interval: length of the trial. period: between the spikes of an input. start: of its first one
    in its part. All in ms.
    """
    part = interval / n_groups
    groups = np.arange(n_inputs) * n_groups // n_inputs
    times = (np.arange(i * part + start, (i + 1) * part, period) for i in groups)
    # a time near the end may be nearest to the first step of the next trial
    steps = round(interval / timestep)
    return tuple(each[nearest_steps(each, timestep) < steps] for each in times)
