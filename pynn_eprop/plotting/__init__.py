"""Figures, drawn without a display."""

from collections.abc import Mapping
from typing import Any

from matplotlib.figure import Figure

from pynn_eprop.plotting.pattern_generation import draw_pattern_generation
from pynn_eprop.plotting.store_recall import draw_store_recall
from pynn_eprop.plotting.style import save_figure, styled
from pynn_eprop.plotting.trial_record import TrialRecord
from pynn_eprop.tasks import AnyTask, PatternGeneration
from pynn_eprop.tasks.store_recall import StoreRecallTrials
from pynn_eprop.tasks.trials import Trials


def draw_figure(task: AnyTask, trials: Trials, records: Mapping[int, TrialRecord],
                results: Mapping[str, Any]) -> Figure:
    """The figure of a task.

    trials: what the recorded trial showed. records: the same trial by the number of updates done
    before it. results: the contents of results.json.
    """
    with styled():
        if isinstance(task, PatternGeneration):
            return draw_pattern_generation(task, records, results)
        assert isinstance(trials, StoreRecallTrials)
        return draw_store_recall(task, trials, records[max(records)], results)


__all__ = ["TrialRecord", "draw_figure", "save_figure"]
