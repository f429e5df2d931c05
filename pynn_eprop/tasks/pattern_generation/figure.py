"""Figure of task 1.1, as the paper's figure 1c with the learning curve below."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from pynn_eprop.plotting.style import (
    BLUE,
    GREY,
    GRID,
    INK,
    READOUT_COLOURS,
    bare_time_axis,
    draw_raster,
    log_scale,
    new_figure,
    running_mean,
)
from pynn_eprop.tasks.trial_record import TrialRecord
from pynn_eprop.tasks.trials import INPUTS, READOUT

if TYPE_CHECKING:
    from pynn_eprop.tasks.pattern_generation.task import PatternGeneration

N_SHOWN = 20


def draw_pattern_generation(task: "PatternGeneration", records: Mapping[int, TrialRecord],
                            results: Mapping[str, Any]) -> Figure:
    """Input, 20 cells and outputs in one column per record; the learning curve below.

    ``records``: trials by the number of updates done before them.
    """
    n_out = task.n_readouts
    figure = new_figure(10.0, 5.8 + 0.9 * n_out)
    heights = [0.55, 1.3] + [0.8] * n_out + [0.25, 1.5]
    grid = figure.add_gridspec(len(heights), len(records), height_ratios=heights)
    limit = 1.15 * float(np.abs(task.target(results["seed"])).max())
    chosen = np.sort(np.random.default_rng(0).permutation(task.n_neurons)[:N_SHOWN])
    for column, (update, record) in enumerate(records.items()):
        panels = [figure.add_subplot(grid[row, column]) for row in range(2 + n_out)]
        _draw_spikes(panels[0], panels[1], task, record, chosen)
        for k, axes in enumerate(panels[2:]):
            _draw_output(axes, record, k, limit)
        error = task.normalised_error(record.states[READOUT, "y"], results["seed"])
        panels[0].set_title(f"{_after(update)}: nMSE {error:.3g}")
        for axes in panels[:-1]:
            bare_time_axis(axes)
        panels[-1].set_xlabel("time (ms)")
        if column == 0:
            panels[0].set_ylabel("clock\ninput")
            panels[1].set_ylabel(f"{len(chosen)} of {task.n_neurons}\ncells")
            for k, axes in enumerate(panels[2:]):
                axes.set_ylabel(f"output {k + 1}")
            panels[2].legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2,
                             borderaxespad=0.0, handlelength=1.6)
        else:
            for axes in panels:
                axes.tick_params(labelleft=False)
    draw_error_curve(figure.add_subplot(grid[-1, :]), results)
    return figure


def _after(update: int) -> str:
    return "Before training" if update == 0 else f"After {update} update{'s'[:update > 1]}"


def _draw_spikes(clock: Axes, raster: Axes, task: "PatternGeneration", record: TrialRecord,
                 chosen: np.ndarray) -> None:
    draw_raster(clock, *record.spikes[INPUTS], task.n_inputs, GREY)
    clock.set_yticks([])
    times, cells = record.spikes["cells"]
    rows = np.searchsorted(chosen, cells)
    shown = (rows < len(chosen)) & (chosen[np.minimum(rows, len(chosen) - 1)] == cells)
    draw_raster(raster, times[shown], rows[shown], len(chosen))
    raster.set_yticks([])
    raster.text(1.0, 1.0, f"{record.rate('cells'):.1f} Hz on average",
                transform=raster.transAxes, ha="right", va="bottom", fontsize=7.5, color=GREY)
    for axes in (clock, raster):
        axes.set_xlim(0.0, record.interval)


def _draw_output(axes: Axes, record: TrialRecord, k: int, limit: float) -> None:
    axes.plot(record.times, record.states[READOUT, "target"][:, k], color=INK,
              linestyle=(0, (4, 2)), linewidth=1.0, label="target")
    axes.plot(record.times, record.states[READOUT, "y"][:, k],
              color=READOUT_COLOURS[k % len(READOUT_COLOURS)], linewidth=1.5, label="output",
              alpha=0.9)
    axes.set_xlim(0.0, record.interval)
    axes.set_ylim(-limit, limit)
    axes.set_yticks([-4, 0, 4] if limit > 4 else [-2, 0, 2])


def draw_error_curve(axes: Axes, results: Mapping[str, Any]) -> None:
    """The error of every update on a logarithmic scale."""
    error = np.asarray(results["error_curve"])
    updates = np.arange(1, len(error) + 1)
    log_scale(axes)
    axes.plot(updates, error, color=BLUE, linewidth=0.6, alpha=0.4, label="each update")
    axes.plot(updates, running_mean(error, 50), color=BLUE, linewidth=1.8,
              label="mean of the latest 50")
    axes.set_xlabel("update (1 s of activity each)")
    axes.set_ylabel("nMSE")
    axes.set_xlim(0, len(error))
    axes.grid(**GRID)
    axes.set_title(f"Learning: nMSE {results['error_last50']:.4f} in the last "
                   f"{min(50, len(error))} updates")
    axes.legend(loc="upper right")
