"""The default figure, for tasks without one of their own."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from pynn_eprop.plotting.activity import LearningCurve, Outputs, Raster, draw_activity
from pynn_eprop.tasks.trial_record import TrialRecord


def draw_task(title: str, levels: Mapping[str, float], records: Mapping[int, TrialRecord],
              results: Mapping[str, Any]) -> Figure:
    """Spikes of all populations and outputs in the last of the trials, and the learning curve.

    levels: errors to mark, by their names. records, results: as in ``Task.draw_figure()``.
    """
    updates, record = max(records.items())
    training = results["training_error_curve"]
    return draw_activity(
        f"{title}, after {updates} updates", record.times,
        [Raster(label, *spikes, record.sizes[label], label in record.inputs)
         for label, spikes in record.spikes.items()],
        [Outputs(label, y, record.states[label, "target"])
         for (label, name), y in record.states.items() if name == "y"],
        LearningCurve(results["error_name"], np.array(results["error_curve"], float),
                      None if training is None else np.array(training, float), levels,
                      results["solved_after"]))
